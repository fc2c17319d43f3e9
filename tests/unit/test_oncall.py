"""Who is on call, against an oracle that walks through every minute of two years with the clock on the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.oncall import OnCall, Rota, Shift, Swap, Turns, Weekly, moment
from pbx.domain.schedule import Range

NEW_YORK = "America/New_York"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour
    "America/Havana",  # midnight is skipped, and comes twice
    "America/Santiago",  # at midnight, into the day before
)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def at(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def turns(*crews: str, start: str = "2026-01-05", days: int = 7, hand_over: str = "08:00") -> Turns:
    return Turns(tuple(tuple(c.split()) for c in crews), date.fromisoformat(start), days, time.fromisoformat(hand_over))


def weekly(**days: dict[str, str]) -> Weekly:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return Weekly({names.index(day): tuple(shift(h, p) for h, p in spans.items()) for day, spans in days.items()})


def shift(hours: str, people: str) -> Shift:
    start, end = hours.split("-")
    return Shift(Range(time.fromisoformat(start), time.fromisoformat(end)), tuple(people.split()))


def swap(out: str, into: str, start: str, end: str) -> Swap:
    return Swap("doctors", out, into, at(start), at(end), "mills", "family", 7)


def rota(plan: Turns | Weekly, zone: str = NEW_YORK, backup: str = "", swaps: tuple[Swap, ...] = ()) -> Rota:
    return Rota("doctors", zone, plan, tuple(backup.split()), swaps)


# The oracle: minutes in UTC, one after the other; a shift begins in the minute in which the wall clock first shows its
# date and time or a later one, and runs until the next one does.

Change = tuple[datetime, tuple[str, ...]]
Marks = list[Change]
"""Wall-clock times (naive, in order) and who is on call from then on."""


@cache
def wall_minutes(zone: str) -> list[int]:
    """What the wall clock shows (minutes since 1970) in each minute of the two years."""
    here, walls = ZoneInfo(zone), []
    for hour in range((LAST - FIRST) // HOUR):
        begins = FIRST + hour * HOUR
        same = _offset(begins, here)
        moved = same != _offset(begins + HOUR, here)
        for minute in range(60):
            offset = _offset(begins + minute * MINUTE, here) if moved else same
            walls.append((begins - EPOCH) // MINUTE + minute + offset // MINUTE)
    return walls


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def oracle(marks: Marks, zone: str) -> list[Change]:
    """Look at every minute of two years: when the people change, and to whom."""
    begins = [(mark - EPOCH.replace(tzinfo=None)) // MINUTE for mark, _ in marks]
    place, changes = -1, []
    people: tuple[str, ...] | None = None
    for minute, wall in enumerate(wall_minutes(zone)):
        while place + 1 < len(begins) and begins[place + 1] <= wall:
            place += 1
        now = marks[place][1] if place >= 0 else ()
        if now != people:
            changes.append((FIRST + minute * MINUTE, now))
            people = now
    return changes


def told(asked: Rota) -> list[Change]:
    return [(instant, now.people) for instant, now in asked.stretches(FIRST, LAST)]


def wall(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


@pytest.mark.parametrize("zone", ZONES)
def test_turns_and_shifts_are_right_in_every_minute_of_two_years(zone: str) -> None:
    days = [date(2025, 12, 28) + timedelta(days=n) for n in range(740)]
    start = date(2026, 1, 4)
    every_third = [d for d in days if d >= start and (d - start).days % 3 == 0]
    marks: Marks = [(wall(d, "02:15"), (("a", "b"), ("c",))[n % 2]) for n, d in enumerate(every_third)]
    assert told(rota(turns("a b", "c", start="2026-01-04", days=3, hand_over="02:15"), zone)) == oracle(marks, zone)

    saturdays = {"00:00-02:30": "a", "02:30-00:30": "b c"}
    sundays = {"00:30-01:30": "c", "02:30-03:00": "d", "23:30-00:00": "a"}
    marks = []
    for d in days:
        if d.weekday() == 5:
            marks += [(wall(d, "00:00"), ("a",)), (wall(d, "02:30"), ("b", "c"))]
        if d.weekday() == 6:
            marks += [(wall(d, "00:30"), ("c",)), (wall(d, "01:30"), ()), (wall(d, "02:30"), ("d",))]
            marks += [(wall(d, "03:00"), ()), (wall(d, "23:30"), ("a",)), (wall(d + timedelta(days=1), "00:00"), ())]
    assert told(rota(weekly(sat=saturdays, sun=sundays), zone)) == oracle(marks, zone)


rotas = st.builds(
    lambda zone, crews, days, quarter: rota(
        Turns(tuple(tuple(c.split()) for c in crews), date(2026, 1, 4), days, time(quarter // 4, quarter % 4 * 15)),
        zone,
    ),
    st.sampled_from(ZONES),
    st.lists(st.sampled_from(["a", "b", "a b", "c a", ""]), min_size=1, max_size=4),
    st.integers(1, 9),
    st.integers(0, 95),
)
quarters = st.integers(40, 96 * 700).map(lambda n: FIRST + n * timedelta(minutes=15))
spans = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abcd"), st.integers(-90, 90), st.integers(1, 200)), max_size=3
)


@settings(deadline=None, max_examples=25)
@given(asked=rotas, when=quarters, spans=spans)
def test_until_is_the_first_minute_with_somebody_else(
    asked: Rota, when: datetime, spans: list[tuple[str, str, int, int]]
) -> None:
    swaps = [
        Swap("doctors", out, into, when + start * HOUR, when + (start + hours) * HOUR)
        for out, into, start, hours in spans
    ]
    now = asked.on_call(when, swaps)
    later = (when + timedelta(minutes=15 * n) for n in range(1, 4 * 96))
    changed = next((t for t in later if _differ(asked.on_call(t, swaps), now)), None)
    if changed is None:
        assert now.until is None or now.until >= when + timedelta(days=4) - timedelta(minutes=15)
    else:
        assert now.until == changed


def _differ(one: OnCall, other: OnCall) -> bool:
    return (one.people, one.hole) != (other.people, other.hole)


@pytest.mark.parametrize(
    ("when", "people", "until"),
    [
        ("2026-01-05T07:59", (), "2026-01-05T08:00"),
        ("2026-01-05T08:00", ("rictor",), "2026-01-12T08:00"),
        ("2026-01-12T07:59", ("rictor",), "2026-01-12T08:00"),
        ("2026-01-12T08:00", ("okafor", "rictor"), "2026-01-19T08:00"),
        ("2026-01-19T08:00", ("rictor",), "2026-01-26T08:00"),
    ],
)
def test_people_take_turns_from_the_start_date_on(when: str, people: tuple[str, ...], until: str) -> None:
    now = rota(turns("rictor", "okafor rictor")).on_call(at(when))
    assert (now.people, now.until) == (people, at(until))


def test_a_hand_over_in_the_hour_that_comes_twice_happens_once() -> None:
    nights = rota(turns("rictor", "okafor", start="2026-11-01", days=1, hand_over="01:30"))
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert nights.on_call(first - MINUTE).people == ()
    assert nights.on_call(first).people == ("rictor",)
    assert nights.on_call(first + timedelta(minutes=45)).people == ("rictor",)  # 01:15 for the second time
    assert nights.on_call(first).until == at("2026-11-02T01:30")


def test_a_hand_over_in_the_hour_that_is_skipped_happens_when_the_clocks_move() -> None:
    nights = rota(turns("rictor", "okafor", start="2026-03-07", days=1, hand_over="02:30"))
    assert nights.on_call(at("2026-03-08T01:59")).until == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert moment(date(2011, 12, 30), time(12), ZoneInfo("Pacific/Apia")) == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_weekly_shifts_run_over_midnight_and_leave_holes() -> None:
    plan = weekly(fri={"17:00-08:00": "rictor okafor"}, sat={"08:00-08:00": "okafor"})
    now = rota(plan).on_call(at("2026-01-10T03:00"))
    assert (now.people, now.until, now.because) == (
        ("rictor", "okafor"),
        at("2026-01-10T08:00"),
        "shift Fri 17:00-08:00",
    )
    assert rota(plan).on_call(at("2026-01-11T07:59")).people == ("okafor",)
    hole = rota(plan).on_call(at("2026-01-11T08:00"))
    assert (hole.people, hole.until) == ((), at("2026-01-16T17:00"))


def test_the_backup_comes_last_and_stands_in_for_an_empty_shift() -> None:
    plan = weekly(fri={"17:00-08:00": "rictor"}, sat={"08:00-18:00": "okafor"})
    asked = rota(plan, backup="okafor")
    assert asked.on_call(at("2026-01-09T18:00")).people == ("rictor", "okafor")
    assert asked.on_call(at("2026-01-10T09:00")).people == ("okafor",)
    assert "the backup alone" in asked.on_call(at("2026-01-12T09:00")).because


def test_a_swap_puts_one_in_the_place_of_the_other_for_its_time() -> None:
    asked, made = rota(turns("rictor", "okafor")), swap("rictor", "okafor", "2026-01-06T12:00", "2026-01-07T12:00")
    assert asked.on_call(at("2026-01-06T11:59"), [made]).until == made.start
    during = asked.on_call(at("2026-01-06T12:00"), [made])
    assert (during.people, during.until) == (("okafor",), made.end)
    assert during.because.endswith("okafor for rictor (swap 7 by mills: family)")
    assert asked.on_call(at("2026-01-07T12:00"), [made]).people == ("rictor",)


def test_swaps_hold_in_their_order_after_those_of_the_file_and_only_in_their_rota() -> None:
    times = ("2026-01-06T12:00", "2026-01-07T12:00")
    asked = rota(turns("rictor", "okafor"), swaps=(swap("rictor", "okafor", *times),))
    other = Swap("nurses", "okafor", "mills", at(times[0]), at(times[1]))
    assert asked.on_call(at(times[0]), [other]).people == ("okafor",)
    assert asked.on_call(at(times[0]), [other, swap("okafor", "diaz", *times)]).people == ("diaz",)


def test_who_is_backup_already_moves_up() -> None:
    made = swap("rictor", "okafor", "2026-01-06T12:00", "2026-01-07T12:00")
    assert rota(turns("rictor"), backup="okafor diaz").on_call(made.start, [made]).people == ("okafor", "diaz")


def test_a_swap_far_ahead_is_seen() -> None:
    made = swap("rictor", "okafor", "2026-12-24T00:00", "2026-12-27T00:00")
    assert rota(turns("rictor")).on_call(at("2026-01-06T12:00"), [made]).until == made.start
    assert rota(turns("rictor")).on_call(at("2026-12-28T12:00"), [made]).until is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        rota(turns("rictor")).on_call(datetime(2026, 1, 5))  # noqa: DTZ001 a naive time is what is tested


@settings(deadline=None, max_examples=25)
@given(asked=rotas, times=st.lists(quarters, min_size=2, max_size=12), spans=spans)
def test_what_was_asked_before_does_not_change_an_answer(
    asked: Rota, times: list[datetime], spans: list[tuple[str, str, int, int]]
) -> None:
    swaps = tuple(
        Swap("doctors", out, into, times[0] + start * HOUR, times[0] + (start + hours) * HOUR)
        for out, into, start, hours in spans
    )
    for when in (*times, *sorted(times), *reversed(times)):
        for known in (swaps, swaps[:1]):
            assert asked.on_call(when, known) == replace(asked).on_call(when, known)


def test_turns_that_begin_later_than_the_plan_repeats_itself_are_in_sight() -> None:
    later = rota(turns("a", start="2026-06-01"))
    assert later.on_call(at("2026-01-01T12:00")).until == at("2026-06-01T08:00")
