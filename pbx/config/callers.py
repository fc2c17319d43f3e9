"""The rules by caller of each number: those of [callers], and what the number says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pbx.config.menus import ActionsOf, is_lost
from pbx.config.problems import KeyPath, key_text
from pbx.config.report import Report
from pbx.config.schema.actions import ActionSection
from pbx.config.schema.callers import (
    BlockedSection,
    CallersSection,
    NumberCallersSection,
    PrioritySection,
    RefusalSection,
    RepeatedSection,
    RuleSection,
)
from pbx.config.schema.file import PracticeFile
from pbx.domain.actions import Action, Menu
from pbx.domain.callers import (
    NO_RULES,
    NOT_TAKEN_PROMPT,
    CallerRule,
    CallerRules,
    Contact,
    Frequent,
    Kind,
    Trust,
)
from pbx.domain.policy import Number

NAMES = {
    Kind.BLOCKED: "blocked",
    Kind.PRIORITY: "priority",
    Kind.REPEATED: "repeated",
    Kind.WITHHELD: "withheld",
    Kind.UNKNOWN: "unknown",
}
"""What the rules are called in the file."""

_BY_DEFAULT: Mapping[str, CallersSection] = {
    "blocked": CallersSection(blocked=BlockedSection()),
    "priority": CallersSection(priority=PrioritySection()),
}
"""A contact of such a group is treated so, even where the file says nothing of it."""


@dataclass(slots=True)
class CallerRulesBuilder:
    """Turns [callers] and the `callers` of numbers into the domain's values; what is wrong goes to the report."""

    file: PracticeFile
    report: Report
    contacts: Mapping[str, Contact]
    actions_of: ActionsOf
    names: Callable[[str, str, KeyPath], None]
    """Notes that a table's entry is named at a path, and reports one that there is not."""
    built: dict[KeyPath, CallerRule] = field(default_factory=dict)
    named: set[KeyPath] = field(default_factory=set)

    def of(self, number: Number, text: str, own: NumberCallersSection | None) -> CallerRules:
        """The rules of `number`, whose table is called `text`."""
        rules = tuple(self._for(number, rule) for name in NAMES.values() for rule in self._rules(name, text, own))
        frequent = self._frequent(text, own)
        return CallerRules(rules, frequent) if rules or frequent else NO_RULES

    def _rules(self, name: str, text: str, own: NumberCallersSection | None) -> tuple[CallerRule, ...]:
        found = self._section(name, text, own)
        if found is None:
            return ()
        section, path = found
        if path not in self.built:
            self.built[path] = self._rule(section, name, path)
        return (self.built[path],)

    def _section(self, name: str, text: str, own: NumberCallersSection | None) -> tuple[RuleSection, KeyPath] | None:
        section: RuleSection | None = getattr(own, name, None)
        if section is not None:
            return section, ("numbers", text, "callers", name)
        if own is not None and name in own.without:
            return None
        section = getattr(self.file.callers, name)
        if section is None and any(name in contact.groups for contact in self.contacts.values()):
            section = getattr(_BY_DEFAULT.get(name), name, None)
        return None if section is None else (section, ("callers", name))

    def _rule(self, section: RuleSection, name: str, path: KeyPath) -> CallerRule:
        kind = next(kind for kind, called in NAMES.items() if called == name)
        always = self._actions(section.always, (*path, "always"))
        rule = CallerRule(
            kind,
            key_text(path),
            self._actions(section.open, (*path, "open")) or always,
            self._actions(section.closed, (*path, "closed")) or always,
            self._turn_away(section, path),
        )
        match section:
            case BlockedSection():
                return replace(rule, groups=frozenset(section.groups))
            case PrioritySection():
                within, trust = timedelta(minutes=section.minutes), Trust(section.stir_shaken)
                groups = frozenset(section.groups)
                return replace(rule, groups=groups, calls=section.at_most, within=within, trust=trust)
            case RepeatedSection():
                return replace(rule, calls=section.calls, within=timedelta(minutes=section.minutes))
        return rule

    def _actions(self, sections: list[ActionSection] | None, path: KeyPath) -> tuple[Action, ...] | None:
        return None if sections is None else self.actions_of(sections, path)

    def _turn_away(self, section: RuleSection, path: KeyPath) -> str | None:
        if isinstance(section, RefusalSection) and section.hang_up_after is not None:
            self.names("greetings", section.hang_up_after, (*path, "hang_up_after"))
            return section.hang_up_after
        if isinstance(section, BlockedSection):
            return None if section.to_do else NOT_TAKEN_PROMPT
        if not section.to_do and not isinstance(section, PrioritySection):
            refuses = ', or hang_up_after = "..."' if isinstance(section, RefusalSection) else ""
            remedy = f'add always = [{{ voicemail = "..." }}], open or closed{refuses}'
            self.report.problem(path, "does not say what is done", remedy)
        return None

    def _for(self, number: Number, rule: CallerRule) -> CallerRule:
        """Whoever has priority rings as if the line were open, unless the rule says what is done when closed."""
        if rule.kind is Kind.PRIORITY and rule.closed is None:
            rule = replace(rule, closed=rule.opened or number.opened)
        for actions in (rule.opened, rule.closed):
            if actions and isinstance(actions[-1], Menu):
                is_lost(actions, number.closed, ("numbers", number.e164), self.report)
        return rule

    def _frequent(self, text: str, own: NumberCallersSection | None) -> Frequent | None:
        path: KeyPath = ("callers", "frequent")
        section = self.file.callers.frequent
        if own is not None and own.frequent is not None:
            section, path = own.frequent, ("numbers", text, "callers", "frequent")
        elif own is not None and "frequent" in own.without:
            return None
        if section is None:
            return None
        if path not in self.named:
            self.named.add(path)
            self.names("greetings", section.greeting, (*path, "greeting"))
        return Frequent(key_text(path), section.calls, timedelta(days=section.days), section.greeting)
