"""Opening hours against an oracle that looks at the wall clock of every single minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pbx.domain.changes import Changes, Times
from pbx.domain.schedule import Calendar, Range, Schedule, ScheduleState, Special, Why

MINUTE = timedelta(minutes=1)
DAY = 24 * 60
LOOK_AHEAD = 3 * DAY
"""Minutes that the oracle looks ahead from an instant near a change of the clocks."""

CHANGES = {
    "America/New_York": [(2026, 3, 8), (2026, 11, 1)],
    "Europe/Berlin": [(2026, 3, 29), (2026, 10, 25)],
    "Australia/Lord_Howe": [(2026, 4, 5), (2026, 10, 4)],  # half an hour
    "America/St_Johns": [(2026, 3, 8), (2006, 10, 29)],  # in 2006 at one minute past midnight
    "Asia/Kolkata": [(2026, 3, 8)],  # never
    "America/Havana": [(2026, 3, 8), (2026, 11, 1)],  # midnight is skipped, and comes twice
    "America/Sao_Paulo": [(2018, 11, 4), (2018, 2, 18)],  # at midnight, into the day before
    "Pacific/Apia": [(2011, 12, 30)],  # a day that never was
    "Antarctica/Troll": [(2026, 3, 29), (2026, 10, 25)],  # two hours
}

Spec = dict[int, list[tuple[int, int]]]
"""Hours as minutes of the day: weekday -> [(start, end)]; an end that is not after its start is on the next day."""


def oracle_is_open(given: Situation, at: datetime) -> bool:
    """Read the wall clock and compare minutes; independent of how a schedule finds its changes."""
    wall = at.astimezone(ZoneInfo(given.zone))
    spec, closed, own = given.spec, given.closed, given.own
    today, before = wall.date(), wall.date() - timedelta(days=1)
    minute = wall.hour * 60 + wall.minute
    if today in own:
        mine = any(start <= minute and (minute < end or end <= start) for start, end in own[today])
        return mine or (own[today] != [] and in_the_night(own.get(before, []), minute))
    if today in closed:
        return False
    if in_the_night(own.get(before, []), minute):
        return True
    for start, end in spec.get(wall.weekday(), []):
        if start <= minute and (minute < end or end <= start):
            return True
    if before in closed or before in own:
        return False
    return in_the_night(spec.get(before.weekday(), []), minute)


def in_the_night(hours: list[tuple[int, int]], minute: int) -> bool:
    return any(end <= start and minute < end for start, end in hours)


def oracle_until(given: Situation) -> datetime | None:
    """The first whole minute after the situation's with another state, within LOOK_AHEAD."""
    now = oracle_is_open(given, given.at)
    minute = given.at.replace(second=0, microsecond=0)
    for _ in range(LOOK_AHEAD):
        minute += MINUTE
        if oracle_is_open(given, minute) != now:
            return minute
    return None


def schedule_of(given: Situation) -> Schedule:
    week = {day: ranges(hours) for day, hours in given.spec.items()}
    own = {day: Special("own", ranges(hours)) for day, hours in given.own.items()}
    return Schedule("tested", given.zone, week, dict.fromkeys(given.closed, "closed"), own)


def ranges(hours: list[tuple[int, int]]) -> tuple[Range, ...]:
    return tuple(Range(clock(start), clock(end)) for start, end in hours)


def clock(minute: int) -> time:
    return time(*divmod(minute % DAY, 60))


