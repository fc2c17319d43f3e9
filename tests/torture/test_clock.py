"""Clocks are set under real calls, and stand at the nights on which they change: by `make torture` alone."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx.asterisk.plans import Plans
from pbx.config.load import load
from pbx.database import open_records
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.practice import DAY_LINE, EVENING_LINE
from pbx.domain.call import CallRecord
from pbx.domain.facts import NO_FACTS
from pbx.domain.safe_plan import course_at
from tests.e2e.conftest import PatientMaker
from tests.kit.asterisk import CLOSED_TONE, PROMPT_SECONDS, Pbx, running
from tests.kit.clock import Clock, changes_of
from tests.kit.network import until
from tests.torture.accounts import Troubles, reconcile, told_of
from tests.torture.caller import Caller
from tests.torture.clocks import HALVES, calm, halves, is_speaking, lines_by_halves
from tests.torture.settling import settled
from tests.torture.world import World, world

pytestmark = pytest.mark.timeout(400)

ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe")
"""Lord Howe Island's clocks change by half an hour."""

MINUTES = (-75, -45, -15, 5, 20, 35, 50, 80)
"""From a change of the clocks: each half of the hours around it, and both halves of the hour that comes twice."""

STEPS = (timedelta(hours=-1), timedelta(hours=1), timedelta(days=1), timedelta(days=-1))

_LINE = """
[schedules.halves-{n}]
timezone = "{zone}"
open = {{ daily = {ranges} }}

[numbers."{line}"]
label = "{zone}"
schedule = "halves-{n}"
open = [{{ ring = "rictor", seconds = 5 }}, {{ voicemail = "rictor", greeting = "busy" }}]
closed = [{{ voicemail = "rictor", greeting = "closed" }}]
"""

SERVED_WITHIN = 5.0
BOTH_GREETINGS = 2 * PROMPT_SECONDS + 0.15
"""Seconds of sound after which a caller has heard both prompts, and the tone has begun."""


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def set_clock(tmp_path: Path) -> Clock:
    """One that is set: what was written before is not moved with it."""
    return Clock(tmp_path / "clock", ages=False)


@pytest.fixture
def pbx(tmp_path: Path, clock: Clock) -> Iterator[Pbx]:
    with running(tmp_path / "pbx", lines_by_halves(*ZONES), clock=clock) as pbx:
        yield pbx


def nights(after: datetime) -> list[tuple[str, datetime]]:
    """The changes of the clocks in all zones, in order; each with its zone."""
    return sorted(((zone, at) for zone in ZONES for at in changes_of(zone, after)), key=lambda night: night[1])


async def log_of(made: World) -> list[CallRecord]:
    """All calls, the newest first."""
    async with open_records(load(made.practice.file).settings, made.layout) as records:
        return list(await records.calls.calls(None, None, 10_000))


def _spooled(made: World) -> list[Path]:
    return [p for folder in (made.layout.spool, made.layout.spare) for p in folder.glob("*.*") if p.name[0] != "."]


def _are_told(made: World, messages: int) -> bool:
    return len(told_of(made)) >= messages


async def planned(pbx: Pbx, at: datetime) -> None:
    """Plan as a controller does that is there at `at` for the last time."""
    await Plans(pbx.layout.plans, lambda: pbx.policy, lambda: NO_FACTS, calm, lambda: at).look()


async def test_without_a_controller_the_dialplan_follows_the_hours_through_every_change_of_the_clocks(
    pbx: Pbx, clock: Clock, a_patient: PatientMaker
) -> None:
    patients = [await a_patient(f"+1215555017{n}") for n in range(len(HALVES))]
    wrong, calls = [], 0
    for zone, change in nights(datetime.now(UTC)):
        await planned(pbx, change - timedelta(hours=2))
        for at, shown, is_open in halves(zone, change, MINUTES):
            clock.stand_at(at)
            for patient, line in zip(patients, HALVES, strict=True):
                await patient.dial(pbx.server, line)
            for patient, line, its_zone in zip(patients, HALVES, ZONES, strict=True):
                await patient.hears_more(BOTH_GREETINGS, 15)
                await patient.hang_up()
                await patient.call_ends(5)
                heard = seconds_of_tone(patient.heard, CLOSED_TONE) < PROMPT_SECONDS / 2
                by_schedule = bool(course_at(pbx.policy, pbx.policy.numbers[line], at).rings)
                by_the_wall = at.astimezone(ZoneInfo(its_zone)).minute >= 30
                assert its_zone != zone or by_the_wall == is_open
                calls += 1
                if not heard == by_schedule == by_the_wall:
                    wrong.append((zone, shown, its_zone, heard, by_schedule, by_the_wall))
    assert wrong == []
    assert calls == 2 * len(ZONES) * len(MINUTES) * len(HALVES)


