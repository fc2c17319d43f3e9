"""Whatever happens to the controller, a patient hears the emergency line and can leave a message, whole and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from agi.server import serve
from pbx.asterisk.layout import MARKER
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import Patient
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit import controllers
from tests.kit.asterisk import (
    CLOSED_TONE,
    DEFAULT_TONE,
    DESK,
    DID,
    EMERGENCY_TONE,
    LOST_AT_MOST,
    NIGHT_DID,
    PATIENT,
    PROMPT_SECONDS,
    THANKS_TONE,
    Pbx,
    Spooled,
    is_whole,
    seconds_recorded,
)  # fmt: skip
from tests.kit.controllers import Handler, PlainRouter, controller
from tests.kit.network import TRUNK, Request, raw_caller, until
from voicemail.spool import read_spool

Words = Callable[[float], Awaitable[Path]]

GREETING_WITHIN = 3.5
HEARD_WITHIN = 1.0
"""The greeting begins with the answer; the patient's client writes down what it hears in quarters of a second."""
SAID = 2.5
LONG_THOUGHT = 12.0


async def leaves_a_message(patient: Patient, pbx: Pbx, wav: Path, did: str = DID) -> Spooled:
    """Dial, listen to the beep, speak, hang up."""
    known = set(pbx.calls())
    await patient.dial(pbx.server, did)
    await patient.is_answered(GREETING_WITHIN)
    await patient.hears_sound(GREETING_WITHIN)
    await patient.hears_beep(10)
    await patient.says(wav)
    await patient.call_ends(15)
    return await pbx.next_ended(known)


def heard(patient: Patient, hertz: float) -> bool:
    return seconds_of_tone(patient.heard, hertz) > PROMPT_SECONDS / 2


