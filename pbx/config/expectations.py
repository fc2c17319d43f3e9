"""The tests that stand in the practice's file: read them, and hold the finished rules to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic_core import PydanticCustomError

from pbx.config.calendars import CalendarSource
from pbx.config.moments import parse_moment
from pbx.config.people import Directory, mailboxes_of
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.proof import ExpectSection
from pbx.domain.actions import FALLBACK_GREETING
from pbx.domain.expect import HOW_TO_SAY, Expectation, NotUnderstood, failures, parse_then
from pbx.domain.numbers import WITHHELD_NAMES, Caller, NumberKind, to_e164
from pbx.domain.outline import Event, Verb
from pbx.domain.policy import UNASSIGNED_MAILBOX, Policy
from pbx.domain.routing import State

_TABLES = {Verb.GREETING: ("greetings",), Verb.MENU: ("menus",), Verb.URGENT: ("rotas",)}
"""Where the names of a verb stand, unless they are of people and teams."""


def build_expectations(file: PracticeFile, report: Report) -> list[Expectation | None]:
    """Every test of the file, in order; None for one that is reported because it cannot be read."""
    if not file.expect:
        return []
    country = file.practice.country
    numbers = {_e164(text, country): text for text in report.declared("numbers")}
    quiet = Directory(file, Report(report.document))
    phones = {name: quiet.phones([name], ()) for name in (*file.people, *file.teams)}
    names = _Names(file, report)
    return [
        _Builder(file, report, numbers, phones, names, ("expect", n)).build(section)
        for n, section in enumerate(file.expect)
    ]


def hold(policy: Policy, expectations: list[Expectation | None], report: Report) -> None:
    """Report every test that fails: what happens instead, and why."""
    for position, expected in enumerate(expectations):
        for failure in failures(policy, expected) if expected else ():
            remedy = "correct the rules, or what is expected of them"
            report.problem(("expect", position, failure.key), failure.what, remedy)


def warn_of_calendars(
    policy: Policy,
    expectations: list[Expectation | None],
    calendars: Iterable[CalendarSource],
    report: Report,
) -> None:
    """Say which tests were held against less than what decides about a call: calendars are not read for them."""
    with_calendar = {calendar.schedule for calendar in calendars}
    for position, expected in enumerate(expectations):
        number = policy.numbers.get(expected.call) if expected else None
        if number and number.schedule and number.schedule.name in with_calendar:
            what = f"does not know what the calendar of [schedules.{number.schedule.name}] says at that time"
            remedy = "`secondline explain` knows it; accept this warning if the other hours are what is meant"
            report.warning(("expect", position), what, remedy, "expect-without-calendar")


@dataclass(slots=True)
class _Builder:
    file: PracticeFile
    report: Report
    numbers: Mapping[str, str]
    phones: Mapping[str, tuple[str, ...]]
    names: _Names
    path: KeyPath

    def build(self, section: ExpectSection) -> Expectation | None:
        before = len(self.report.problems)
        call = self._call(section.call)
        caller = self._caller(section.caller) if section.caller else None
        at = self._moment(section.at, "at")
        until = self._moment(section.until, "until") if section.until else None
        then = tuple(self._then(section.then))
        if len(self.report.problems) > before or at is None:
            return None
        state = State(section.state) if section.state else None
        return Expectation(call, at, then, self.phones, state, until, caller)

    def _wrong(self, key: str, what: str, remedy: str) -> None:
        self.report.problem((*self.path, key), what, remedy)

    def _number(self, text: str, key: str) -> str:
        try:
            return to_e164(text, self.file.practice.country)
        except ValueError as error:
            what, _, remedy = str(error).partition(" (")
            self._wrong(key, f"{text!r} {what}", remedy.removesuffix(")"))
            return ""

    def _caller(self, text: str) -> Caller:
        if text.lower() in (*WITHHELD_NAMES, "withheld"):
            return Caller(NumberKind.WITHHELD)
        return Caller(NumberKind.E164, self._number(text, "from"))

    def _call(self, text: str) -> str:
        call = self._number(text, "call")
        if call and call not in self.numbers:
            known = list(self.numbers.values())
            self._wrong("call", f"{text!r} is not a number of this practice", did_you_mean(text, known))
        return call

    def _moment(self, text: str, key: str) -> datetime | None:
        try:
            return parse_moment(text, self.file.practice.timezone)
        except PydanticCustomError as error:
            context = error.context or {}
            self._wrong(key, context["what"], context["remedy"])
            return None

    def _then(self, texts: list[str]) -> Iterator[Event]:
        for text in texts:
            try:
                events = parse_then(text)
            except NotUnderstood as error:
                self._wrong("then", str(error), HOW_TO_SAY)
                continue
            for event in events:
                yield replace(event, names=tuple(self._known(event.verb, name) for name in event.names))

    def _known(self, verb: Verb, name: str) -> str:
        """The key that is meant: a key, or the name that people read, as long as it is one that the file has."""
        tables = _tables(verb)
        meant = name.strip("'\"").lower()
        keys, shown = self.names.keys(verb), self.names.shown if verb not in _TABLES else {}
        if meant in keys or meant in shown:
            return meant if meant in keys else shown[meant]
        where = " or ".join(f"[{table}]" for table in tables)
        self._wrong("then", f"nothing in {where} is called {name!r}", did_you_mean(meant, list(keys)))
        return name


@dataclass(slots=True)
class _Names:
    """What may be named in a test, gathered once for all of them; `shown` maps what people read to the key."""

    file: PracticeFile
    report: Report
    shown: Mapping[str, str] = field(init=False)
    _keys: dict[Verb, dict[str, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mailboxes = mailboxes_of(self.file).items()
        self.shown = {shown.lower(): key for key, shown in mailboxes if key != UNASSIGNED_MAILBOX}

    def keys(self, verb: Verb) -> Mapping[str, None]:
        if verb not in self._keys:
            self._keys[verb] = dict.fromkeys(self._found(verb))
        return self._keys[verb]

    def _found(self, verb: Verb) -> Iterator[str]:
        for table in _tables(verb):
            yield from self.report.declared(table)
        if verb is Verb.GREETING:
            yield FALLBACK_GREETING
        if verb is Verb.RING:
            yield from (phone for person in self.file.people.values() for phone in person.phones)


def _tables(verb: Verb) -> tuple[str, ...]:
    return _TABLES.get(verb, ("people", "teams", *(("outside",) if verb is Verb.RING else ())))


def _e164(text: str, country: str) -> str:
    try:
        return to_e164(text, country)
    except ValueError:
        return text  # told where the number stands