async def test_the_whole_server_decides_and_logs_rightly_through_every_change_of_the_clocks(
    tmp_path: Path, clock: Clock
) -> None:
    ranges = json.dumps([f"{hour:02}:30-{hour + 1:02}:00" for hour in range(24)])
    more = "".join(
        _LINE.format(n=n, zone=zone, line=line, ranges=ranges)
        for n, (line, zone) in enumerate(zip(HALVES, ZONES, strict=True))
    )
    expected: list[tuple[datetime, str, bool]] = []
    clock.stand_at(nights(datetime.now(UTC))[0][1] - timedelta(hours=2))
    async with world(tmp_path, disk=False, clock=clock, more=more) as made:
        for zone, change in nights(datetime.now(UTC)):
            for at, _, is_open in halves(zone, change, MINUTES):
                clock.stand_at(at)
                caller = Caller(made.practice.sip, f"+1215{len(expected) + 2_000_000:07d}",
                                HALVES[ZONES.index(zone)], random.Random(1), 0.0)  # fmt: skip
                account = await caller.call(early=True)
                assert account.status == 200
                expected.append((at, caller.number, is_open))
        await until(lambda: not _spooled(made), 60, "all calls in the log")
        calls = await log_of(made)
        _judge(expected, list(reversed(calls)))
        assert "was killed" not in made.server.log.read_text(encoding="utf-8")


def _judge(expected: list[tuple[datetime, str, bool]], calls: list[CallRecord]) -> None:
    assert [call.caller.number for call in calls] == [number for _, number, _ in expected], "in the order of the calls"
    assert len({call.id for call in calls}) == len(calls)
    for call, (at, _, is_open) in zip(calls, expected, strict=True):
        assert timedelta() <= call.started_at - at < timedelta(seconds=5)
        assert call.reason == ("in-hours" if is_open else "outside-hours")
        assert call.ended_at is not None and call.started_at <= call.ended_at


async def test_clocks_that_are_set_in_the_middle_of_messages_cost_nothing_and_hold_nothing_up(
    tmp_path: Path, set_clock: Clock
) -> None:
    numbers, accounts = (f"+1215{n + 3_000_000:07d}" for n in itertools.count()), []
    async with world(tmp_path, disk=False, clock=set_clock) as made:
        controller, offset = made.controller, timedelta()
        for step in STEPS:
            offset += step
            callers = [
                Caller(made.practice.sip, next(numbers), line, random.Random(str(step)), seconds)
                for line, seconds in ((EVENING_LINE, 5.0), (EVENING_LINE, 5.0), (DAY_LINE, 12.0))
            ]
            async with is_speaking(made.layout, len(callers), partial(set_clock.move, offset)):
                accounts += await asyncio.gather(*(caller.call(early=False) for caller in callers))
            after = await Caller(made.practice.sip, next(numbers), EVENING_LINE, random.Random(1), 0.0).call(early=True)
            accounts.append(after)
            assert after.answered_at is not None and after.answered_at - after.dialled_at < SERVED_WITHIN
            kept = sum(account.tone_at is not None for account in accounts)
            await until(lambda: not _spooled(made), 60, f"all calls in the log after {step}")
            await until(partial(_are_told, made, kept), 60, f"all messages told of after {step}")
            assert await made.server.is_ready()
        await settled(made)
        findings = await reconcile(made, accounts, Troubles())
        assert findings.as_json()["wrong"] == {}
        assert (findings.messages, findings.torn) == (3 * len(STEPS), 0)
        calls = await log_of(made)
        assert len({call.id for call in calls}) == len(calls) == len(accounts)
        assert all(call.ended_at is not None and call.started_at <= call.ended_at for call in calls)
        assert made.controller == controller, "nobody took a step of the clock for a controller that hangs"
