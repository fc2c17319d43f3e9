"""What the events of a calendar say of a schedule's hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pbx.config.calendars import CalendarSource, CalendarUnreadable
from pbx.domain.schedule import Calendar
from tests.unit.config.conftest import Load, Problems

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SOURCE = CalendarSource("office", "open_calendar", "America/New_York", Path("hours.ics"), None)
HOURS = 'open = { mon-thu = "09:00-17:00" }'


def ics(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20260101T000000Z\n{e}\nEND:VEVENT\n" for n, e in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str) -> Calendar:
    return SOURCE.read(ics(*events), NOW)


def new_york(*events: tuple[datetime, datetime]) -> list[str]:
    zone = ZoneInfo("America/New_York")
    return [f"{a.astimezone(zone):%d %b %H:%M}-{b.astimezone(zone):%d %b %H:%M}" for a, b in events]


def test_a_whole_day_is_one_of_the_schedules_zone() -> None:
    found = read("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261226\nTRANSP:TRANSPARENT")
    assert new_york(*found.events) == ["24 Dec 00:00-26 Dec 00:00"]


@pytest.mark.parametrize(
    "times",
    [
        "DTSTART:20261224T140000Z\nDTEND:20261224T170000Z",
        "DTSTART:20261224T090000\nDTEND:20261224T120000",
        "DTSTART;TZID=America/New_York:20261224T090000\nDURATION:PT3H",
        "DTSTART;TZID=Europe/Berlin:20261224T150000\nDTEND;TZID=Europe/Berlin:20261224T180000",
    ],
)
def test_times_are_read_in_utc_in_their_zone_or_in_the_schedules(times: str) -> None:
    assert new_york(*read(times).events) == ["24 Dec 09:00-24 Dec 12:00"]


def test_an_event_that_repeats_keeps_its_time_on_the_wall_when_the_clocks_change() -> None:
    event = (
        "DTSTART;TZID=America/New_York:20270312T090000\nDTEND;TZID=America/New_York:20270312T120000\n"
        "RRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=America/New_York:20270313T090000"
    )
    assert new_york(*read(event).events) == [f"{day} Mar 09:00-{day} Mar 12:00" for day in (12, 14, 15)]


def test_events_that_touch_are_one_and_those_that_were_called_off_none() -> None:
    found = read(
        "DTSTART:20261124T140000Z\nDTEND:20261124T170000Z",
        "DTSTART:20261124T170000Z\nDTEND:20261124T180000Z",
        "DTSTART:20261124T150000Z\nDTEND:20261124T160000Z",
        "DTSTART:20261125T150000Z\nDTEND:20261125T160000Z\nSTATUS:CANCELLED",
        "DTSTART:20261126T150000Z\nDTEND:20261126T150000Z",
    )
    assert new_york(*found.events) == ["24 Nov 09:00-24 Nov 13:00"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Sign in</html>",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        ics("DTSTART:20261124T140000Z\nDTEND:20261124T140001Z\nRRULE:FREQ=SECONDLY"),
        ics("DTSTART:tomorrow"),
    ],
)
def test_what_is_no_calendar_is_refused_with_a_reason_that_holds_nothing_of_it(content: bytes) -> None:
    with pytest.raises(CalendarUnreadable) as refused:
        SOURCE.read(content, NOW)
    assert "tomorrow" not in str(refused.value) and "Sign" not in str(refused.value)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(ics("DTSTART:20261124T140000Z\nRRULE:FREQ=DAILY").decode().split("\r\n"))), st.binary())
@example([], b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=:1\r\n")
def test_whatever_a_calendar_holds_it_is_read_or_refused(lines: list[str], junk: bytes) -> None:
    try:
        SOURCE.read("\r\n".join(lines).encode() + junk, NOW)
    except CalendarUnreadable as refused:
        assert str(refused)


def test_calendars_are_files_beside_the_file_or_safe_addresses(loaded: Load, tmp_path: Path) -> None:
    more = f'{HOURS}\nopen_calendar = "hours.ics"\nclosed_calendar = "webcal://cal.example/secret"'
    practice = loaded((HOURS, more))
    opens, closes = practice.calendars
    assert (opens.id, opens.file, opens.address) == ("office.open_calendar", tmp_path / "hours.ics", None)
    assert (closes.id, closes.file, closes.address) == ("office.closed_calendar", None, "https://cal.example/secret")


@pytest.mark.parametrize("address", ["http://cal.example/secret", "ftp://cal.example/secret", "https:///secret"])
def test_an_address_that_is_not_safe_is_refused_and_not_repeated(address: str, problems: Problems) -> None:
    [problem] = problems((HOURS, f'{HOURS}\nopen_calendar = "{address}"'))
    assert "schedules.office.open_calendar: is not a safe address" in problem and "secret" not in problem