@dataclass(frozen=True)
class Situation:
    """Hours, closed dates, exceptions and an instant near a change of the clocks of a zone."""

    zone: str
    spec: Spec
    closed: set[date]
    at: datetime
    own: dict[date, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        return schedule_of(self)


@cache
def change_near(zone: str, day: tuple[int, int, int]) -> datetime:
    """The minute at which the clocks of `zone` change around `day`; noon where they do not."""
    noon = datetime(*day, 12, tzinfo=UTC)
    minutes = (noon + n * MINUTE for n in range(-36 * 60, 36 * 60))
    changes = (t for t in minutes if offset(zone, t) != offset(zone, t - MINUTE))
    return next(changes, noon)


def offset(zone: str, at: datetime) -> timedelta | None:
    return at.astimezone(ZoneInfo(zone)).utcoffset()


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Half of the times and hours lie within a few hours of the change, the others anywhere around it."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = change_near(zone, draw(st.sampled_from(CHANGES[zone])))
    wall = change.astimezone(ZoneInfo(zone))
    hours = draw(st.sampled_from([3, 48])) * 3600
    at = change + timedelta(seconds=draw(st.integers(-hours, hours)))
    near = wall.hour * 60 + wall.minute
    minutes = st.one_of(
        st.integers(-12, 12).map(lambda n: (near + n * 15) % DAY), st.integers(0, 95).map(lambda n: n * 15)
    )
    spec: Spec = {}
    for day in draw(st.sets(st.integers(-1, 1))) | draw(st.sets(st.integers(0, 6), max_size=2)):
        start, end = draw(minutes), draw(minutes)
        spec[(wall.weekday() + day) % 7] = [(start, end), (end, (end + 90) % DAY)][: draw(st.integers(1, 2))]
    closed = {wall.date() + timedelta(days=n) for n in draw(st.sets(st.integers(-2, 3), max_size=1))}
    near_days = draw(st.sets(st.integers(-2, 3), max_size=2))
    own = {wall.date() + timedelta(days=n): draw(st.lists(st.tuples(minutes, minutes), max_size=2)) for n in near_days}
    return Situation(zone, spec, closed, at, own)


def in_new_york(hours: tuple[int, int], at: datetime) -> Situation:
    return Situation("America/New_York", {6: [hours]}, set(), at)


SET_BACK_AT_MIDNIGHT = Situation(
    "America/Sao_Paulo", {5: [(23 * 60 + 30, 0)]}, set(), datetime(2018, 2, 18, 1, 45, tzinfo=UTC)
)


@settings(max_examples=300, deadline=None)
@given(situations())
@example(in_new_york((90, 180), datetime(2026, 11, 1, 5, 45, tzinfo=UTC)))  # set back out of the hours
@example(in_new_york((0, 90), datetime(2026, 11, 1, 6, 15, tzinfo=UTC)))  # the end comes twice
@example(in_new_york((120, 240), datetime(2026, 3, 8, 6, 59, tzinfo=UTC)))  # the start is skipped
@example(in_new_york((60, 150), datetime(2026, 3, 8, 6, 30, tzinfo=UTC)))  # the end is skipped
@example(SET_BACK_AT_MIDNIGHT)
def test_state_and_its_end_are_what_the_wall_clock_says(given: Situation) -> None:
    state = given.schedule.state_at(given.at)
    assert state.open == oracle_is_open(given, given.at)
    expected = oracle_until(given)
    if expected is not None:
        assert state.until == expected
    else:
        assert state.until is None or state.until > given.at + (LOOK_AHEAD - 1) * MINUTE


@settings(max_examples=60, deadline=None)
@given(situations())
def test_until_is_exact_to_the_microsecond(given: Situation) -> None:
    schedule = given.schedule
    state = schedule.state_at(given.at)
    if state.until is None:
        return
    assert state.until > given.at
    assert schedule.state_at(state.until).open != state.open
    assert schedule.state_at(state.until - timedelta(microseconds=1)).open == state.open


@given(situations())
def test_the_zone_in_which_the_instant_is_written_makes_no_difference(given: Situation) -> None:
    state = given.schedule.state_at(given.at)
    assert state == given.schedule.state_at(given.at.astimezone(ZoneInfo("Asia/Tokyo")))


OFFICE = Schedule(
    "office",
    "America/New_York",
    {day: (Range(time(9), time(12)), Range(time(12), time(17))) for day in range(5)},
    {date(2026, 12, 25): "Christmas Day"},
)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))


def test_a_range_is_open_at_its_start_and_closed_at_its_end() -> None:
    assert OFFICE.state_at(new_york("2026-11-23T09:00:00")).open
    assert not OFFICE.state_at(new_york("2026-11-23T08:59:59.999999")).open
    assert OFFICE.state_at(new_york("2026-11-23T16:59:59.999999")).open
    assert not OFFICE.state_at(new_york("2026-11-23T17:00:00")).open


def test_ranges_that_touch_are_one_stretch() -> None:
    state = OFFICE.state_at(new_york("2026-11-23T11:00"))
    assert state.until == new_york("2026-11-23T17:00").astimezone(UTC)
    assert (state.why, state.detail) == (Why.HOURS, "Mon 09:00-12:00")


def test_a_closed_date_closes_the_whole_day_and_says_its_name() -> None:
    state = OFFICE.state_at(new_york("2026-12-25T10:00"))
    assert (state.open, state.why, state.detail) == (False, Why.CLOSED_DATE, "Christmas Day")
    assert state.until == new_york("2026-12-28T09:00").astimezone(UTC)


def test_outside_the_hours_is_closed_over_the_weekend() -> None:
    state = OFFICE.state_at(new_york("2026-11-20T17:00"))
    assert (state.open, state.why) == (False, Why.OUTSIDE)
    assert state.until == new_york("2026-11-23T09:00").astimezone(UTC)


def test_a_night_ends_at_midnight_when_the_next_day_is_a_closed_date() -> None:
    nights = Schedule("nights", "America/New_York", {3: (Range(time(22), time(6)),)}, {date(2026, 12, 25): "Christmas"})
    state = nights.state_at(new_york("2026-12-24T23:00"))
    assert state.open
    assert state.until == new_york("2026-12-25T00:00").astimezone(UTC)


