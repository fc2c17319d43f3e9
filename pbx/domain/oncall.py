"""Who is on call at any instant: pure, exact at daylight-saving changes.

A rota is a plan (weekly shifts, or turns that are handed over) and swaps over it. A hand-over happens once: at the
first instant at which the wall clock of the rota's zone shows its date and time or a later one. So in spring a
hand-over within the hour that is skipped takes place when the clocks are moved, in autumn one within the hour that
comes twice takes place the first time, and shifts that meet on paper meet in every night of the year. Shifts are
half-open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import chain
from typing import Protocol
from zoneinfo import ZoneInfo

from pbx.domain.schedule import Range

HORIZON_DAYS = 400
"""How far ahead the next change is looked for; beyond it the answer is 'no change in sight' (until=None)."""

REMEMBERED_STRETCHES = 2000

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_AROUND = range(-2, 2)
"""The days whose shifts may run now, counted from the local date: an offset may change by a whole day (Samoa 2011)."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Keys of people in the order in which they are rung, and what in the plan says so, for people to read.

    `hole` tells that the plan has nobody for the time: then there is the backup at most.
    """

    people: tuple[str, ...]
    because: str
    hole: bool = False


@dataclass(frozen=True, slots=True)
class Swap:
    """`into` takes the place of `out` from `start` until just before `end` (aware). `by` and `reason` are the record.

    `id` is None for a swap that stands in the practice's file.
    """

    rota: str
    out: str
    into: str
    start: datetime
    end: datetime
    by: str = ""
    reason: str = ""
    id: int | None = None

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class SwapRecord:
    """A swap as it is on record: when it was made, and when and by whom it was taken back (None: it was not)."""

    swap: Swap
    made_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


class Plan(Protocol):
    """Who would be on call without swaps. After `cycle_days` a plan begins anew."""

    @property
    def cycle_days(self) -> int: ...

    @property
    def begins(self) -> date | None:
        """The local date on which it begins; None for one that has always held."""

    @property
    def everybody(self) -> frozenset[str]:
        """Keys of all people who have a turn or a shift."""

    def crew(self, at: datetime, zone: ZoneInfo) -> Crew:
        """Who has the shift at `at`; nobody where there is none."""

    def edges(self, after: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Every instant after `after` until `last` at which a shift begins or ends (UTC), in order."""


@dataclass(frozen=True, slots=True)
class Shift:
    """`people` are on call in `hours`; hours whose end is not after their start run into the next day."""

    hours: Range
    people: tuple[str, ...]

    def span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """First instant and end of the shift that begins on `day`."""
        last = day + _DAY if self.hours.over_midnight else day
        return moment(day, self.hours.start, zone), moment(last, self.hours.end, zone)


