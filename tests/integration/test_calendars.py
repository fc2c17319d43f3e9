"""Calendars that are fetched, copied and lost, and what holds then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from pbx.calendars import Calendars
from pbx.config.load import Practice, load
from pbx.domain.routing import Decision, Reason, decide
from tests.kit.server import secondline

ROOT = Path(__file__).parents[2]
LINE = "+17175550100"
VACATION = """\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//tests//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261124\r
DTEND;VALUE=DATE:20261126\r
SUMMARY:Secret of a patient\r
END:VEVENT\r
END:VCALENDAR\r
"""
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 15, tzinfo=UTC)


@dataclass
class Host:
    """A server for one calendar, on a secret path."""

    url: str = ""
    status: int = 200
    body: str = VACATION


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    given = Host()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=given.status, text=given.body)

    app = web.Application()
    app.router.add_get("/secret.ics", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    given.url = f"http://127.0.0.1:{port}/secret.ics"
    yield given
    await runner.cleanup()


def practice_with(tmp_path: Path, calendar: str) -> Practice:
    return load(file_with(tmp_path, calendar))


def file_with(tmp_path: Path, calendar: str) -> Path:
    file = tmp_path / "practice.toml"
    text = (ROOT / "docs" / "examples" / "solo.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("closed_on =", f"{calendar}\nclosed_on ="), encoding="utf-8")
    return file


async def decided(calendars: Calendars, practice: Practice, at: datetime) -> Decision:
    return decide(calendars.applied_to(practice.policy), LINE, at)


async def test_a_calendar_closes_the_line_and_its_copy_outlives_its_server(host: Host, tmp_path: Path) -> None:
    practice = practice_with(tmp_path, f'closed_calendar = "{host.url}"')
    calendars = Calendars(tmp_path / "calendars")
    await calendars.follow(practice.calendars, NOW)
    assert (await decided(calendars, practice, TUESDAY)).reason is Reason.IN_HOURS
    await calendars.refresh(NOW)
    decision = await decided(calendars, practice, TUESDAY)
    assert decision.reason is Reason.CLOSED_DATE
    assert decision.until == datetime(2026, 11, 27, 14, tzinfo=UTC)  # Thursday is a holiday
    assert "an event in schedules.office.closed_calendar" in decision.why[0]
    assert "Secret" not in " ".join(decision.why)
    host.status = 500
    await calendars.refresh(NOW)
    assert calendars.states["office.closed_calendar"].detail.endswith("status 500; its last good copy holds")
    later = Calendars(tmp_path / "calendars")
    await later.follow(practice.calendars, NOW)
    assert await decided(later, practice, TUESDAY) == decision


async def test_events_are_the_hours_and_without_them_the_weekly_hours_hold(host: Host, tmp_path: Path) -> None:
    practice = practice_with(tmp_path, f'open_calendar = "{host.url}"')
    calendars = Calendars(tmp_path / "calendars")
    await calendars.follow(practice.calendars, NOW)
    host.body = "<html>Please sign in</html>"
    await calendars.refresh(NOW)
    state = calendars.states["office.open_calendar"]
    assert not state.ok and state.detail.endswith("the weekly hours hold")
    assert (await decided(calendars, practice, NOW)).reason is Reason.IN_HOURS
    host.body = VACATION
    await calendars.refresh(NOW)
    assert calendars.states["office.open_calendar"].ok
    assert (await decided(calendars, practice, NOW)).reason is Reason.OUTSIDE_HOURS
    night = await decided(calendars, practice, datetime(2026, 11, 25, 4, tzinfo=UTC))
    assert (night.reason, night.until) == (Reason.IN_HOURS, datetime(2026, 11, 26, 5, tzinfo=UTC))


async def test_other_events_make_another_version_of_the_policy(host: Host, tmp_path: Path) -> None:
    practice = practice_with(tmp_path, f'closed_calendar = "{host.url}"')
    calendars = Calendars(tmp_path / "calendars")
    await calendars.follow(practice.calendars, NOW)
    versions = [calendars.applied_to(practice.policy).version]
    for body in (VACATION, VACATION, VACATION.replace("20261126", "20261127")):
        host.body = body
        await calendars.refresh(NOW)
        versions.append(calendars.applied_to(practice.policy).version)
    assert versions[1] == versions[2]
    assert len(set(versions)) == 3


async def test_no_address_and_no_title_reaches_the_log(
    host: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    practice = practice_with(tmp_path, f'closed_calendar = "{host.url}"')
    calendars = Calendars(tmp_path / "calendars")
    with caplog.at_level(logging.DEBUG, "pbx"):
        await calendars.follow(practice.calendars, NOW)
        for host.status in (200, 404):
            await calendars.refresh(NOW)
    assert "is read: 1 events" in caplog.text and "status 404" in caplog.text
    assert "secret" not in caplog.text.lower()


async def test_the_running_loop_reads_at_once_and_tells_of_it(host: Host, tmp_path: Path) -> None:
    practice = practice_with(tmp_path, f'closed_calendar = "{host.url}"')
    calendars = Calendars(tmp_path / "calendars")
    changed = asyncio.Event()
    loop = asyncio.create_task(calendars.run(changed.set))
    await calendars.follow(practice.calendars, NOW)
    async with asyncio.timeout(10):
        await changed.wait()
    assert calendars.states["office.closed_calendar"].ok
    loop.cancel()


async def test_check_and_explain_tell_what_a_calendar_does(tmp_path: Path) -> None:
    (tmp_path / "vacation.ics").write_text(VACATION, encoding="utf-8")
    file = file_with(tmp_path, 'closed_calendar = "vacation.ics"')
    checked = await secondline("check", "--config", str(file))
    assert "each event of its closed_calendar closes the line" in checked.out
    words = ("explain", "--config", str(file), "--to", LINE, "--at", "2026-11-24T10:00")
    assert "closed at Tue 24 Nov 2026 10:00" in (await secondline(*words)).out
    (tmp_path / "vacation.ics").unlink()
    checked = await secondline("check", "--config", str(file))
    assert (checked.status, "No such file or directory; until it can, nothing is closed by it" in checked.out) == (
        0,
        True,
    )
    said = await secondline(*words)
    assert "open at Tue 24 Nov 2026 10:00" in said.out
    assert "office.closed_calendar cannot be read" in said.err
