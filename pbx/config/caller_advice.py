"""Warnings about the rules by caller. They count contacts and never name one: a server writes them into its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pbx.config.callers import NAMES
from pbx.config.problems import KeyPath, key_text
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.domain.actions import Voicemail
from pbx.domain.callers import CallerRule, Contact, Kind
from pbx.domain.policy import Number, Policy

Advice = tuple[str, str, str]
"""The warning's name, what is so, and what to do."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule that stands at `path`, and the numbers for which it holds."""

    path: KeyPath
    rule: CallerRule
    numbers: tuple[Number, ...]


def advise_callers(file: PracticeFile, policy: Policy, report: Report) -> None:
    """Warn of rules that contradict each other, fit nobody, or leave patients without a way to be heard."""
    for placed in _placed(file, policy):
        for name, what, remedy in _of_rule(placed, policy):
            report.warning(placed.path, what, remedy, name)
    for path, what in _frequent(file, policy):
        remedy = 'let them end in { voicemail = "..." }, or take it out'
        report.warning(path, what, remedy, "caller-rule-never-applies")
    _of_groups(file, policy, report)


def _placed(file: PracticeFile, policy: Policy) -> Iterator[_Placed]:
    """Each rule that the file has once, also one of [callers] that no number is left for."""
    paths: list[KeyPath] = []
    for name in NAMES.values():
        if getattr(file.callers, name) is not None:
            paths.append(("callers", name))
        for text, section in file.numbers.items():
            if getattr(section.callers, name, None) is not None:
                paths.append(("numbers", text, "callers", name))
    for path in paths:
        written = key_text(path)
        numbers = [n for n in policy.numbers.values() if any(rule.path == written for rule in n.callers.rules)]
        if numbers:
            rule = next(rule for rule in numbers[0].callers.rules if rule.path == written)
            yield _Placed(path, rule, tuple(numbers))


def _of_rule(placed: _Placed, policy: Policy) -> Iterator[Advice]:
    rule = placed.rule
    people = policy.contacts.values()
    if rule.kind in (Kind.BLOCKED, Kind.PRIORITY) and not any(_in(rule.groups, contact) for contact in people):
        groups = " or ".join(repr(group) for group in sorted(rule.groups))
        remedy = "give a contact that group, or take the rule out"
        yield "caller-rule-never-applies", f"fits nobody: no contact is in {groups}", remedy
    if rule.kind is Kind.UNKNOWN and not policy.contacts:
        yield "everybody-unknown", "holds for everybody, because there are no contacts", "add [contacts]"
    if rule.kind in (Kind.WITHHELD, Kind.UNKNOWN) and rule.turn_away is not None:
        remedy = 'let them leave a message: always = [{ voicemail = "..." }]'
        yield "caller-turned-away", "turns patients away, who can leave no message", remedy
    elif rule.turn_away is None and not any(_does_something(rule, number) for number in placed.numbers):
        remedy = "add what is done when open, give the number a schedule, or take the rule out"
        yield "caller-rule-never-applies", "is for closed lines, and its lines are always open", remedy


def _does_something(rule: CallerRule, number: Number) -> bool:
    return rule.opened is not None or number.schedule is not None


def _in(groups: Iterable[str], contact: Contact) -> bool:
    return not contact.groups.isdisjoint(groups)


def _frequent(file: PracticeFile, policy: Policy) -> Iterator[tuple[KeyPath, str]]:
    if file.callers.frequent is None:
        return
    numbers = [number for number in policy.numbers.values() if number.callers.frequent]
    actions = (action for number in numbers for action in (*number.opened, *number.closed))
    if not any(isinstance(action, Voicemail) for action in actions):
        yield ("callers", "frequent"), "is never heard: no number takes a message without a menu"


def _of_groups(file: PracticeFile, policy: Policy, report: Report) -> None:
    both: set[str] = set()
    for number in policy.numbers.values():
        blocked, priority = number.callers.of(Kind.BLOCKED), number.callers.of(Kind.PRIORITY)
        if blocked and priority:
            people = policy.contacts.values()
            both |= {one.number for one in people if _in(blocked.groups, one) and _in(priority.groups, one)}
    if both:
        count = f"{len(both)} contact is" if len(both) == 1 else f"{len(both)} contacts are"
        what = f"{count} blocked, and would have priority as well: blocked goes first"
        report.warning(("contacts", "file"), what, "take one of the two groups from them", "blocked-and-priority")
