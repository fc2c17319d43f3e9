"""The rotas of the file as the domain's values; what contradicts itself is refused, what is missing is warned of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pbx.config.hours import DAYS, overlaps, parse_days
from pbx.config.people import Directory
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.rota_times import parse_clock, parse_day, parse_period, parse_shift, parse_weekday, parse_when
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.rotas import RotaSection, ShiftSection, SwapSection
from pbx.domain.coverage import Gap, gaps
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.oncall import Plan, Rota, Shift, Swap, Turns, Weekly, moment
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock

RESERVED_ROTAS = ("show", "swap", "swaps", "undo")
"""Words of `secondline oncall` that a rota cannot be called."""

WARNED_AT_MOST = 5
"""Gaps told of a rota one by one; a hole of every week is told no more often."""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Look for gaps from `start` (aware) on for so many days."""

    start: datetime
    days: int
    facts: Facts = field(default=NO_FACTS)


def build_rotas(file: PracticeFile, report: Report) -> dict[str, Rota]:
    """Every rota by its key."""
    builder = _Builder(Directory(file, report), report)
    return {key: builder.rota(key, section) for key, section in file.rotas.items()}


def warn_ahead(policy: Policy, ahead: LookAhead, report: Report) -> None:
    """Warn of every time in which nobody, or not everybody, of a rota can be rung."""
    end = ahead.start + timedelta(days=ahead.days)
    for rota in policy.rotas.values():
        found = gaps(policy, rota, ahead.facts, ahead.start, end)
        path = ("rotas", rota.name)
        for gap in found[:WARNED_AT_MOST]:
            report.warning(path, gap_in_words(gap, rota), "give the time to somebody with a phone, or add a backup")
        if more := found[WARNED_AT_MOST:]:
            what = f"{len(more)} more such times in the next {ahead.days} days"
            report.warning(path, what, f"`secondline oncall {rota.name} --days {ahead.days}` shows them")


def gap_in_words(gap: Gap, rota: Rota) -> str:
    """What is missing and when."""
    return f"{gap.what} from {clock(gap.start, rota.timezone)} until {clock(gap.end, rota.timezone)}"


def rota_in_words(policy: Policy, rota: Rota) -> str:
    """One sentence on how a rota goes."""
    backup = f", with {_names(policy, rota.backup)} as backup" if rota.backup else ""
    plan = rota.plan
    if isinstance(plan, Turns):
        people = ", then ".join(_names(policy, crew) for crew in plan.crews)
        how = f"{people}{_turns_in_words(plan)}"
    elif isinstance(plan, Weekly):
        shifts = [
            f"{DAYS[day][:3].title()} {shift.hours} {_names(policy, shift.people)}"
            for day, shifts in sorted(plan.week.items())
            for shift in shifts
        ]
        how = f"each week {'; '.join(shifts)}"
    return f"On call in {rota.name!r} ({rota.timezone}): {how}{backup}."


def _turns_in_words(plan: Turns) -> str:
    if len(plan.crews) == 1:
        return f" at all times, since {plan.start:%a %d %b %Y} {plan.hand_over:%H:%M}"
    length = "day" if plan.days == 1 else f"{plan.days} days"
    return f" take turns, each {length} from {plan.hand_over:%H:%M}, since {plan.start:%a %d %b %Y}"


def _names(policy: Policy, people: tuple[str, ...]) -> str:
    return " and ".join(policy.mailboxes.get(person, person) for person in people)


