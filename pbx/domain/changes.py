"""When a state that follows the clock on a wall changes: exact to the minute's first microsecond, found once a day.

Days are those of UTC, because they follow each other without gaps and repeats. Inside one, the zone's offset is
constant between its changes, and there the wall clock is the UTC clock plus the offset. So every instant at which
something may change is known, and between two of them one look tells the state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

QUIET_DAYS = 23
"""Without a dated rule a week repeats itself. Three weeks and the days around them hold each hour of it at least twice
beside one that a change of the clocks swallows: what has not changed in them does not change before the next dated
rule."""

REMEMBERED_DAYS = 5000

_DAY = timedelta(days=1)
_LAST_DAY = date(9998, 1, 1).toordinal()


class Moment(Protocol):
    """What is looked up; two moments are of one state if both are open or both are not."""

    @property
    def open(self) -> bool: ...


M = TypeVar("M", bound=Moment)


@dataclass(frozen=True, slots=True)
class _Day(Generic[M]):
    """The pieces of one UTC day, and for each the next change of the state; `later` is for the last ones (a list of
    one, filled when somebody asks: it means a look at the days that follow)."""

    starts: tuple[datetime, ...]
    moments: tuple[M, ...]
    changes: tuple[datetime | None, ...]
    later: list[datetime | None]


@dataclass(frozen=True, slots=True)
class Times:
    """Where something may change: `clocks` on every local day, at `instants` (UTC), and on and after `dates`."""

    clocks: Iterable[time]
    dates: Iterable[date]
    instants: Iterable[datetime] = ()


class Changes(Generic[M]):
    """`look` tells the moment at an instant (UTC) and its wall time (naive). It is pure, and so is this: what is
    remembered is what would be found again."""

    def __init__(self, zone: ZoneInfo, times: Times, look: Callable[[datetime, datetime], M]) -> None:
        self._zone = zone
        self._clocks = sorted({time(0), *times.clocks})
        self._instants = sorted(set(times.instants))
        around = (instant.toordinal() for instant in self._instants)
        self._dated = sorted({*(day.toordinal() for day in times.dates), *around})
        self._look = look
        self._days: dict[int, _Day[M]] = {}

    def at(self, at: datetime) -> tuple[M, datetime | None]:
        """The moment at `at` (UTC), and the first instant after it with another state (None: there is none)."""
        ordinal = at.toordinal()
        day = self._day(ordinal)
        position = bisect_right(day.starts, at) - 1
        moment = day.moments[position]
        change = day.changes[position]
        if change is None:
            if not day.later:
                day.later.append(self._change_after(ordinal, moment.open))
            change = day.later[0]
        return moment, change

    def edges(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """Every instant (UTC) between the two at which the moment may be another one, in order, open or not."""
        for ordinal in range(after.toordinal(), before.toordinal() + 1):
            yield from (start for start in self._day(ordinal).starts if after < start < before)

    def _change_after(self, ordinal: int, is_open: bool) -> datetime | None:
        quiet = 0
        while ordinal < _LAST_DAY:
            ordinal, quiet = ordinal + 1, quiet + 1
            found = self._change_on(ordinal, is_open)
            if found is not None:
                return found
            if quiet >= QUIET_DAYS and not self._dated_between(ordinal - QUIET_DAYS - 2, ordinal + 2):
                return self._change_around_dates(ordinal, is_open)
        return None

    def _change_around_dates(self, after: int, is_open: bool) -> datetime | None:
        # A date reaches from the UTC day before it to the second one after it: over midnight, in any zone.
        for dated in self._dated_between(after - 2, _LAST_DAY):
            for ordinal in range(max(dated - 2, after + 1), dated + 4):
                found = self._change_on(ordinal, is_open)
                if found is not None:
                    return found
        return None

    def _dated_between(self, low: int, high: int) -> list[int]:
        return self._dated[bisect_left(self._dated, low) : bisect_left(self._dated, high)]

    def _change_on(self, ordinal: int, is_open: bool) -> datetime | None:
        day = self._day(ordinal)
        return next((s for s, m in zip(day.starts, day.moments, strict=True) if m.open != is_open), None)

    def _day(self, ordinal: int) -> _Day[M]:
        known = self._days.get(ordinal)
        if known is None:
            if len(self._days) >= REMEMBERED_DAYS:
                self._days.clear()
            known = self._days[ordinal] = self._found(ordinal)
        return known

    def _found(self, ordinal: int) -> _Day[M]:
        starts: list[datetime] = []
        moments: list[M] = []
        for first, last, offset in self._offsets(datetime.fromordinal(ordinal).replace(tzinfo=UTC)):
            for instant in sorted(self._edges(first, last, offset)):
                moment = self._look(instant, (instant + offset).replace(tzinfo=None))
                if not moments or moment != moments[-1]:
                    starts.append(instant)
                    moments.append(moment)
        changes: list[datetime | None] = [None]
        for n in range(len(starts) - 1, 0, -1):
            changes.append(starts[n] if moments[n].open != moments[n - 1].open else changes[-1])
        return _Day(tuple(starts), tuple(moments), tuple(reversed(changes)), [])

    def _edges(self, first: datetime, last: datetime, offset: timedelta) -> set[datetime]:
        """The instants from `first` until before `last`, between which nothing changes."""
        wall_first, wall_last = (first + offset).replace(tzinfo=None), (last + offset).replace(tzinfo=None)
        days = {wall_first.date(), wall_last.date()}
        walls = (datetime.combine(day, clock) for day in days for clock in self._clocks)
        edges = {first, *((w - offset).replace(tzinfo=UTC) for w in walls if wall_first <= w < wall_last)}
        low, high = bisect_left(self._instants, first), bisect_left(self._instants, last)
        return edges.union(self._instants[low:high])

    def _offsets(self, start: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
        """The stretches of a UTC day in which the offset is constant."""
        edges = [start + timedelta(hours=n) for n in range(25)]
        offsets = [self._offset(edge) for edge in edges]
        for (low, before), (high, after) in pairwise(zip(edges, offsets, strict=True)):
            if before != after:
                change = self._change_between(low, high, before)
                if start < change:
                    yield start, change, before
                start = change
        if start < edges[-1]:
            # At the last edge a new offset may begin, which is not this day's.
            yield start, edges[-1], self._offset(start)

    def _change_between(self, low: datetime, high: datetime, before: timedelta) -> datetime:
        """Bisect to the second: offsets change at whole seconds."""
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        return high

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta(0)
