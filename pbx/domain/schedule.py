"""Weekly opening hours in a time zone, with closed dates: pure, exact at daylight-saving changes.

The clock on the wall decides: a line is open when the local wall-clock time lies in one of its ranges. So an hour that
a change in spring skips is never seen, and an hour that a change in autumn repeats counts both times. Ranges are
half-open: `09:00-17:00` is open at 09:00:00 and closed at 17:00:00. A range whose end is not after its start runs over
midnight into the next day. A closed date closes every minute of that local date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

HORIZON_DAYS = 400
"""How far ahead the next change is looked for; beyond it the answer is 'no change in sight' (until=None)."""

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)


class Why(StrEnum):
    """Which part of a schedule decided."""

    HOURS = "hours"
    OUTSIDE = "outside-hours"
    CLOSED_DATE = "closed-date"


@dataclass(frozen=True, slots=True)
class Range:
    """Open from `start` until just before `end`, local time. `end` 00:00 is midnight at the end of the day."""

    start: time
    end: time

    @property
    def over_midnight(self) -> bool:
        return self.end <= self.start

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def first_day_has(self, clock: time) -> bool:
        """Whether `clock` lies in the range, on the day on which the range starts."""
        return self.start <= clock and (self.over_midnight or clock < self.end)

    def next_day_has(self, clock: time) -> bool:
        """Whether `clock` lies in the part that runs over midnight, on the day after the start."""
        return self.over_midnight and clock < self.end


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """Open or closed at an instant, until when (UTC; None: no change in sight), and what decided.

    `detail` names the deciding part for people: a range such as `Mon 09:00-17:00`, or a closed date's name.
    """

    open: bool
    until: datetime | None
    why: Why
    detail: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """`week` maps a weekday (0 is Monday) to its ranges; `closed_dates` maps a local date to its name."""

    name: str
    timezone: str
    week: Mapping[int, tuple[Range, ...]]
    closed_dates: Mapping[date, str] = field(default_factory=dict)

    def state_at(self, at: datetime) -> ScheduleState:
        """Tell the state at `at` (aware). Raises ValueError for a naive time."""
        if at.tzinfo is None:
            raise ValueError("a schedule needs a time with its zone")
        why, detail = self._wall_state(at)
        is_open = why is Why.HOURS
        until = next((t for t in self._candidates(at) if self._is_open(t) != is_open), None)
        return ScheduleState(is_open, until, why, detail)

    def _is_open(self, at: datetime) -> bool:
        return self._wall_state(at)[0] is Why.HOURS

    def _wall_state(self, at: datetime) -> tuple[Why, str]:
        wall = at.astimezone(ZoneInfo(self.timezone))
        today, clock = wall.date(), wall.time()
        closed = self.closed_dates.get(today)
        if closed is not None:
            return Why.CLOSED_DATE, closed
        for hours in self.week.get(today.weekday(), ()):
            if hours.first_day_has(clock):
                return Why.HOURS, f"{today:%a} {hours}"
        yesterday = today - _DAY
        for hours in self.week.get(yesterday.weekday(), ()):
            if hours.next_day_has(clock):
                return Why.HOURS, f"{yesterday:%a} {hours}"
        return Why.OUTSIDE, "outside the weekly hours"

    def _candidates(self, at: datetime) -> Iterator[datetime]:
        """Every instant after `at`, in order, at which the state may change (UTC)."""
        now = at.astimezone(UTC)
        zone = ZoneInfo(self.timezone)
        today = now.astimezone(zone).date()
        walls = sorted({_MIDNIGHT} | {t for day in self.week.values() for r in day for t in (r.start, r.end)})
        for offset in range(HORIZON_DAYS):
            day = today + offset * _DAY
            instants = {_instant(day, wall, zone, fold) for wall in walls for fold in (0, 1)}
            instants |= _offset_changes(day, zone)
            yield from sorted(t for t in instants if t > now)


def _instant(day: date, wall: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(UTC)


def _offset_changes(day: date, zone: ZoneInfo) -> set[datetime]:
    """The instants of `day` at which the zone's offset from UTC changes: there the wall clock jumps."""
    start = _instant(day, _MIDNIGHT, zone, 0)
    edges = [start + timedelta(hours=6 * n) for n in range(5)]
    return {_change_between(a, b, zone) for a, b in pairwise(edges) if _offset(a, zone) != _offset(b, zone)}


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Bisect to the second: offsets change at whole seconds."""
    before = _offset(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
