"""Phones and strangers: who may register, who is rung, what both sides hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agi.server import serve
from pbx.demo.baresip import ClientFailed
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import ANONYMOUS
from pbx.demo.speech import tone
from pbx.domain.callers import Verdict
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import (
    DEFAULT_TONE,
    DESK,
    DID,
    INBOUND_ONLY_TONE,
    NO_911_TONE,
    PATIENT,
    PROMPT_SECONDS,
    SHELF,
    Pbx,
    a_practice,
    running,
)
from tests.kit.controllers import PlainRouter
from tests.kit.network import PHONES, STRANGER, TRUNK, Request, raw_caller

Words = Callable[[float], Awaitable[Path]]

PHYSICIAN_HERTZ = 1100.0


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with running(tmp_path_factory.mktemp("pbx"), a_practice(ring_seconds=3)) as pbx:
        yield pbx


@pytest.fixture
async def router(pbx: Pbx) -> AsyncIterator[PlainRouter]:
    """A good controller."""
    router = PlainRouter(pbx.policy)
    async with serve(router, "127.0.0.1", pbx.agi_port):
        yield router


@pytest.mark.parametrize("number", [DID, "911", "*43", DESK, "nobody", "sl-in"])
async def test_a_strangers_call_is_refused_alike_whatever_it_is_for(number: str, pbx: Pbx) -> None:
    known = pbx.calls()
    async with raw_caller(STRANGER, pbx.server) as stranger:
        assert await stranger.calls(Request(f"sip:{number}@127.0.0.1")) == 401
    assert await pbx.channels() == 0
    assert pbx.calls() == known


@pytest.mark.parametrize("name", [DESK, "nobody", "_trunk", "admin"])
async def test_a_strangers_registration_is_refused_alike_whether_the_phone_exists_or_not(name: str, pbx: Pbx) -> None:
    address = f"<sip:{name}@127.0.0.1>"
    async with raw_caller(STRANGER, pbx.server) as stranger:
        register = Request("sip:127.0.0.1", address, method="REGISTER", to_header=address)
        assert await stranger.calls(register) == 401


@pytest.mark.parametrize("name", [DESK, "_trunk", "_line", "_phone"])
async def test_a_stranger_who_claims_to_be_a_phone_or_the_carrier_is_refused(name: str, pbx: Pbx) -> None:
    async with raw_caller(STRANGER, pbx.server) as stranger:
        assert await stranger.calls(Request(f"sip:{DID}@127.0.0.1", f"<sip:{name}@127.0.0.1>")) == 401


@pytest.mark.parametrize(("dialled", "hertz"), [("911", NO_911_TONE), ("2155550123", INBOUND_ONLY_TONE)])
async def test_a_phone_that_calls_nobody_says_so_and_that_it_was_tried_is_on_record(
    dialled: str, hertz: float, pbx: Pbx, a_phone: PhoneMaker
) -> None:
    phone, known = await a_phone(DESK, pbx), set(pbx.calls())
    await phone.call(pbx.server, dialled)
    await phone.call_ends(10)
    assert seconds_of_tone(phone.heard, hertz) > PROMPT_SECONDS / 2
    call = await pbx.next_ended(known)
    assert call.start[2:4] == [f"phone.{DESK}", dialled] and call.end[-1].strip() == "inbound-only"


@pytest.mark.parametrize("number", [DID, "*43", "s", "sl-lamp"])
async def test_a_text_from_the_carrier_runs_no_dialplan(number: str, pbx: Pbx) -> None:
    known = pbx.calls()
    async with raw_caller(TRUNK, pbx.server) as carrier:
        text = Request(
            f"sip:{number}@127.0.0.1", "<sip:+12155550123@127.0.0.2>", method="MESSAGE", content="text/plain"
        )
        assert await carrier.calls(text) == 404
    assert await pbx.channels() == 0
    assert pbx.calls() == known


async def test_a_phone_with_a_wrong_secret_is_refused(pbx: Pbx, a_phone: PhoneMaker) -> None:
    phone = await a_phone(DESK)
    with pytest.raises(ClientFailed, match="refused"):
        await phone.register(pbx.server, "not-the-secret")


async def test_patient_and_physician_hear_each_other(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    patient, phone, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    answer = (await words(2.0)).with_name("answer.wav")
    await tone(PHYSICIAN_HERTZ, 2.5, answer)
    await patient.dial(pbx.server, DID)
    assert PATIENT in await phone.rings(10)
    await phone.answer(answer)
    await patient.is_answered(10)
    await patient.says(await words(2.0))
    await patient.call_ends(10)
    await phone.call_ends(10)
    assert seconds_of_tone(patient.heard, PHYSICIAN_HERTZ) > 1.5
    assert seconds_of_tone(phone.heard, SPOKEN) > 1.5
    call = await pbx.next_ended(known)
    assert (call.stage, call.end[4], call.safe, call.recordings) == ("ring", DESK, False, ())
    assert float(call.start[1]) <= float(call.end[5]) <= float(call.end[1])


async def test_a_patient_who_hides_the_number_is_anonymous_on_the_phone(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, phone = await a_patient(ANONYMOUS), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, DID)
    assert "anonymous" in await phone.rings(10)
    assert router.questions[0].caller == "anonymous"
    await phone.refuse()


async def test_when_one_phone_answers_the_other_stops_ringing(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, desk, shelf, known = (
        await a_patient(),
        await a_phone(DESK, pbx),
        await a_phone(SHELF, pbx),
        set(pbx.calls()),
    )
    await patient.dial(pbx.server, DID)
    await asyncio.gather(desk.rings(10), shelf.rings(10))
    await shelf.answer()
    await desk.call_ends(10)
    await patient.hang_up()
    await shelf.call_ends(10)
    assert (await pbx.next_ended(known)).end[4] == SHELF


async def test_when_nobody_is_registered_the_greeting_comes_at_once(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker
) -> None:
    patient = await a_patient()
    await patient.dial(pbx.server, DID)
    await patient.hears_beep(4)
    assert seconds_of_tone(patient.heard, DEFAULT_TONE) > 0
    assert router.questions[1].result == "unreachable"
    await patient.hang_up()


async def test_when_nobody_answers_the_greeting_comes_after_the_ringing(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, phone = await a_patient(), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, DID)
    await phone.rings(10)
    await phone.call_ends(10)
    await patient.is_answered(10)
    assert router.questions[1].result == "no-answer"
    await patient.hang_up()


async def test_a_phone_that_refuses_sends_the_call_on(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, phone = await a_patient(), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, DID)
    await phone.rings(10)
    await phone.refuse()
    await patient.is_answered(10)
    assert router.questions[1].result == "busy"
    await patient.hang_up()


async def test_when_the_patient_gives_up_the_phone_stops_ringing(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, phone, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    await phone.rings(10)
    await patient.hang_up()
    await phone.call_ends(10)
    call = await pbx.next_ended(known)
    assert (call.stage, call.end[4], call.recordings) == ("ring", "", ())


async def test_the_newest_registration_of_a_phone_is_the_one_that_rings(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    await a_phone(DESK, pbx)
    patient, newest = await a_patient(), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, DID)
    await newest.rings(10)
    await newest.refuse()


async def test_a_phone_can_test_its_sound(pbx: Pbx, a_phone: PhoneMaker, words: Words) -> None:
    phone = await a_phone(DESK, pbx)
    await phone.call(pbx.server, "*43")
    await phone.is_answered(10)
    await phone.says(await words(2.0))
    await phone.call_ends(10)
    assert seconds_of_tone(phone.heard, SPOKEN) > 1


async def test_a_phone_can_call_the_practice_and_its_name_is_no_callers_number(
    pbx: Pbx, router: PlainRouter, a_phone: PhoneMaker
) -> None:
    desk, shelf = await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    await desk.call(pbx.server, DID)
    await shelf.rings(10)
    assert (router.questions[0].caller, router.questions[0].verdict) == ("", Verdict.OWN)
    await shelf.refuse()


@pytest.mark.parametrize("number", [SHELF, "sl-safe", "s", "sl-out"])
async def test_a_phone_can_call_nothing_else(number: str, pbx: Pbx, a_phone: PhoneMaker) -> None:
    phone = await a_phone(DESK, pbx)
    await phone.call(pbx.server, number)
    assert "404" in await phone.call_ends(10)


async def test_a_phone_at_another_phones_address_still_needs_its_own_secret(pbx: Pbx, a_phone: PhoneMaker) -> None:
    await a_phone(DESK, pbx)
    async with raw_caller(PHONES, pbx.server) as neighbour:
        assert await neighbour.calls(Request(f"sip:{DID}@127.0.0.1", f"<sip:{DESK}@127.0.0.1>")) == 401