@dataclass(frozen=True, slots=True)
class Weekly:
    """`week` maps a weekday (0 is Monday) to the shifts that begin on it; shifts do not lie over each other."""

    week: Mapping[int, tuple[Shift, ...]]

    @property
    def cycle_days(self) -> int:
        return 7

    @property
    def begins(self) -> date | None:
        return None

    @property
    def everybody(self) -> frozenset[str]:
        return frozenset(person for shifts in self.week.values() for shift in shifts for person in shift.people)

    def crew(self, at: datetime, zone: ZoneInfo) -> Crew:
        today = at.astimezone(zone).date()
        for day in (today + offset * _DAY for offset in _AROUND):
            for shift in self.week.get(day.weekday(), ()):
                start, end = shift.span(day, zone)
                if start <= at < end:
                    return Crew(shift.people, f"shift {day:%a} {shift.hours}")
        return Crew((), "no shift")

    def edges(self, after: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        day = after.astimezone(zone).date() + _AROUND[0] * _DAY
        while moment(day, time(), zone) <= last:
            for shift in sorted(self.week.get(day.weekday(), ()), key=lambda shift: shift.hours.start):
                yield from (edge for edge in shift.span(day, zone) if after < edge <= last)
            day += _DAY


@dataclass(frozen=True, slots=True)
class Turns:
    """Crews take turns of `days` days. The first turn begins on the local date `start` at `hand_over`."""

    crews: tuple[tuple[str, ...], ...]
    start: date
    days: int
    hand_over: time

    @property
    def cycle_days(self) -> int:
        return self.days * len(self.crews)

    @property
    def begins(self) -> date | None:
        return self.start

    @property
    def everybody(self) -> frozenset[str]:
        return frozenset(person for crew in self.crews for person in crew)

    def crew(self, at: datetime, zone: ZoneInfo) -> Crew:
        turn = (at.astimezone(zone).date() - self.start).days // self.days + 1
        while at < self._begins(turn, zone):
            turn -= 1
        if turn < 0:
            return Crew((), f"the first turn begins on {self.start:%a %d %b %Y} at {self.hand_over:%H:%M}")
        place = turn % len(self.crews)
        since = self.start + turn * self.days * _DAY
        why = f"turn {place + 1} of {len(self.crews)} since {since:%a %d %b %Y} {self.hand_over:%H:%M}"
        return Crew(self.crews[place], why)

    def edges(self, after: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        turn = max(0, (after.astimezone(zone).date() - self.start).days // self.days)
        while (edge := self._begins(turn, zone)) <= last:
            if edge > after:
                yield edge
            turn += 1

    def _begins(self, turn: int, zone: ZoneInfo) -> datetime:
        return moment(self.start + turn * self.days * _DAY, self.hand_over, zone)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at an instant, in the order in which they are rung, and until when.

    `until` is UTC (None: no change in sight). Nobody is on call where `people` is empty. `because` says for people what
    decided; `hole` is that of the crew.
    """

    people: tuple[str, ...]
    until: datetime | None
    because: str
    hole: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Between two instants at which somebody else may be on call (`end` is the second one) the answer is the same."""

    start: datetime
    end: datetime
    state: OnCall


@dataclass(slots=True)
class _Remembered:
    """The stretches that were asked for with `swaps`, in order. What is remembered is what would be found again."""

    swaps: tuple[Swap, ...] = ()
    stretches: list[_Stretch] = field(default_factory=list)
    last: _Stretch | None = None

    def find(self, at: datetime, swaps: tuple[Swap, ...]) -> OnCall | None:
        if swaps is not self.swaps and swaps != self.swaps:
            self.stretches, self.last = [], None
        self.swaps = swaps
        if self.last is None or not self.last.start <= at < self.last.end:
            place = self._place(at)
            known = self.stretches[place] if place < len(self.stretches) else None
            self.last = known if known and known.start <= at else None
        return self.last.state if self.last else None

    def add(self, stretch: _Stretch) -> None:
        if len(self.stretches) >= REMEMBERED_STRETCHES:
            self.stretches = []
        place = self._place(stretch.start)
        same = place < len(self.stretches) and self.stretches[place].end == stretch.end
        self.stretches[place : place + same] = [stretch]

    def _place(self, at: datetime) -> int:
        return bisect_right(self.stretches, at, key=lambda stretch: stretch.end)


@dataclass(frozen=True, slots=True)
class Rota:
    """A plan in a time zone with the swaps of the file. `backup` comes after the crew, or alone where there is none."""

    name: str
    timezone: str
    plan: Plan
    backup: tuple[str, ...] = ()
    swaps: tuple[Swap, ...] = field(default=())
    _remembered: _Remembered = field(default_factory=_Remembered, init=False, repr=False, compare=False)

    @property
    def everybody(self) -> frozenset[str]:
        """Keys of all people whom the plan may ring."""
        return self.plan.everybody | frozenset(self.backup)

    def on_call(self, at: datetime, swaps: Iterable[Swap] = ()) -> OnCall:
        """Who is on call at `at` (aware; raises ValueError for a naive time).

        `swaps` are those made by command; the ones of other rotas are passed over. They hold in their order, after
        those of the file.
        """
        if at.tzinfo is None:
            raise ValueError("a rota needs a time with its zone")
        now, made = at.astimezone(UTC), tuple(swaps)
        return self._remembered.find(now, made) or self._found(now, made)

    def _found(self, now: datetime, made: tuple[Swap, ...]) -> OnCall:
        valid = [swap for swap in (*self.swaps, *made) if swap.rota == self.name and swap.end > now]
        crew = self._crew(now, valid)
        last = self._last(now, valid)
        edges = self._edges(now, last, valid)
        first = next(edges, None)
        later = chain([first] if first else [], edges)
        until = next((edge for edge in later if _differ(self._crew(edge, valid), crew)), None)
        state = OnCall(crew.people, until, crew.because, crew.hole)
        # Without a change as far as one looks, a later look may find one.
        if first and (until or last < now + HORIZON_DAYS * _DAY):
            self._remembered.add(_Stretch(now, first, state))
        return state

    def stretches(
        self, start: datetime, end: datetime, swaps: Iterable[Swap] = ()
    ) -> Iterator[tuple[datetime, OnCall]]:
        """Who is on call from `start` until `end`, one after the other, each with the instant from which on."""
        known, at = tuple(swaps), start.astimezone(UTC)
        while at < end:
            now = self.on_call(at, known)
            yield at, now
            if now.until is None:
                return
            at = now.until

    def _crew(self, at: datetime, swaps: Iterable[Swap]) -> Crew:
        planned = self.plan.crew(at, ZoneInfo(self.timezone))
        people, because = [*planned.people, *self.backup], planned.because
        if not planned.people and self.backup:
            because += ", so the backup alone"
        for swap in swaps:
            if swap.holds(at) and swap.out in people:
                people = [swap.into if person == swap.out else person for person in people]
                because += f"; {_in_words(swap)}"
        return Crew(tuple(dict.fromkeys(people)), because, not planned.people)

    def _last(self, at: datetime, swaps: list[Swap]) -> datetime:
        """Until when to look: a plan repeats itself, so two cycles after `at`, its beginning and the last swap
        nothing new is seen.
        """
        begins = self.plan.begins
        starts = [moment(begins, time(), ZoneInfo(self.timezone))] if begins else []
        cycles = 2 * self.plan.cycle_days * _DAY + 2 * _DAY
        return min(max([at, *starts, *(swap.end for swap in swaps)]) + cycles, at + HORIZON_DAYS * _DAY)

    def _edges(self, at: datetime, last: datetime, swaps: list[Swap]) -> Iterator[datetime]:
        """Every instant after `at` until `last`, in order, at which somebody else may be on call."""
        by_swaps = sorted(edge.astimezone(UTC) for swap in swaps for edge in (swap.start, swap.end) if edge > at)
        return merge(self.plan.edges(at, last, ZoneInfo(self.timezone)), by_swaps)


@lru_cache(maxsize=8192)
def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the wall clock of `zone` shows `day` and `clock`, or a later date and time."""
    wanted = datetime.combine(day, clock)
    found = wanted.replace(tzinfo=zone).astimezone(UTC)
    if _wall(found, zone) == wanted:
        return found
    # The clocks skip it. The two readings of PEP 495 lie on both sides of the change: look for it between them.
    low, high = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while high - low > _SECOND:
        middle = low + _SECOND * ((high - low) // (2 * _SECOND))
        low, high = (low, middle) if _wall(middle, zone) >= wanted else (middle, high)
    return high


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _differ(one: Crew, other: Crew) -> bool:
    return (one.people, one.hole) != (other.people, other.hole)


def _in_words(swap: Swap) -> str:
    made = " in the file" if swap.id is None else f" {swap.id}"
    by = f" by {swap.by}" if swap.by else ""
    reason = f": {swap.reason}" if swap.reason else ""
    return f"{swap.into} for {swap.out} (swap{made}{by}{reason})"
