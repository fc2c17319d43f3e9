"""Two years, minute by minute, in five zones: an oracle that shares nothing with the schedules but the zones' data.

It reads the wall clock of every minute of UTC and looks it up in tables of the minutes of each date. The changes are
where two minutes in a row differ.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from pbx.domain.schedule import Calendar, Range, Schedule, Special

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 2 * 365 * 24 * 60
DAY = 24 * 60
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"]
LEFT_OPEN = -1
ASKED = 6_000
"""Minutes of the two years about which the schedule is asked, beside all that are near a change."""

Bools = npt.NDArray[np.bool_]
Hours = list[tuple[int, int]]
"""Minutes of the day; an end that is not after its start is on the next day."""


@dataclass
class Plan:
    """Everything that a schedule may say, in minutes and dates."""

    week: dict[int, Hours]
    closed: set[date] = field(default_factory=set)
    own: dict[date, Hours | None] = field(default_factory=dict)
    opened_by: list[tuple[int, int]] | None = None
    closed_by: list[tuple[int, int]] | None = None
    """Events, in minutes since FIRST."""


PLANS = {
    "a practice with a lunch break": Plan(
        {0: [(540, 720), (780, 1020)], 1: [(540, 1020)], 4: [(540, 900)]},
        closed={date(2026, 12, 25), date(2027, 7, 5), date(2027, 3, 15)},
        own={date(2026, 12, 24): [(540, 720)], date(2027, 12, 24): [(540, 720)], date(2027, 7, 5): None},
    ),
    "nights, the small hours and a weekend": Plan(
        {3: [(60, 150), (1320, 360)], 4: [(1080, 0)], 5: [(0, 0)], 6: [(0, 0)], 0: [(0, 480), (1410, 90)]},
        closed={date(2026, 3, 8), date(2026, 11, 1), date(2026, 10, 25), date(2027, 1, 2)},
        own={
            date(2026, 3, 29): [(90, 180)],
            date(2026, 12, 30): [(1320, 360)],
            date(2026, 12, 31): [(1320, 360)],
            date(2027, 1, 1): [(1320, 360)],
            date(2027, 4, 4): [],
            date(2027, 3, 14): [(120, 180), (1380, 30)],
            date(2026, 4, 5): None,
        },
    ),
    "two calendars beside the hours": Plan(
        {day: [(480, 1020)] for day in range(7)},
        closed={date(2026, 7, 4)},
        own={date(2026, 7, 5): [(600, 660)]},
        opened_by=[(d * DAY + 700, d * DAY + 700 + 45 + d % 600) for d in range(0, 730, 2)],
        closed_by=[(d * DAY + 17, d * DAY + 17 + 3000) for d in range(5, 730, 31)],
    ),
}


def oracle(plan: Plan, zone: ZoneInfo) -> Bools:
    """Whether the line is open, for every minute."""
    wall = wall_minutes(zone)
    days, minutes = wall // DAY, wall % DAY
    first = FIRST.date() - timedelta(days=2)
    dates = [first + timedelta(days=n) for n in range(MINUTES // DAY + 5)]
    said = np.array([_said_of(plan, day) for day in dates])[days, minutes]
    states = np.array([_weekly(plan, day) for day in dates])[days, minutes]
    if plan.opened_by is not None:
        states = _minutes(plan.opened_by)
    if plan.closed_by is not None:
        with_exception = np.array([day in plan.own for day in dates])[days]
        states = states & (~_minutes(plan.closed_by) | with_exception)
    return np.where(said == LEFT_OPEN, states, said == 1)


def wall_minutes(zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The wall clock of every minute, in minutes since two days before FIRST."""
    offsets = np.zeros(MINUTES, dtype=np.int64)
    for start in range(0, MINUTES, 60):
        first, last = _offset(start, zone), _offset(start + 59, zone)
        offsets[start : start + 60] = first
        if first != last:
            offsets[start : start + 60] = [_offset(start + n, zone) for n in range(60)]
    return np.arange(MINUTES) + offsets + 2 * DAY


def _offset(minute: int, zone: ZoneInfo) -> int:
    return int((_at(minute).astimezone(zone).utcoffset() or timedelta(0)).total_seconds()) // 60


def _minutes(events: list[tuple[int, int]]) -> Bools:
    marked = np.zeros(MINUTES, dtype=np.bool_)
    for start, end in events:
        marked[start:end] = True
    return marked


def _said_of(plan: Plan, day: date) -> npt.NDArray[np.int8]:
    """What closed dates and exceptions say of the minutes of a date: 1, 0 or LEFT_OPEN."""
    said = np.full(DAY, LEFT_OPEN, dtype=np.int8)
    own = plan.own.get(day)
    if own is not None:
        said[:] = 0
        _mark(said, own)
    elif day in plan.closed and day not in plan.own:
        said[:] = 0
        return said
    if own != []:
        _mark_night(said, plan.own.get(day - timedelta(days=1)) or [])
    return said


def _weekly(plan: Plan, day: date) -> Bools:
    found = np.zeros(DAY, dtype=np.int8)
    _mark(found, plan.week.get(day.weekday(), []))
    before = day - timedelta(days=1)
    dropped = plan.own[before] is not None if before in plan.own else before in plan.closed
    if not dropped:
        _mark_night(found, plan.week.get(before.weekday(), []))
    return found.astype(np.bool_)


def _mark(minutes: npt.NDArray[np.int8], hours: Hours) -> None:
    for start, end in hours:
        minutes[start : end if end > start else DAY] = 1


def _mark_night(minutes: npt.NDArray[np.int8], hours: Hours) -> None:
    for start, end in hours:
        if end <= start:
            minutes[:end] = 1


def schedule_of(plan: Plan, zone: str) -> Schedule:
    return Schedule(
        "tested",
        zone,
        {day: _ranges(hours) for day, hours in plan.week.items()},
        dict.fromkeys(plan.closed, "closed"),
        {day: Special("own", None if hours is None else _ranges(hours)) for day, hours in plan.own.items()},
        _calendar(plan.opened_by),
        _calendar(plan.closed_by),
    )


def _ranges(hours: Hours) -> tuple[Range, ...]:
    return tuple(Range(time(*divmod(start, 60)), time(*divmod(end, 60))) for start, end in hours)


def _calendar(events: list[tuple[int, int]] | None) -> Calendar | None:
    if events is None:
        return None
    spans = tuple((_at(start), _at(end)) for start, end in events)
    return Calendar("events", spans, FIRST - timedelta(days=9), _at(MINUTES) + timedelta(days=400))


def _at(minute: int) -> datetime:
    return FIRST + timedelta(minutes=minute)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("plan", PLANS)
def test_every_minute_of_two_years_is_what_the_wall_clock_says(plan: str, zone: str) -> None:
    states = oracle(PLANS[plan], ZoneInfo(zone))
    schedule = schedule_of(PLANS[plan], zone)
    changes = [int(n) + 1 for n in np.flatnonzero(states[1:] != states[:-1])]
    assert len(changes) > 300
    near = {n + d for n in changes for d in (-1, 0, 1)}
    asked = sorted(near | set(random.Random(zone).sample(range(MINUTES), ASKED)))
    following = np.searchsorted(changes, asked, side="right")
    for n, position in zip(asked, following, strict=True):
        if position < len(changes):
            state = schedule.state_at(_at(n) + timedelta(seconds=n % 60))
            assert (state.open, state.until) == (bool(states[n]), _at(changes[position])), _at(n)