FAILURES = [
    None,
    controllers.hangs,
    controllers.closes_at_once,
    controllers.resets,
    controllers.talks_garbage,
    controllers.stops_in_a_line,
    controllers.forgets_the_token,
    controllers.repeats_an_old_token,
    controllers.names_no_step,
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f.__name__ if f else "is_not_there")
async def test_a_patient_can_leave_a_message_when_the_controller(
    failure: Handler | None, pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    loop = asyncio.get_running_loop()
    async with controller(pbx.agi_port, failure) if failure else nullcontext():
        dialled_at = loop.time()
        await patient.dial(pbx.server, DID)
        await patient.is_answered(GREETING_WITHIN)
        assert loop.time() - dialled_at < GREETING_WITHIN
        await patient.hears_sound(HEARD_WITHIN)
        await patient.hears_beep(10)
        await patient.says(await words(SAID))
        await patient.call_ends(15)
        call = await pbx.next_ended(known)
        await pbx.is_quiet()
    assert heard(patient, EMERGENCY_TONE) and heard(patient, CLOSED_TONE)
    assert [path.name for path in call.recordings] == [f"{call.call}-safe.wav"]
    assert is_whole(call.recordings[0], SAID, SPOKEN)
    assert call.start[2:4] == [DID, PATIENT]
    assert call.safe and call.stage == "record"


@asynccontextmanager
async def good_controller(pbx: Pbx) -> AsyncIterator[PlainRouter]:
    router = PlainRouter(pbx.policy)
    async with serve(router, "127.0.0.1", pbx.agi_port):
        yield router


async def test_a_controller_that_dies_in_the_greeting_costs_neither_a_second_greeting_nor_the_message(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, NIGHT_DID)
        await patient.hears_sound(GREETING_WITHIN)
    await patient.hears_beep(10)
    await patient.says(await words(SAID))
    await patient.call_ends(15)
    call = await pbx.next_ended(known)
    assert seconds_of_tone(patient.heard, CLOSED_TONE) < PROMPT_SECONDS * 1.5
    assert [is_whole(path, SAID, SPOKEN) for path in call.recordings] == [True]
    assert call.safe


async def test_a_controller_that_dies_in_the_message_costs_nothing_of_it(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, NIGHT_DID)
        await patient.hears_beep(10)
        await patient.says(await words(SAID))
        (new,) = set(pbx.calls()) - known
        recording = pbx.layout.spool / f"{new}-1.wav"
        await until(lambda: recording.exists() and recording.stat().st_size > 44, 5, "the first seconds of a message")
    await patient.call_ends(15)
    call = await pbx.next_ended(known)
    assert call.recordings == (recording,)
    assert is_whole(recording, SAID, SPOKEN)


async def test_after_a_message_a_dead_controller_means_thanks_and_no_second_recording(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, NIGHT_DID)
        await patient.hears_beep(10)
    await patient.presses("#")
    await patient.call_ends(10)
    call = await pbx.next_ended(known)
    assert heard(patient, THANKS_TONE)
    assert [path.name for path in call.recordings] == [f"{call.call}-1.wav"]
    assert call.stage == "record"


async def test_after_a_talk_a_dead_controller_plays_the_patient_no_greeting(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, phone, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await phone.rings(10)
        await phone.answer()
        await patient.is_answered(10)
    await phone.hang_up()
    await patient.call_ends(10)
    call = await pbx.next_ended(known)
    assert not heard(patient, EMERGENCY_TONE)
    assert call.recordings == ()
    assert call.end[4] == DESK


async def test_a_patient_who_hangs_up_in_the_greeting_leaves_no_channel_and_no_recording(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await patient.hears_sound(GREETING_WITHIN)
    await patient.hang_up()
    call = await pbx.next_ended(known)
    await pbx.is_quiet()
    assert (call.stage, call.safe, call.recordings) == ("safe", True, ())


async def test_a_caller_who_gives_up_while_the_controller_hangs_frees_the_line_at_once(pbx: Pbx) -> None:
    known = set(pbx.calls())
    async with controller(pbx.agi_port, controllers.hangs), raw_caller(TRUNK, pbx.server) as caller:
        caller.dials(Request(f"sip:{DID}@127.0.0.1"))
        await until(lambda: bool(set(pbx.calls()) - known), 2, "the call")
        caller.gives_up()
        call = await pbx.next_ended(known, within=1.5)
        await pbx.is_quiet(1.0)
    assert (call.stage, call.recordings) == ("next", ())


async def test_where_the_spool_is_not_mounted_everything_goes_to_the_spare(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    marker = pbx.layout.spool / MARKER
    marker.unlink()
    try:
        call = await leaves_a_message(await a_patient(), pbx, await words(SAID))
    finally:
        marker.touch(mode=0o600)
    assert call.recordings == (pbx.layout.spare / f"{call.call}-safe.wav",)
    assert is_whole(call.recordings[0], SAID, SPOKEN)
    assert not list(pbx.layout.spool.glob(f"{call.call}*"))


async def test_where_the_spool_goes_away_in_mid_call_the_spare_has_all_that_makes_a_message(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known, marker = await a_patient(), set(pbx.calls()), pbx.layout.spool / MARKER
    await patient.dial(pbx.server, DID)
    await until(lambda: bool(set(pbx.calls()) - known), 2, "the call")
    (new,) = set(pbx.calls()) - known
    marker.unlink()
    try:
        await patient.hears_beep(10)
        await patient.says(await words(SAID))
        await patient.call_ends(15)
        await until((pbx.layout.spare / f"{new}.end").exists, 5, "the end")
    finally:
        marker.touch(mode=0o600)
    [call] = [call for call in read_spool(pbx.layout.data / "nowhere", pbx.layout.spare).calls if call.id == new]
    assert call.start and call.start.dialled == DID and call.end and len(call.recordings) == 1
    assert {path.suffix for path in pbx.layout.spool.glob(f"{new}*")} == {".call"}


async def test_where_the_spool_is_full_the_message_is_taken_in_the_spare(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await until(lambda: bool(set(pbx.calls()) - known), 2, "the call")
    (new,) = set(pbx.calls()) - known
    full = pbx.layout.spool / f"{new}-safe.wav"
    full.symlink_to("/dev/full")  # every write is refused: no space left on device
    await patient.hears_beep(10)
    spare = pbx.layout.spare / full.name
    await until(spare.exists, 5, "the recording in the spare folder")
    await patient.says(await words(SAID))
    await patient.call_ends(15)
    await pbx.next_ended(known)
    assert is_whole(spare, SAID, SPOKEN)


async def test_where_no_disk_takes_the_message_the_patient_is_not_thanked_for_it(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await until(lambda: bool(set(pbx.calls()) - known), 2, "the call")
    (new,) = set(pbx.calls()) - known
    for folder in (pbx.layout.spool, pbx.layout.spare):
        (folder / f"{new}-safe.wav").symlink_to("/dev/full")
    await patient.call_ends(20)
    assert not heard(patient, THANKS_TONE)
    assert seconds_of_tone(patient.heard, EMERGENCY_TONE) > PROMPT_SECONDS * 1.5


async def test_a_greeting_that_is_missing_is_replaced_by_the_one_that_is_always_there(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    greeting = pbx.layout.greetings / "after-hours.wav"
    away = greeting.rename(greeting.with_suffix(".away"))
    patient = await a_patient()
    try:
        await patient.dial(pbx.server, DID)
        await patient.hears_beep(10)
    finally:
        away.rename(greeting)
    assert heard(patient, EMERGENCY_TONE) and heard(patient, DEFAULT_TONE)
    await patient.hang_up()


async def test_a_patient_may_think_for_long_before_speaking(pbx: Pbx, a_patient: PatientMaker, words: Words) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(10)
    await asyncio.sleep(LONG_THOUGHT)  # the silence is what is tested
    await patient.says(await words(SAID))
    await patient.call_ends(15)
    call = await pbx.next_ended(known)
    assert seconds_recorded(call.recordings[0]) > LONG_THOUGHT + SAID - LOST_AT_MOST
    assert is_whole(call.recordings[0], SAID, SPOKEN)
