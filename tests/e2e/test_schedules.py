"""What a caller meets on a date that is not like the others: real server, real calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pbx.demo.hearing import seconds_of_tone
from pbx.demo.practice import DAY_LINE
from tests.e2e.conftest import SPOKEN, PatientMaker
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(120)

HOURS = '[schedules.office]\nopen = { daily = "09:00-17:00" }\n'
EVENT = """\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//tests//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:{first:%Y%m%d}\r
DTEND;VALUE=DATE:{last:%Y%m%d}\r
END:VEVENT\r
END:VCALENDAR\r
"""
Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def yesterday() -> date:
    """Wherever the practice is, today lies between this and the day after tomorrow."""
    return datetime.now(UTC).date() - timedelta(days=1)


async def test_on_an_exceptions_date_callers_hear_its_greeting(
    office: Office, yesterday: date, a_patient: PatientMaker, words: Words
) -> None:
    exception = (
        f'[[schedules.office.exceptions]]\non = "{yesterday}..{yesterday + timedelta(days=2)}"\n'
        f'closed = true\ngreeting = "party"\n[greetings.party]\nfile = "{await words(4)}"\n'
    )
    office.edit(HOURS, HOURS + exception)
    assert (await office.secondline("reload")).status == 0
    patient = await a_patient("+12155550301")
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=40)
    await patient.hang_up()
    assert seconds_of_tone(patient.heard, SPOKEN) > 3
    assert (await office.call_from("+12155550301"))["reason"] == "closed-date"
    office.edit(exception, "")


async def test_a_calendar_closes_the_line_and_goes_on_to_when_it_is_spoilt(
    office: Office, yesterday: date, a_patient: PatientMaker
) -> None:
    calendar = office.practice.file.parent / "vacation.ics"
    calendar.write_text(EVENT.format(first=yesterday, last=yesterday + timedelta(days=3)), encoding="utf-8")
    office.edit(HOURS, f'{HOURS}closed_calendar = "vacation.ics"\n')
    await _reload_and_see(office, ok=True)
    await _is_closed(office, await a_patient("+12155550302"), "+12155550302")
    calendar.write_text("not a calendar", encoding="utf-8")
    assert "its last good copy holds" in (await _reload_and_see(office, ok=False))["detail"]
    await _is_closed(office, await a_patient("+12155550303"), "+12155550303")
    assert "BAD calendar office.closed_calendar" in (await office.secondline("status")).out


async def _reload_and_see(office: Office, ok: bool) -> dict[str, Any]:
    assert (await office.secondline("reload")).status == 0
    async with asyncio.timeout(15):
        while True:
            states = (await office.secondline("status", "--json")).json["calendars"]
            state: dict[str, Any] | None = states.get("office.closed_calendar")
            if state and state["ok"] is ok:
                return state
            await asyncio.sleep(0.2)


async def _is_closed(office: Office, patient: Any, number: str) -> None:
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(within=10)
    await patient.hang_up()
    call = await office.call_from(number)
    assert (call["reason"], call["outcome"]) == ("closed-date", "hung-up-during-greeting")
