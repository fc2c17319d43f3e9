"""Times as a telephone says them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx.domain.spoken import spoken_day, spoken_moment, spoken_time

EASTERN = "America/New_York"
NOW = datetime(2026, 11, 23, 17, 10, tzinfo=ZoneInfo(EASTERN))


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(EASTERN))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-23T18:00", "today, Monday, November 23, at 6 PM"),
        ("2026-11-24T09:00", "tomorrow, Tuesday, November 24, at 9 AM"),
        ("2026-11-25T09:30", "Wednesday, November 25, at 9:30 AM"),
        ("2026-11-25T12:00", "Wednesday, November 25, at noon"),
        ("2026-11-25T12:05", "Wednesday, November 25, at 12:05 PM"),
        ("2026-11-25T00:05", "Wednesday, November 25, at 12:05 AM"),
        ("2026-11-24T00:00", "the end of today, Monday, November 23"),
        ("2026-11-25T00:00", "the end of tomorrow, Tuesday, November 24"),
        ("2026-11-28T00:00", "the end of Friday, November 27"),
        ("2026-12-31T23:59", "Thursday, December 31, at 11:59 PM"),
        ("2027-01-01T00:00", "the end of Thursday, December 31"),
        ("2027-01-04T08:00", "Monday, January 4, 2027, at 8 AM"),
    ],
)
def test_a_moment_is_told_with_its_day_and_the_year_only_where_it_is_another(at: str, said: str) -> None:
    assert spoken_moment(eastern(at), NOW, EASTERN) == said


def test_the_clock_is_the_one_on_the_listeners_wall() -> None:
    at = datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert spoken_moment(at, NOW, EASTERN) == "today, Monday, November 23, at 9 PM"
    assert spoken_moment(at, NOW, "Pacific/Auckland") == "today, Tuesday, November 24, at 3 PM"


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 12, 31), "tomorrow, Friday, January 1, 2027"),
        (date(2027, 1, 1), "today, Friday, January 1"),
        (date(2027, 1, 2), "Friday, January 1"),
    ],
)
def test_a_day_at_the_turn_of_the_year(today: date, said: str) -> None:
    assert spoken_day(date(2027, 1, 1), today) == said


def test_twelve_is_noon_and_midnight() -> None:
    times = [spoken_time(datetime(2026, 1, 1, hour, tzinfo=UTC)) for hour in (0, 1, 11, 12, 13, 23)]
    assert times == ["midnight", "1 AM", "11 AM", "noon", "1 PM", "11 PM"]


def test_every_minute_of_a_day_is_said_differently() -> None:
    day = datetime(2026, 6, 1, tzinfo=UTC)
    said = {spoken_time(day.replace(hour=hour, minute=minute)) for hour in range(24) for minute in range(60)}
    assert len(said) == 24 * 60