def test_the_hour_that_comes_twice_is_open_both_times() -> None:
    early = Schedule("early", "America/New_York", {6: (Range(time(1), time(2)),)})
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert early.state_at(first).open and early.state_at(first + timedelta(hours=1)).open
    assert early.state_at(first).until == datetime(2026, 11, 1, 7, 0, tzinfo=UTC)


def test_an_hour_that_is_skipped_is_never_open() -> None:
    early = Schedule("early", "America/New_York", {6: (Range(time(2), time(3)),)})
    state = early.state_at(datetime(2026, 3, 8, 6, 0, tzinfo=UTC))
    assert (state.open, state.until) == (False, datetime(2026, 3, 15, 6, 0, tzinfo=UTC))


@pytest.mark.parametrize("hours", [{}, {day: (Range(time(0), time(0)),) for day in range(7)}])
def test_without_a_change_in_sight_there_is_no_until(hours: dict[int, tuple[Range, ...]]) -> None:
    state = Schedule("same", "America/New_York", hours).state_at(new_york("2026-11-23T09:00"))
    assert (state.open, state.until, state.never) == (bool(hours), None, True)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        OFFICE.state_at(datetime(2026, 11, 23, 9))  # noqa: DTZ001 a naive time is what is tested


HOLIDAYS = Schedule(
    "holidays",
    "America/New_York",
    {day: (Range(time(22), time(6)),) for day in range(7)},
    {date(2026, 12, 25): "Christmas Day"},
    {
        date(2026, 12, 24): Special("Christmas Eve", (Range(time(9), time(12)),), "eve"),
        date(2026, 12, 30): Special("inventory", (Range(time(20), time(2)),)),
        date(2026, 12, 31): Special("inventory", (Range(time(20), time(2)),)),
        date(2027, 1, 1): Special("New Year", ()),
        date(2027, 1, 3): Special("as usual", None, "eve"),
    },
)


@pytest.mark.parametrize(
    ("at", "is_open", "until"),
    [
        ("2026-12-23T23:00", True, "2026-12-24T00:00"),  # a night of the week ends where an exception's date begins
        ("2026-12-24T05:00", False, "2026-12-24T09:00"),
        ("2026-12-24T11:59", True, "2026-12-24T12:00"),
        ("2026-12-24T23:00", False, "2026-12-26T22:00"),  # and no night of an exception's or closed date takes place
        ("2026-12-30T21:00", True, "2026-12-31T02:00"),  # an exception's own night runs on into another one's date
        ("2026-12-31T21:00", True, "2027-01-01T00:00"),  # but not into a closed one
        ("2027-01-01T01:00", False, "2027-01-02T22:00"),
        ("2027-01-03T03:00", True, "2027-01-03T06:00"),
    ],
)
def test_what_is_said_of_a_date_goes_before_the_week(at: str, is_open: bool, until: str) -> None:
    state = HOLIDAYS.state_at(new_york(at))
    assert (state.open, state.until) == (is_open, new_york(until).astimezone(UTC))


def test_an_exceptions_greeting_holds_on_its_date_only() -> None:
    days = ("2026-12-23", "2026-12-24", "2026-12-25", "2027-01-03")
    assert [HOLIDAYS.state_at(new_york(f"{day}T15:00")).greeting for day in days] == [None, "eve", None, "eve"]


def test_a_change_years_ahead_is_found() -> None:
    always = {day: (Range(time(0), time(0)),) for day in range(7)}
    leap_day = Schedule("leap", "Europe/Berlin", always, {date(2028, 2, 29): "leap day", date(2020, 1, 1): "past"})
    state = leap_day.state_at(new_york("2026-01-01T00:00"))
    assert state.until == datetime(2028, 2, 28, 23, tzinfo=UTC)
    after = leap_day.state_at(datetime(2028, 3, 1, tzinfo=UTC))
    assert (after.open, after.until, after.never) == (True, None, True)


def test_beyond_what_is_known_of_a_calendar_there_is_no_until_and_the_week_holds() -> None:
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)
    calendar = Calendar("hours", (), first, last)
    schedule = Schedule("s", "UTC", {day: (Range(time(8), time(17)),) for day in range(7)}, open_calendar=calendar)
    inside = schedule.state_at(datetime(2026, 2, 1, 12, tzinfo=UTC))
    assert (inside.open, inside.until, inside.never) == (False, None, False)
    assert schedule.state_at(last).open


def test_a_schedule_answers_without_looking_at_the_days_again() -> None:
    looks = 0

    def look(at: datetime, wall: datetime) -> ScheduleState:
        nonlocal looks
        looks += 1
        return OFFICE.state_at(at)

    changes = Changes(ZoneInfo("America/New_York"), Times((time(9), time(17)), ()), look)
    at = datetime(2026, 11, 20, 23, tzinfo=UTC)
    first = changes.at(at)
    looked = looks
    assert 0 < looked < 50
    assert all(changes.at(at + timedelta(seconds=n)) == first for n in range(100))
    assert looks == looked
