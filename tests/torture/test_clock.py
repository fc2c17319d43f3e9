"""Asterisk's clock is set while calls are in progress, and stands at the hours that come twice or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from agi.server import serve
from pbx.asterisk.plans import Plans
from pbx.demo.hearing import seconds_of_tone
from pbx.domain.facts import NO_FACTS
from pbx.domain.policy import Number, Policy, Ring, Voicemail
from pbx.domain.safe_plan import course_at
from pbx.domain.schedule import Range, Schedule
from tests.e2e.conftest import SPOKEN, PatientMaker
from tests.kit.asterisk import CLOSED_TONE, DESK, NIGHT_DID, PROMPT_SECONDS, Pbx, a_practice, is_whole, prepared
from tests.kit.controllers import PlainRouter

pytestmark = pytest.mark.timeout(120)

Words = Callable[[float], Awaitable[Path]]
LINE = "+17175550130"
ZONE = "America/New_York"
STEPS = (timedelta(hours=-1), timedelta(hours=1), timedelta(days=1), timedelta(days=-1))

OCTOBER = tuple(datetime(2027, 11, 7, hour, minute, tzinfo=UTC) for hour in (4, 5, 6, 7) for minute in (15, 45))
"""A quarter past and to each hour of a New York night in which 01:00 to 02:00 comes twice (at 06:00 UTC)."""
MARCH = tuple(datetime(2028, 3, 12, hour, minute, tzinfo=UTC) for hour in (5, 6, 7, 8) for minute in (15, 45))
"""The same of one in which 02:00 to 03:00 is skipped (at 07:00 UTC)."""


@dataclass(frozen=True)
class Clock:
    """Asterisk's, as an offset from the machine's; it looks at the file each second."""

    file: Path

    async def move(self, by: timedelta) -> None:
        self.file.write_text(f"{by.total_seconds():+.0f}\n", encoding="utf-8")
        await asyncio.sleep(1.5)  # what is asked of Asterisk does not show when it has looked

    async def stand_at(self, at: datetime) -> None:
        await self.move(at - datetime.now(UTC))


def _policy() -> Policy:
    """A line that is open from half past to the full hour, each hour of the night, on the clock of New York."""
    plain = a_practice(ring_seconds=3)
    halves = tuple(Range(time(hour, 30), time(hour + 1)) for hour in range(6))
    schedule = Schedule("halves", ZONE, dict.fromkeys(range(7), halves))
    opened, closed = (Ring("rictor", (DESK,), 3), Voicemail("rictor")), (Voicemail("rictor", "after-hours"),)
    return replace(plain, numbers={**plain.numbers, LINE: Number(LINE, "Halves", schedule, opened, closed)})


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    file = tmp_path_factory.mktemp("clock") / "clock"
    file.write_text("+0\n", encoding="utf-8")
    return Clock(file)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Pbx]:
    pbx = prepared(tmp_path_factory.mktemp("pbx"), _policy(), clock=clock.file)
    asyncio.run(_start(pbx))
    try:
        yield pbx
    finally:
        asyncio.run(pbx.process.stop(0))


async def _start(pbx: Pbx) -> None:
    await pbx.process.start()


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_clock_that_is_set_in_the_middle_of_a_message_costs_none_of_what_was_said_before_and_no_later_call(
    step: timedelta, pbx: Pbx, clock: Clock, a_patient: PatientMaker, words: Words
) -> None:
    await clock.move(timedelta())
    async with serve(PlainRouter(pbx.policy), "127.0.0.1", pbx.agi_port):
        patient, known = await a_patient(), set(pbx.calls())
        await patient.dial(pbx.server, NIGHT_DID)
        await patient.hears_beep(15)
        await patient.says(await words(2.5))
        await clock.move(step)
        await patient.hang_up()
        call = await pbx.next_ended(known, within=15)
        assert [is_whole(path, 1.5, SPOKEN) for path in call.recordings] == [True]
        after = await a_patient()
        known = set(pbx.calls())
        await after.dial(pbx.server, NIGHT_DID)
        await after.hears_beep(15)
        await after.hang_up()
        again = await pbx.next_ended(known)
    assert again.call != call.call
    assert len(again.recordings) == 1
    await pbx.is_quiet()


@pytest.mark.parametrize("night", [OCTOBER, MARCH], ids=["an hour twice", "an hour skipped"])
async def test_on_a_night_when_the_clocks_change_the_dialplan_does_by_itself_what_a_decision_would_be(
    night: tuple[datetime, ...], pbx: Pbx, clock: Clock, a_patient: PatientMaker
) -> None:
    async def calm() -> None:
        return

    begins = night[0] - timedelta(hours=1)
    await Plans(pbx.layout.plans, lambda: pbx.policy, lambda: NO_FACTS, calm, lambda: begins).look()
    number, opened = pbx.policy.numbers[LINE], []
    for at in night:
        await clock.stand_at(at)
        patient, known = await a_patient(), set(pbx.calls())
        await patient.dial(pbx.server, LINE)
        await patient.hears_beep(15)
        await patient.hang_up()
        assert (await pbx.next_ended(known)).safe
        # No phone is registered, so an open line goes on to its own greeting at once.
        opened.append(seconds_of_tone(patient.heard, CLOSED_TONE) < PROMPT_SECONDS / 2)
        assert opened[-1] == bool(course_at(pbx.policy, number, at).rings)
    assert opened == [at.minute == 45 for at in night]