@dataclass(slots=True)
class _Builder:
    directory: Directory
    report: Report

    def rota(self, key: str, section: RotaSection) -> Rota:
        path: KeyPath = ("rotas", key)
        if key in RESERVED_ROTAS:
            self.report.problem(path, f"{key!r} is a word of `secondline oncall`", "choose another key")
        timezone = section.timezone or self.directory.file.practice.timezone
        for position, person in enumerate(section.backup):
            self._person(person, (*path, "backup", position))
        plan = self._turns(section, path) if section.turns else self._weekly(section.shifts or [], path)
        return Rota(key, timezone, plan, tuple(section.backup), self._swaps(key, section, timezone))

    def _person(self, person: str, path: KeyPath) -> None:
        people = self.report.declared("people")
        if person in self.report.declared("teams") and person not in people:
            self.report.problem(path, f"{person!r} is a team", "name the people instead, in the order of ringing")
        elif person not in people:
            self.report.problem(path, f"nobody in [people] is called {person!r}", did_you_mean(person, people))
        else:
            self.directory.phones([person], path)

    def _turns(self, section: RotaSection, path: KeyPath) -> Plan:
        crews = tuple(tuple(crew) for crew in section.turns or [])
        for place, crew in enumerate(crews):
            for person in crew:
                self._person(person, (*path, "turns", place))
        start, days = parse_day(section.start or ""), parse_period(section.period or "")
        if section.hand_over_day is not None:
            self._check_day(parse_weekday(section.hand_over_day), start.weekday(), days, path)
        return Turns(crews, start, days, parse_clock(section.hand_over or ""))

    def _check_day(self, wanted: int, begins: int, days: int, path: KeyPath) -> None:
        if days % 7:
            what = "names a day, but the turns are not of whole weeks"
            self.report.problem((*path, "hand_over_day"), what, 'take it out, or write period = "week"')
        elif wanted != begins:
            what = f"is a {DAYS[begins].title()}, but turns are handed over on {DAYS[wanted].title()}"
            self.report.problem((*path, "start"), what, f"choose a {DAYS[wanted].title()}, or change hand_over_day")

    def _weekly(self, sections: list[ShiftSection], path: KeyPath) -> Plan:
        week: dict[int, list[Shift]] = {}
        written: dict[int, int] = {}
        for place, section in enumerate(sections):
            for person in section.people:
                self._person(person, (*path, "shifts", place, "people"))
            for day in parse_days(section.days):
                week.setdefault(day, []).append(Shift(parse_shift(section.hours), tuple(section.people)))
                written[day] = place
        for day, both in overlaps({day: tuple(shift.hours for shift in shifts) for day, shifts in week.items()}):
            what = f"{both} lie over each other, and nothing says who is rung first"
            remedy = "make one shift of the common time, with its people in order, or change the hours"
            self.report.problem((*path, "shifts", written[day]), what, remedy)
        return Weekly({day: tuple(shifts) for day, shifts in week.items()})

    def _swaps(self, rota: str, section: RotaSection, timezone: str) -> tuple[Swap, ...]:
        made: list[Swap] = []
        for place, entry in enumerate(section.swaps):
            path: KeyPath = ("rotas", rota, "swaps", place)
            swap = _swap(rota, entry, timezone)
            self._check_swap(swap, made, path)
            made.append(swap)
        return tuple(made)

    def _check_swap(self, swap: Swap, before: list[Swap], path: KeyPath) -> None:
        for person in (swap.out, swap.into):
            self._person(person, path)
        if swap.out == swap.into:
            self.report.problem(path, f"{swap.out!r} is swapped with the same person", "name who stands in")
        if swap.end <= swap.start:
            self.report.problem(path, "ends before it starts", "write the earlier time first")
        for other in before:
            if other.out == swap.out and other.start < swap.end and swap.start < other.end:
                what = f"lies over another swap of {swap.out!r}, and nothing says which of them holds"
                self.report.problem(path, what, "keep one of the two, or change the times")


def _swap(rota: str, entry: SwapSection, timezone: str) -> Swap:
    start, end = (local_instant(parse_when(text), timezone) for text in (entry.start, entry.end))
    return Swap(rota, entry.off, entry.on, start, end, reason=entry.reason or "")


def local_instant(at: datetime, timezone: str) -> datetime:
    """A time as written, in `timezone` where it names none."""
    return at if at.tzinfo else moment(at.date(), at.time(), ZoneInfo(timezone))
