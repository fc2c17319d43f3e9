"""A physician dials a code and a PIN: what is heard, what patients meet from then on, and what nobody can get past."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from pbx.demo import hearing
from pbx.demo.practice import DAY_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import RATE
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.server import Office, open_office
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions

pytestmark = pytest.mark.timeout(120)

PIN, WRONG = "274906", "864209"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        made = asyncio.run(office.secondline("pin", "set", "rictor", "--stdin", types=f"{PIN}\n"))
        assert "Dr. Kenneth Rictor has a PIN. The server knows." in made.out, made.err
        yield office


@pytest.fixture
async def phone(office: Office, a_phone: PhoneMaker) -> Softphone:
    phone = await a_phone(PHONE)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    return phone


@pytest.fixture
async def ears() -> AsyncIterator[RecogniserProcess]:
    async with RecogniserProcess(WorkerOptions("moonshine")) as ears:
        yield ears


async def dials(phone: Softphone, office: Office, code: str, keys: str = "") -> None:
    """Dial a code and, once something can be heard, press keys."""
    await phone.call(office.practice.sip, code)
    await phone.is_answered(5)
    await hearing.sound(phone.heard, 8)
    await phone.presses(keys)


async def heard(phone: Softphone, ears: RecogniserProcess, within: float = 20.0) -> str:
    """What was said in the call, once it is over: words in small letters."""
    await phone.call_ends(within)
    seconds = len(hearing.samples(phone.heard)) / RATE
    return " ".join(re.findall(r"[a-z0-9]+", (await ears.transcribe(phone.heard, seconds)).text.lower()))


async def in_force(office: Office) -> list[str]:
    state = (await office.secondline("status", "--json")).json
    return [override["mode"] for override in state["overrides"]]


async def test_a_code_closes_the_lines_of_whoever_owns_the_phone_and_another_opens_them(
    office: Office, phone: Softphone, ears: RecogniserProcess, a_patient: PatientMaker
) -> None:
    await dials(phone, office, "*71", PIN)
    await phone.hang_up()
    await phone.call_ends(5)
    assert await in_force(office) == []

    await dials(phone, office, "*71", f"{PIN}#")
    said = await heard(phone, ears)
    assert "closed until today" in said
    assert "to go back to the schedule" in said
    assert await in_force(office) == ["closed"]
    patient = await a_patient("+12155550701")
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(5)
    await patient.hang_up()
    assert not phone.has_rung
    call = await office.call_from("+12155550701")
    assert (call["reason"], call["answered_by"]) == ("override", None)

    await dials(phone, office, "*74", f"{PIN}#")
    await hearing.more_sound(phone.heard, hearing.seconds_of_sound(phone.heard) + 1, 8)
    await phone.hang_up()
    assert "back to the schedule" in await heard(phone, ears)
    assert await in_force(office) == []
    patient = await a_patient("+12155550702")
    await patient.dial(office.practice.sip, DAY_LINE)
    await phone.rings(5)
    await patient.hang_up()
    assert PIN not in office.server.log.read_text(encoding="utf-8")


async def test_three_wrong_pins_lock_and_neither_a_dead_controller_nor_its_restart_unlocks(
    office: Office, phone: Softphone, ears: RecogniserProcess
) -> None:
    await dials(phone, office, "*71", f"{WRONG}#")
    for _ in range(2):
        await hearing.more_sound(phone.heard, hearing.seconds_of_sound(phone.heard) + 0.5, 8)
        await phone.presses(f"{WRONG}#")
    assert "too many wrong" in await heard(phone, ears)

    await dials(phone, office, "*71", PIN[:2])
    await office.server.kill()
    assert "please try again" in await heard(phone, ears)
    await office.server.start()
    await dials(phone, office, "*71", f"{PIN}#")
    assert "too many wrong" in await heard(phone, ears)
    assert await in_force(office) == []

    [listed] = (await office.secondline("pin", "list", "--json")).json
    assert (listed["person"], listed["locked_until"] is None) == ("rictor", False)
    await office.secondline("pin", "set", "rictor", "--stdin", types=f"{PIN}\n")
    [listed] = (await office.secondline("pin", "list", "--json")).json
    assert listed["locked_until"] is None
