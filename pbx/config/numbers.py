"""The practice's telephone numbers and what is done with their calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pbx.config.callers import CallerRulesBuilder
from pbx.config.menus import MenuBuilder, is_lost
from pbx.config.people import Directory
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.ringing import check_after
from pbx.config.schema.actions import DEFAULT_RING_SECONDS, ActionSection, NumberSection
from pbx.config.schema.callers import CalledNumberSection
from pbx.config.urgent import urgent_of
from pbx.domain.actions import FALLBACK_GREETING, Action, Menu, Ring, RingOnCall, Urgent, Voicemail, fallback_of
from pbx.domain.callers import Contact
from pbx.domain.numbers import to_e164
from pbx.domain.policy import Number
from pbx.domain.schedule import Schedule


@dataclass(slots=True)
class NumberBuilder:
    """Turns the tables of [numbers] into the domain's values; what is wrong goes to the report."""

    directory: Directory
    schedules: dict[str, Schedule]
    report: Report
    used: set[tuple[str, str]] = field(default_factory=lambda: {("greetings", FALLBACK_GREETING)})
    """Which schedules and greetings a number names: ("schedules", key), ("greetings", key)."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    menus: MenuBuilder = field(init=False)
    callers: CallerRulesBuilder = field(init=False)

    def __post_init__(self) -> None:
        self.menus = MenuBuilder(self.directory.file, self.report, self._actions)
        file, report = self.directory.file, self.report
        self.callers = CallerRulesBuilder(file, report, self.contacts, self._actions, self._name)

    def build(self) -> dict[str, Number]:
        """Every number by its E.164 form."""
        self.menus.build()
        numbers: dict[str, Number] = {}
        written: dict[str, str] = {}
        for text, section in self.directory.file.numbers.items():
            e164 = self._e164(text)
            if e164 in written:
                what = f"is the same number as {written[e164]!r}"
                self.report.problem(("numbers", text), what, "keep one of the two")
            written[e164] = text
            if number := self._number(e164, text, section):
                numbers[e164] = replace(number, callers=self.callers.of(number, text, section.callers))
        return numbers

    def name_snow_day_greeting(self) -> None:
        """Report one that is nowhere in the file."""
        if (greeting := self.directory.file.practice.snow_day_greeting) is not None:
            self._name("greetings", greeting, ("practice", "snow_day_greeting"))

    def _e164(self, text: str) -> str:
        try:
            return to_e164(text, self.directory.file.practice.country)
        except ValueError as error:
            what, _, remedy = str(error).partition(" (")
            self.report.problem(("numbers", text), what, remedy.removesuffix(")"))
            return text

    def _number(self, e164: str, text: str, section: NumberSection) -> Number | None:
        path: KeyPath = ("numbers", text)
        before = len(self.report.problems)
        schedule = self._schedule(section, path)
        if isinstance(section, CalledNumberSection) and section.texts is not None:
            self.directory.knows(section.texts.to, (*path, "texts", "to"))
        opened = self._opened(section, path)
        closed = self._closed(section, path)
        if len(self.report.problems) > before or not opened:
            return None
        voicemail = fallback_of(opened) or fallback_of(closed)
        if is_lost(opened, closed, path, self.report) or voicemail is None:
            return None
        label = section.label or self.directory.display(voicemail.mailbox)
        return Number(e164, label, schedule, opened, closed or (voicemail,), language=section.language)

    def _schedule(self, section: NumberSection, path: KeyPath) -> Schedule | None:
        if section.schedule is None:
            for key in ("closed", "closed_greeting"):
                if getattr(section, key) is not None:
                    what = "is never used: this number has no schedule, so it is always open"
                    self._lacks(path, (*path, key), what, 'add schedule = "...", or take it out')
            return None
        self._name("schedules", section.schedule, (*path, "schedule"))
        schedule = self.schedules.get(section.schedule)
        if schedule is not None:
            self.used |= {("greetings", s.greeting) for s in schedule.exceptions.values() if s.greeting is not None}
        return schedule

    def _lacks(self, number: KeyPath, path: KeyPath, what: str, remedy: str) -> None:
        # What is missing may be what was left out because it is wrong, and that has been told already.
        if number not in self.report.incomplete:
            self.report.problem(path, what, remedy)

    def _name(self, table: str, name: str, path: KeyPath) -> None:
        self.used.add((table, name))
        if not self.report.has(table, name):
            remedy = did_you_mean(name, self.report.declared(table))
            self.report.problem(path, f"there is no [{table}.{name}]", remedy)

    def _opened(self, section: NumberSection, path: KeyPath) -> tuple[Action, ...]:
        if section.open is None:
            return self._short_form(section, path)
        for key in ("ring", "seconds", "voicemail", "greeting"):
            if getattr(section, key) is not None:
                what = "stands beside `open`, which already says what is done when open"
                remedy = f"keep `open`, or take it out and keep the short form with `{key}`"
                self.report.problem((*path, key), what, remedy)
        return self._actions(section.open, (*path, "open"))

    def _short_form(self, section: NumberSection, path: KeyPath) -> tuple[Action, ...]:
        if section.ring is None and section.voicemail is None:
            remedy = 'add ring = "..." or voicemail = "..."'
            self._lacks(path, path, "does not say what is done with a call", remedy)
            return ()
        mailbox = self._mailbox(section, path)
        actions: list[Action] = []
        if section.ring is not None:
            actions.append(self._ring(section.ring, section.seconds, (*path, "ring")))
        elif section.seconds is not None:
            self.report.problem((*path, "seconds"), "is never used: nobody is rung", 'add ring = "...", or take it out')
        if section.voicemail is not None:
            self.directory.knows(section.voicemail, (*path, "voicemail"))
        if mailbox is not None:
            actions.append(self._greeted(mailbox, section.greeting, (*path, "greeting")))
        return tuple(actions)

    def _mailbox(self, section: NumberSection, path: KeyPath) -> str | None:
        if section.voicemail is not None:
            return section.voicemail
        if section.ring is not None and len(section.ring) == 1:
            return section.ring[0]
        what = "several are rung, and nothing says whose mailbox takes the message"
        self._lacks(path, (*path, "ring"), what, 'add voicemail = "..."')
        return None

    def _closed(self, section: NumberSection, path: KeyPath) -> tuple[Action, ...]:
        if section.closed is not None:
            if section.closed_greeting is not None:
                what = "stands beside `closed`, which names its own greeting"
                self.report.problem((*path, "closed_greeting"), what, "keep one of the two")
            return self._actions(section.closed, (*path, "closed"))
        if section.schedule is None:
            return ()
        if section.open is not None:
            remedy = 'say what is done outside the schedule: closed = [{ voicemail = "..." }]'
            self._lacks(path, (*path, "closed"), "is missing: this number has a schedule", remedy)
            return ()
        mailbox = section.voicemail or (section.ring[0] if section.ring else None)
        if mailbox is None:
            return ()
        return (self._greeted(mailbox, section.closed_greeting or section.greeting, (*path, "closed_greeting")),)

    def _actions(self, sections: list[ActionSection], path: KeyPath) -> tuple[Action, ...]:
        actions: list[Action] = []
        in_turn: dict[int, list[Ring]] = {}
        for position, section in enumerate(sections):
            here = (*path, position)
            if section.ring is not None:
                check_after(section.after, section.ring, (*here, "after"), self.report)
                actions.append(self._ring(section.ring, section.seconds, (*here, "ring"), section.after))
                if section.one_by_one:
                    in_turn[position] = [self._ring([name], section.seconds, (*here, "ring")) for name in section.ring]
            elif section.oncall is not None:
                self._name("rotas", section.oncall, (*here, "oncall"))
                actions.append(RingOnCall(section.oncall, section.seconds or DEFAULT_RING_SECONDS))
            elif section.urgent is not None:
                self._name("rotas", section.urgent, (*here, "urgent"))
                actions.append(urgent_of(section, self.directory, here))
            elif section.voicemail is not None:
                self.directory.knows(section.voicemail, (*here, "voicemail"))
                actions.append(self._greeted(section.voicemail, section.greeting, (*here, "greeting")))
            elif section.menu is not None:
                actions.append(self.menus.of(section.menu, (*here, "menu")))
        self._check_order(actions, path)
        return tuple(one for position, action in enumerate(actions) for one in in_turn.get(position, [action]))

    def _check_order(self, actions: list[Action], path: KeyPath) -> None:
        if not actions or not isinstance(actions[-1], Voicemail | Urgent | Menu):
            remedy = 'add { voicemail = "..." } at the end'
            self.report.problem(path, "does not end in a voicemail: a caller must always end somewhere", remedy)
        for position, action in enumerate(actions[:-1]):
            if isinstance(action, Voicemail | Urgent | Menu):
                kind = "menu" if isinstance(action, Menu) else "voicemail"
                what = f"is followed by more: a call ends after its {kind}"
                self.report.problem((*path, position), what, "take out what comes after it, or move it to the end")

    def _ring(self, names: list[str], seconds: int | None, path: KeyPath, after: dict[str, int] | None = None) -> Ring:
        phones = self.directory.phones(names, path)
        callees = tuple(self.directory.callee(name, (after or {}).get(name, 0)) for name in names)
        plain = all(self.directory.is_plain(callee) for callee in callees)
        return Ring(", ".join(names), phones, seconds or DEFAULT_RING_SECONDS, () if plain else callees)

    def _greeted(self, mailbox: str, greeting: str | None, path: KeyPath) -> Voicemail:
        if greeting is not None:
            self._name("greetings", greeting, path)
        return Voicemail(mailbox, greeting or FALLBACK_GREETING)
