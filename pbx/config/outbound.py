"""Who may call outside, where to, and what patients see of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pbx.config.people import people_named
from pbx.config.problems import KeyPath
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.outbound import CallerOutSection, OutboundSection
from pbx.domain.actions import Ring, RingOnCall, Urgent, Voicemail, leaves_in
from pbx.domain.codes import CODES, MAILBOX_CODE
from pbx.domain.numbers import to_e164
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.policy import Number

PATH: KeyPath = ("outbound",)
ECHO_CODE = "*43"
_NO_OTHER = CallerOutSection()


def build_outbound(file: PracticeFile, numbers: dict[str, Number], report: Report) -> OutboundRules | None:
    """The rules for calls outside; None where the file does not speak of them."""
    section = file.outbound
    if section is None:
        return None
    if section.inbound_only:
        for key in sorted(section.model_fields_set - {"inbound_only"}):
            report.problem((*PATH, key), "means nothing where inbound_only is true", "take one of the two out")
        return OutboundRules(inbound_only=True)
    if file.trunk is None and ("trunk",) not in report.incomplete:
        report.problem(PATH, "cannot be: there is no [trunk]", "add [trunk] with your carrier, or inbound_only = true")
    return _Builder(file, section, numbers, report).rules()


@dataclass(slots=True)
class _Builder:
    file: PracticeFile
    section: OutboundSection
    numbers: dict[str, Number]
    report: Report
    _known: dict[str, str] = field(default_factory=dict)

    def rules(self) -> OutboundRules:
        section = self.section
        named = section.people if section.people is not None else list(self.file.people)
        keys = people_named(named, self.file, (*PATH, "people"), self.report)
        for key in section.person:
            if key not in keys and key in self.report.declared("people"):
                what = f"{key!r} is not among those who may call"
                self.report.problem((*PATH, "person", key), what, "add the key to people, or take this out")
            elif key not in self.report.declared("people"):
                self.report.problem((*PATH, "person", key), f"nobody in [people] is called {key!r}", "correct the key")
        return OutboundRules(
            people={key: self._allowance(key) for key in keys},
            codes=dict(sorted(self._codes())),
            refused=tuple(section.refuse),
            at_once=section.lines,
            longest_minutes=section.longest_minutes,
        )

    def _allowance(self, key: str) -> Allowance:
        section, own = self.section, self.section.person.get(key, _NO_OTHER)
        countries = own.countries or section.countries or [self.file.practice.country]
        return Allowance(
            shows=self._shown(key, own),
            countries=frozenset(countries),
            calls_a_day=own.calls_a_day or section.calls_a_day,
            minutes_a_day=own.minutes_a_day or section.minutes_a_day,
            at_once=own.at_once or section.at_once,
        )

    def _shown(self, key: str, own: CallerOutSection) -> str:
        if own.show is not None:
            return self._practice_number(own.show, (*PATH, "person", key, "show"))
        if self.section.show is not None:
            return self._practice_number(self.section.show, (*PATH, "show"))
        leads = (e164 for e164, number in self.numbers.items() if key in self._owners(number))
        return next(leads, next(iter(self.numbers), ""))

    def _owners(self, number: Number) -> set[str]:
        names: set[str] = set()
        for action in leaves_in((*number.opened, *number.closed)):
            match action:
                case Ring():
                    names |= set(action.who.split(", "))
                case Voicemail() | Urgent():
                    names.add(action.mailbox)
                case RingOnCall():
                    pass
        teams = (self.file.teams[name].members for name in names if name in self.file.teams)
        return names | {member for members in teams for member in members}

    def _codes(self) -> Iterable[tuple[str, str]]:
        taken = {MAILBOX_CODE, ECHO_CODE, *(code.dial for code in CODES)}
        for code, text in self.section.codes.items():
            path: KeyPath = (*PATH, "codes", code)
            if code in taken:
                self.report.problem(path, "is a code of this program already", "choose another, such as *81")
            yield code, self._practice_number(text, path)

    def _practice_number(self, text: str, path: KeyPath) -> str:
        return practice_number(text, path, self.file, self.report)


def practice_number(text: str, path: KeyPath, file: PracticeFile, report: Report) -> str:
    """One of the practice's own numbers as E.164; anything else is reported."""
    try:
        number = to_e164(text, file.practice.country)
    except ValueError as error:
        what, _, remedy = str(error).partition(" (")
        report.problem(path, what, remedy.removesuffix(")"))
        return ""
    if number not in {_e164(known, file.practice.country) for known in file.numbers}:
        known = ", ".join(file.numbers) or "none yet"
        report.problem(path, "is no number of this practice", f"name one of [numbers]: {known}")
    return number


def _e164(text: str, country: str) -> str:
    try:
        return to_e164(text, country)
    except ValueError:
        return text
