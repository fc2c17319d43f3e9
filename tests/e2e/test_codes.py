"""A physician dials a code and a PIN: what is heard, what patients meet from then on, and what nobody can get past."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx.demo import hearing
from pbx.demo.practice import DAY_LINE, PHONE, timezone_where_it_is_mid_morning
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
    await phone.is_answered(10)
    await hearing.sound(phone.heard, 8)
    await phone.presses(keys)


async def overhears(phone: Softphone, seconds: float) -> None:
    """Listen for so many seconds more, then hang up."""
    await hearing.more_sound(phone.heard, hearing.seconds_of_sound(phone.heard) + seconds, seconds + 10)
    await phone.hang_up()
    await phone.call_ends(10)


async def has_heard(phone: Softphone, ears: RecogniserProcess, sentence: str) -> bool:
    """Whether most words of `sentence` were said in the call that is over: voice and ears are machines."""
    seconds = len(hearing.samples(phone.heard)) / RATE
    text = (await ears.transcribe(phone.heard, seconds)).text.lower()
    words = re.findall(r"[a-z0-9]+", sentence.lower())
    return sum(word in text for word in words) >= 0.7 * len(words)


async def test_a_code_closes_the_lines_of_whoever_owns_the_phone_and_another_opens_them(
    office: Office, phone: Softphone, ears: RecogniserProcess, a_patient: PatientMaker
) -> None:
    await dials(phone, office, "*71", PIN)
    await phone.hang_up()
    await phone.call_ends(10)
    await dials(phone, office, "*71", f"{PIN}#")
    await phone.call_ends(20)
    today = datetime.now(ZoneInfo(timezone_where_it_is_mid_morning(datetime.now(UTC))))
    until = f"closed until today, {today:%A, %B} {today.day} at 5pm"
    assert await has_heard(phone, ears, f"{until} to go back to the schedule before that dial")
    state = (await office.secondline("status", "--json")).json
    assert [override["mode"] for override in state["overrides"]] == ["closed"]  # one: the phone that hung up set none
    patient = await a_patient("+12155550701")
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(10)
    await patient.hang_up()
    assert not phone.has_rung
    call = await office.call_from("+12155550701")
    assert (call["reason"], call["answered_by"]) == ("override", None)

    await dials(phone, office, "*74", f"{PIN}#")
    await overhears(phone, 2)
    assert await has_heard(phone, ears, "you are back to the schedule")
    patient = await a_patient("+12155550702")
    await patient.dial(office.practice.sip, DAY_LINE)
    await phone.rings(10)
    await patient.hang_up()
    assert PIN not in office.server.log.read_text(encoding="utf-8")


async def test_three_wrong_pins_lock_and_a_restart_does_not_unlock(
    office: Office, phone: Softphone, ears: RecogniserProcess
) -> None:
    await dials(phone, office, "*71", f"{WRONG}#")
    for _ in range(2):
        await hearing.more_sound(phone.heard, hearing.seconds_of_sound(phone.heard) + 0.5, 8)
        await phone.presses(f"{WRONG}#")
    await overhears(phone, 0.5)
    await office.server.kill()
    await office.server.start()
    await dials(phone, office, "*71", f"{PIN}#")
    await phone.call_ends(20)
    assert await has_heard(phone, ears, "there were too many wrong entries please try again")
    [listed] = (await office.secondline("pin", "list", "--json")).json
    assert (listed["person"], listed["locked_until"] is None) == ("rictor", False)
