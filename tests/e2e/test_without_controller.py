"""With no controller at all the dialplan follows the hours and rings whoever is on call, from plans made before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from pbx.asterisk.plans import AHEAD, Plans, file_of
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import Patient
from pbx.domain.actions import Ring, RingOnCall, Voicemail
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.oncall import Rota, Swap, Turns
from pbx.domain.policy import Number, Policy
from pbx.domain.schedule import Range, Schedule
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import (
    CLOSED_TONE,
    DEFAULT_TONE,
    DESK,
    DID,
    EMERGENCY_TONE,
    NIGHT_DID,
    PROMPT_SECONDS,
    SHELF,
    Pbx,
    a_practice,
    is_whole,
    running,
)

pytestmark = pytest.mark.timeout(60)

Words = Callable[[float], Awaitable[Path]]
ON_CALL = "+17175550120"
LATER = "+17175550121"
RING_SECONDS = 3
_NEVER = date(2026, 1, 1)


def _policy() -> Policy:
    """A line by the hours of a schedule that the tests set, and one that rings whoever is on call."""
    plain = a_practice(ring_seconds=RING_SECONDS)
    ring, message, closed = (
        Ring("rictor", (DESK,), RING_SECONDS),
        Voicemail("rictor"),
        Voicemail("rictor", "after-hours"),
    )
    rota = Rota("doctors", "America/New_York", Turns((("rictor",),), _NEVER, 7, time(8)))
    numbers = (
        *plain.numbers.values(),
        Number(ON_CALL, "On call", None, (RingOnCall("doctors", 10), message), (closed,)),
        Number(LATER, "Hours", _open_from(datetime.now(UTC) + timedelta(hours=1)), (ring, message), (closed,)),
    )
    return replace(plain, numbers={number.e164: number for number in numbers}, rotas={"doctors": rota})


def _open_from(at: datetime) -> Schedule:
    """A schedule in UTC that opens at `at` for an hour, on each day."""
    opens, closes = at.time().replace(second=0, microsecond=0), (at + timedelta(hours=1)).time()
    hours = (Range(opens, closes.replace(second=0, microsecond=0)),)
    return Schedule("hours", "UTC", dict.fromkeys(range(7), hours))


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with running(tmp_path_factory.mktemp("pbx"), _policy()) as pbx:
        yield pbx


async def planned(pbx: Pbx, facts: Facts = NO_FACTS, at: datetime | None = None) -> None:
    """Plan as the controller does, which then is not there any more. `at` is when it was last."""

    async def calm() -> None:
        return

    now = at or datetime.now(UTC)
    await Plans(pbx.layout.plans, lambda: pbx.policy, lambda: facts, calm, lambda: now).look()


async def listens(patient: Patient, pbx: Pbx, did: str) -> None:
    """Dial, hear everything up to the tone, hang up."""
    await patient.dial(pbx.server, did)
    await patient.hears_beep(15)
    await patient.hang_up()


def heard(patient: Patient, hertz: float) -> bool:
    return seconds_of_tone(patient.heard, hertz) > PROMPT_SECONDS / 2


async def test_an_open_line_rings_its_phones_and_the_patient_is_joined_with_whoever_answers(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    await planned(pbx)
    patient, phone, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await phone.rings(5)
    await phone.answer()
    await patient.is_answered(5)
    await phone.hang_up()
    await patient.call_ends(5)
    call = await pbx.next_ended(known)
    assert (call.safe, call.end[4], call.recordings) == (True, DESK, ())
    assert not heard(patient, EMERGENCY_TONE)


async def test_whoever_is_on_call_rings_and_after_a_swap_the_other_one(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    now = datetime.now(UTC)
    swap = Swap("doctors", "rictor", "garcia", now - timedelta(hours=1), now + timedelta(hours=1), "Sam", "family", 1)
    phones = {name: await a_phone(name, pbx) for name in (DESK, SHELF)}
    for facts, expected in ((NO_FACTS, DESK), (Facts(swaps=(swap,)), SHELF)):
        await planned(pbx, facts)
        patient, known = await a_patient(), set(pbx.calls())
        await patient.dial(pbx.server, ON_CALL)
        await phones[expected].rings(5)
        await phones[expected].answer()
        await patient.is_answered(5)
        await patient.hang_up()
        call = await pbx.next_ended(known)
        assert (call.safe, call.end[4]) == (True, expected)


async def test_where_nobody_answers_the_open_lines_greeting_leads_to_a_whole_message(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    await planned(pbx)
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(15)
    await patient.says(await words(2.5))
    await patient.call_ends(15)
    call = await pbx.next_ended(known)
    assert heard(patient, EMERGENCY_TONE) and heard(patient, DEFAULT_TONE) and not heard(patient, CLOSED_TONE)
    assert [is_whole(path, 2.5, SPOKEN) for path in call.recordings] == [True]


async def test_a_closed_line_stays_quiet_and_the_hour_in_which_it_opens_comes_by_itself(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phone, patient = await a_phone(DESK, pbx), await a_patient()
    await planned(pbx)
    await listens(patient, pbx, LATER)
    assert heard(patient, EMERGENCY_TONE) and heard(patient, CLOSED_TONE)
    # The controller was last here some hours ago; the line opened a moment ago, and nobody told the dialplan so.
    opened = replace(pbx.policy.numbers[LATER], schedule=_open_from(datetime.now(UTC) - timedelta(minutes=2)))
    later = replace(pbx, policy=replace(pbx.policy, numbers={**pbx.policy.numbers, LATER: opened}))
    await planned(later, at=datetime.now(UTC) - timedelta(hours=3))
    again = await a_patient()
    await again.dial(pbx.server, LATER)
    await phone.rings(5)
    await again.hang_up()


async def test_a_day_after_the_last_plan_nobody_is_rung_and_a_message_is_taken(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    await planned(pbx, at=datetime.now(UTC) - AHEAD)
    phone, patient, known = await a_phone(DESK, pbx), await a_patient(), set(pbx.calls())
    await listens(patient, pbx, DID)
    call = await pbx.next_ended(known)
    assert heard(patient, EMERGENCY_TONE) and heard(patient, CLOSED_TONE)
    assert not phone.has_rung
    assert (call.safe, call.stage) == (True, "record")


@pytest.mark.parametrize("text", ["v1|0|9999999999|x\n", "v1|0|1|||\n" * 2000, "\0|é"])
async def test_a_plan_that_makes_no_sense_is_as_none(text: str, pbx: Pbx, a_patient: PatientMaker) -> None:
    (pbx.layout.plans / file_of(NIGHT_DID)).write_text(text)
    patient = await a_patient()
    began = asyncio.get_running_loop().time()
    await patient.dial(pbx.server, NIGHT_DID)
    await patient.is_answered(3.5)
    assert asyncio.get_running_loop().time() - began < 3.5
    await patient.hears_beep(10)
    await patient.hang_up()
    assert heard(patient, EMERGENCY_TONE)
