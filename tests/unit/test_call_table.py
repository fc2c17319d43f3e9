"""The call log as people read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pbx.output import on_the_wall

NEW_YORK = ZoneInfo("America/New_York")
HOWE = ZoneInfo("Australia/Lord_Howe")


def test_in_the_hour_that_comes_twice_the_log_says_which_one_is_meant() -> None:
    hours = [on_the_wall(datetime(2027, 11, 7, hour, 30, tzinfo=UTC), NEW_YORK) for hour in (4, 5, 6, 7)]
    assert hours == [
        "Sun 07 Nov 00:30:00",
        "Sun 07 Nov 01:30:00 EDT",
        "Sun 07 Nov 01:30:00 EST",
        "Sun 07 Nov 02:30:00",
    ]
    assert on_the_wall(datetime(2027, 4, 3, 14, 45, tzinfo=UTC), HOWE) == "Sun 04 Apr 01:45:00 +11"
    assert on_the_wall(datetime(2027, 4, 3, 15, 15, tzinfo=UTC), HOWE) == "Sun 04 Apr 01:45:00 +1030"


@given(st.integers(0, 365 * 86_400), st.sampled_from([NEW_YORK, HOWE]))
def test_no_two_hours_of_a_year_look_the_same(second: int, zone: ZoneInfo) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    wall = at.astimezone(zone)
    twin = wall.replace(fold=1 - wall.fold).astimezone(UTC)
    assert twin == at or on_the_wall(twin, zone) != on_the_wall(at, zone)
