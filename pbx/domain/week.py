"""The days of a line: from when until when it is open or closed, and by which rule. Pure.

A day is a day of the wall clock, of 23 or 25 hours where the clocks change. Every stretch of it is told by the decision
that a call would get, so what this shows is what calls do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pbx.domain.actions import RingOnCall, Urgent, leaves_in
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import Reason, State, decide

DAYS = 7


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end` (UTC) every call gets the same answer; `why` says it in a sentence."""

    start: datetime
    end: datetime
    state: State
    reason: Reason
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a span on the wall clock: minutes after midnight, 0..1440. `begins` is the instant of `start`."""

    start: float
    end: float
    span: Span
    begins: datetime

    def minute_of(self, at: datetime) -> float | None:
        """Where an instant lies on the wall clock, if it lies in this bar."""
        minute = self.start + (at - self.begins) / timedelta(minutes=1)
        return minute if self.start <= minute < self.end else None


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is on call in `rota` between two minutes of the wall clock (0..1440): keys of people in order.

    `who` is the name of the one who is rung first.
    """

    rota: str
    people: tuple[str, ...]
    who: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Day:
    """A local date with its spans. `lines` holds the same as bars on the wall clock, nearly always on one line.

    `watches` tell who is on call in each rota that the number rings.

    Where the clocks go forward, the line has a gap; where they go back, the hour that comes again has a second line.
    """

    date: date
    spans: tuple[Span, ...]
    lines: tuple[tuple[Bar, ...], ...]
    watches: tuple[Watch, ...] = ()

    @property
    def hours(self) -> float:
        """How long the day is."""
        return (self.spans[-1].end - self.spans[0].start) / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of one number, in `timezone` (IANA name)."""

    number: Number
    timezone: str
    days: tuple[Day, ...]


def week_of(policy: Policy, number: Number, first: date, facts: Facts = NO_FACTS) -> Week:
    """The seven days of `number` from `first` on, in the zone of its schedule (else the practice's)."""
    timezone = number.schedule.timezone if number.schedule else policy.timezone
    zone = ZoneInfo(timezone)
    look = _Look(policy, number, facts, zone)
    days = (look.day(first + timedelta(days=n)) for n in range(DAYS))
    return Week(number, timezone, tuple(day for day in days if day.spans))


@dataclass(frozen=True, slots=True)
class _Look:
    policy: Policy
    number: Number
    facts: Facts
    zone: ZoneInfo

    def day(self, day: date) -> Day:
        """One date; without spans where the zone skipped it (Samoa had no 30 December 2011)."""
        start, end = _midnight(day, self.zone), _midnight(day + timedelta(days=1), self.zone)
        spans = tuple(self._spans(start, end))
        lines = _lines(spans, _changes(start, end, self.zone), day, self.zone)
        return Day(day, spans, lines, tuple(self._watches(day, start, end)))

    def _spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        while start < end:
            now = decide(self.policy, self.number.e164, start, self.facts)
            until = min(now.until or end, end)
            why = " ".join(now.why[:2]) if now.reason is Reason.OVERRIDE else now.why[0]
            yield Span(start, until, now.state, now.reason, now.rule, why)
            start = until

    def _watches(self, day: date, start: datetime, end: datetime) -> Iterator[Watch]:
        actions = leaves_in((*self.number.opened, *self.number.closed))
        for rota in dict.fromkeys(action.rota for action in actions if isinstance(action, RingOnCall | Urgent)):
            for begins, now in self.policy.rotas[rota].stretches(start, end, self.facts.swaps):
                last = min(now.until or end, end)
                until = 1440.0 if last == end else _wall_minutes(last, day, self.zone)
                who = self.policy.mailboxes.get(now.people[0], now.people[0]) if now.people else "nobody"
                yield Watch(rota, now.people, who, _wall_minutes(begins, day, self.zone), until)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where a change skips midnight, this is the instant of the change: the day begins there.
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def _changes(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The minutes at which the zone's offset from UTC changes: there the wall clock jumps."""
    minutes = [start + timedelta(minutes=n) for n in range((end - start) // timedelta(minutes=1) + 1)]
    offsets = [minute.astimezone(zone).utcoffset() for minute in minutes]
    return [minutes[n] for n in range(1, len(minutes)) if offsets[n] != offsets[n - 1]]


def _lines(spans: tuple[Span, ...], changes: list[datetime], day: date, zone: ZoneInfo) -> tuple[tuple[Bar, ...], ...]:
    """The bars of a day; what the wall clock shows for the second time goes to a second line."""
    first: list[Bar] = []
    again: list[Bar] = []
    for span in spans:
        cuts = [span.start, *(t for t in changes if span.start < t < span.end), span.end]
        for start, end in pairwise(cuts):
            at = _wall_minutes(start, day, zone)
            until, seen = at + (end - start) / timedelta(minutes=1), first[-1].end if first else 0.0
            middle = min(max(at, seen), until)
            if at < middle:
                again.append(Bar(at, middle, span, start))
            if middle < until:
                first.append(Bar(middle, until, span, start + timedelta(minutes=middle - at)))
    return (tuple(first), tuple(again)) if again else (tuple(first),)


def _wall_minutes(at: datetime, day: date, zone: ZoneInfo) -> float:
    wall = at.astimezone(zone).replace(tzinfo=None)
    return (wall - datetime.combine(day, time(0))) / timedelta(minutes=1)
