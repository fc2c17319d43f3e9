"""Asterisk's clock is set in the middle of a message, and calls come in the hour that comes twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from agi.server import serve
from pbx.asterisk.plans import Plans
from pbx.demo.hearing import seconds_of_tone
from pbx.domain.facts import NO_FACTS
from tests.e2e.conftest import PatientMaker
from tests.kit.asterisk import CLOSED_TONE, NIGHT_DID, PROMPT_SECONDS, Pbx, running
from tests.kit.clock import Clock, changes_of
from tests.kit.controllers import PlainRouter
from tests.torture.caller import Account, Caller
from tests.torture.clocks import HALVES, calm, halves, is_speaking, lines_by_halves
from tests.torture.voice import PACKET_SECONDS, Found, found_in

pytestmark = pytest.mark.timeout(60)

LONGEST_SECONDS = 6
PATIENT = "+12155550142"
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock") / "clock")


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Pbx]:
    policy = lines_by_halves(ZONE, longest_seconds=LONGEST_SECONDS)
    with running(tmp_path_factory.mktemp("pbx"), policy, clock=clock) as pbx:
        yield pbx


async def _message_through(step: timedelta, seconds: float, pbx: Pbx, clock: Clock) -> tuple[Account, Found]:
    """A patient speaks for so long, and after two seconds the clock is set; what was recorded."""
    clock.move(timedelta())
    known = set(pbx.calls())
    async with serve(PlainRouter(pbx.policy), "127.0.0.1", pbx.agi_port):
        caller = Caller(pbx.server, PATIENT, NIGHT_DID, random.Random(step.days), seconds)
        async with is_speaking(pbx.layout, 1, lambda: clock.move(step)):
            account = await caller.call(early=False)
        call = await pbx.next_ended(known)
    [recording] = call.recordings
    found = found_in(PATIENT, account.sent, recording.read_bytes()[44:])
    assert found is not None
    assert (found.jumps, found.strange) == (0, 0), "all packets, in order, and nothing between them"
    assert (found.first - account.tone_packet) * PACKET_SECONDS < 0.3
    return account, found


async def test_a_clock_set_forward_ends_no_message_before_its_time_and_the_limit_still_holds(
    pbx: Pbx, clock: Clock
) -> None:
    account, found = await _message_through(timedelta(hours=1), LONGEST_SECONDS + 5, pbx, clock)
    assert account.by_server
    assert LONGEST_SECONDS - 1.5 < found.count * PACKET_SECONDS < LONGEST_SECONDS + 0.5


async def test_a_clock_set_back_costs_nothing_of_a_message_and_the_next_call_is_served(pbx: Pbx, clock: Clock) -> None:
    account, found = await _message_through(timedelta(days=-1), 3.0, pbx, clock)
    assert (account.sent - 1 - found.last) * PACKET_SECONDS < 0.4
    known = set(pbx.calls())
    async with serve(PlainRouter(pbx.policy), "127.0.0.1", pbx.agi_port):
        after = await Caller(pbx.server, PATIENT, NIGHT_DID, random.Random(1), 0.0).call(early=True, within=5)
    assert after.status == 200
    again = await pbx.next_ended(known)
    assert len({*known, again.call}) == len(known) + 1


async def test_in_the_hour_that_comes_twice_the_dialplan_by_itself_follows_the_hours(
    pbx: Pbx, clock: Clock, a_patient: PatientMaker
) -> None:
    [line] = HALVES[:1]
    back = next(at for at in changes_of(ZONE, clock.now()) if at.month > 6)
    await Plans(pbx.layout.plans, lambda: pbx.policy, lambda: NO_FACTS, calm, lambda: back - timedelta(hours=2)).look()
    patient, opened, local = await a_patient(), [], []
    for at, shown, is_open in halves(ZONE, back, (-45, -15, 15, 45)):
        clock.stand_at(at)
        await patient.dial(pbx.server, line)
        await patient.hears_beep(15)
        await patient.hang_up()
        await patient.call_ends(5)
        opened.append((seconds_of_tone(patient.heard, CLOSED_TONE) < PROMPT_SECONDS / 2, is_open))
        local.append(shown)
    assert local == ["01:15", "01:45", "01:15", "01:45"]
    assert opened == [(False, False), (True, True)] * 2
