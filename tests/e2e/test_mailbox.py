"""The mailbox by phone: messages and greetings with the keys of a real softphone, at the desk and from outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pbx.demo import hearing
from pbx.demo.patient import Patient
from pbx.demo.practice import DAY_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import RATE, speak
from pbx.demo.telephone import KEY_SECONDS
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.carrier import Carrier, carrier
from tests.kit.server import Office, open_office
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions

pytestmark = pytest.mark.timeout(120)

PIN, WRONG = "274906", "864209"
PATIENT = "+12155550711"
CALLED_BACK = "+12155550716"
WORDS = "Please call me back about my blood pressure tablets."
COLLEAGUE = "okafor-desk"
GREETING = "I am at the hospital until noon."


_OUT = f"""
[people.okafor]
name = "Dr. Ada Okafor"
phones = ["{COLLEAGUE}"]

[outbound]
people = ["rictor"]

[emergency.office]
phones = ["{PHONE}", "{COLLEAGUE}"]
address = "12 Main Street, Suite 200, Scotland, PA 17254"
call_back = "{DAY_LINE}"
tell = "rictor"
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office"), changes=(("[server]", f"{_OUT}\n[server]"),)) as office:
        office.edit('{ ring = "rictor", seconds = 5 }, ', "")  # straight to the greeting, which is what this is about
        assert asyncio.run(office.secondline("reload")).status == 0
        made = asyncio.run(office.secondline("pin", "set", "rictor", "--stdin", types=f"{PIN}\n"))
        assert "has a PIN" in made.out, made.err
        yield office


@pytest.fixture
async def phone(office: Office, a_phone: PhoneMaker) -> Softphone:
    phone = await a_phone(PHONE)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    return phone


@pytest.fixture
async def trunk(office: Office) -> AsyncIterator[Carrier]:
    async with carrier(office.practice.trunk_port) as made:
        yield made


@pytest.fixture
async def ears() -> AsyncIterator[RecogniserProcess]:
    async with RecogniserProcess(WorkerOptions("moonshine")) as ears:
        yield ears


async def enters(phone: Softphone, office: Office) -> None:
    """Open the own mailbox and hear its count begin."""
    await phone.call(office.practice.sip, "*97")
    await phone.is_answered(10)
    await hearing.sound(phone.heard, 8)
    await phone.presses(f"{PIN}#")
    await hears(phone)


async def hears(phone: Softphone, seconds: float = 0.5) -> None:
    """Hear so much more."""
    await hearing.more_sound(phone.heard, hearing.seconds_of_sound(phone.heard) + seconds, seconds + 10)


async def presses(phone: Softphone, *keys: str) -> None:
    """Press keys one after the other, each once something was heard."""
    for key in keys:
        await phone.presses(key)
        await hears(phone)


async def leaves(phone: Softphone) -> None:
    await phone.hang_up()
    await phone.call_ends(10)


async def understood(wav: Path, ears: RecogniserProcess) -> str:
    """What was heard, in small letters."""
    return (await ears.transcribe(wav, len(hearing.samples(wav)) / RATE)).text.lower()


def says(text: str, sentence: str) -> bool:
    """Whether most words of `sentence` were said: voice and ears are machines."""
    words = re.findall(r"[a-z0-9]+", sentence.lower())
    return sum(word in text for word in words) >= 0.7 * len(words)


async def test_a_greeting_and_a_message_go_from_phone_to_phone(
    office: Office, phone: Softphone, a_patient: PatientMaker, ears: RecogniserProcess, tmp_path: Path
) -> None:
    """One round through a practice's day: record, be heard, listen, delete, take back, forward."""
    seconds = await speak(GREETING, tmp_path / "greeting.wav", stay=60)
    await speak(WORDS, tmp_path / "words.wav")
    await enters(phone, office)
    await presses(phone, "0", "1")
    await phone.presses("1")
    await hearing.beep(phone.heard, len(hearing.samples(phone.heard)), 10)
    await phone.says(tmp_path / "greeting.wav")
    await asyncio.sleep(seconds - 60)  # it takes that long to say it
    await presses(phone, "#", "1")
    await leaves(phone)

    patient = await a_patient(PATIENT)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=20)
    await patient.says(tmp_path / "words.wav")
    await patient.call_ends(within=20)
    assert says(await understood(patient.heard, ears), GREETING)
    explained = await office.secondline("explain", "--to", DAY_LINE)
    assert "Dr. Kenneth Rictor recorded a normal greeting by phone." in explained.out
    call = await office.call_from(PATIENT)

    await enters(phone, office)
    await presses(phone, "1")
    await hears(phone, 3.5)
    await presses(phone, "3", "7", "7", "8", "1", "#")
    await leaves(phone)
    heard = await understood(phone.heard, ears)
    assert says(heard, WORDS)
    message = await office.message_of(call)
    assert message["mailbox"] == "mills"
    shown = (await office.secondline("voicemail", "show", message["id"], "--json")).out
    assert all(f'"{deed}"' in shown for deed in ("listened", "deleted", "undeleted", "forwarded"))
    assert list((office.practice.data / "private").iterdir()) == []
    log = office.server.log.read_text(encoding="utf-8")
    assert PIN not in log and PATIENT not in log


async def test_from_outside_a_key_in_the_greeting_and_the_pin_open_the_mailbox_and_a_patient_can_go_on(
    office: Office, a_patient: PatientMaker, ears: RecogniserProcess
) -> None:
    physician = await a_patient("+12155550713")
    await interrupts(physician, office)
    await keys(physician, f"{WRONG}#")
    await physician.hears_more(hearing.seconds_of_sound(physician.heard) + 0.5, 10)
    await keys(physician, f"{PIN}#")
    await physician.hears_more(hearing.seconds_of_sound(physician.heard) + 2, 15)
    await physician.hang_up()
    assert says(await understood(physician.heard, ears), "please enter your pin that is not right in your mail")
    call = await office.call_from("+12155550713")
    assert (call["outcome"], call["answered_by"]) == ("answered", "mailbox")

    patient = await a_patient("+12155550714")
    await interrupts(patient, office)
    await keys(patient, "#")
    await patient.hears_beep(15)
    await patient.hang_up()


async def test_a_message_is_called_back_from_the_desk_and_from_a_cell_and_the_patient_sees_the_practice(
    office: Office, phone: Softphone, a_patient: PatientMaker, trunk: Carrier, tmp_path: Path
) -> None:
    await speak(WORDS, tmp_path / "words.wav")
    patient = await a_patient(CALLED_BACK)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=20)
    await patient.says(tmp_path / "words.wav")
    await patient.call_ends(within=20)
    message = await office.message_of(await office.call_from(CALLED_BACK))
    for other in await office.messages():
        if other["id"] != message["id"]:
            await office.secondline("voicemail", "delete", other["id"])

    await enters(phone, office)
    await presses(phone, "1", "5", "2")
    await phone.presses("1")
    invite = await trunk.is_called(within=20)
    assert (invite.user, invite.header("From").split("@")[0]) == (CALLED_BACK, f"<sip:{DAY_LINE}")
    await leaves(phone)
    shown = (await office.secondline("voicemail", "show", message["id"], "--json")).json
    assert shown["owner"] == "person/rictor" and shown["done_at"] is None

    cell = await a_patient("+12155550715")
    await interrupts(cell, office)
    await keys(cell, f"{PIN}#")
    await cell.hears_more(hearing.seconds_of_sound(cell.heard) + 0.5, 10)
    await keys(cell, "4")
    await cell.hears_more(hearing.seconds_of_sound(cell.heard) + 1, 15)
    await keys(cell, "4155550123#")
    again = await trunk.is_called(2, within=20)
    assert (again.user, again.header("From").split("@")[0]) == ("+14155550123", f"<sip:{DAY_LINE}")
    await cell.hang_up()
    first, second = [await office.call_from(number) for number in ("+12155550715", DAY_LINE)]
    assert (first["outcome"], first["answered_by"]) == ("answered", "mailbox")
    assert (second["direction"], second["made_by"], second["device"]) == ("outbound", "rictor", "cell")


async def test_a_call_that_is_asked_for_by_command_rings_the_person_first(
    office: Office, phone: Softphone, trunk: Carrier
) -> None:
    refused = await office.secondline("call", "rictor", "1-900-555-1234")
    assert (refused.status, refused.out) == (1, "This number costs more than a call: such numbers are never called.\n")
    asked = await office.secondline("call", "rictor", "(415) 555-0124")
    assert asked.status == 0 and "whoever answers is connected" in asked.out, asked
    assert await phone.rings(10)
    assert trunk.called == []
    await phone.answer()
    invite = await trunk.is_called(within=10)
    assert (invite.user, invite.header("From").split("@")[0]) == ("+14155550124", f"<sip:{DAY_LINE}")
    await leaves(phone)
    call = await office.call_from(DAY_LINE)
    assert (call["to"], call["made_by"], call["outcome"]) == ("+14155550124", "rictor", "answered")


@pytest.mark.parametrize("way", ["*2", "*3"])
async def test_a_call_that_was_asked_for_by_command_is_passed_on_by_keys(
    way: str, office: Office, phone: Softphone, trunk: Carrier, a_phone: PhoneMaker
) -> None:
    colleague = await a_phone(COLLEAGUE)
    await colleague.register(office.practice.sip, office.practice.secret(COLLEAGUE))
    number = f"+1415555013{way[1]}"
    assert (await office.secondline("call", "rictor", number)).status == 0
    assert await phone.rings(10)
    await phone.answer()
    await trunk.is_called(within=10)
    await is_asked_for_whom(phone, way)
    await phone.presses("02")
    await colleague.rings(10)
    await colleague.answer()
    if way == "*2":
        await phone.hang_up()
    await phone.call_ends(10)
    await asyncio.sleep(0.5)  # of talk
    trunk.hang_up()
    await colleague.call_ends(10)
    part, placed = await office.call_from(number), await office.call_from(DAY_LINE)
    assert (part["to"], part["transferred_by"], part["answered_by"]) == (DAY_LINE, "rictor", COLLEAGUE)
    assert (placed["to"], placed["outcome"], placed["id"]) == (number, "answered", part["transferred_from"])


async def is_asked_for_whom(phone: Softphone, way: str) -> None:
    """Press the keys that pass a call on; they are nobody's before the patient is there."""
    before = hearing.seconds_of_sound(phone.heard)
    async with asyncio.timeout(15):
        while True:
            await phone.presses(way)
            with suppress(TimeoutError):
                return await hearing.more_sound(phone.heard, before + 0.5, 2)


async def interrupts(caller: Patient, office: Office) -> None:
    """Press the key for the mailbox in the greeting of the line."""
    await caller.dial(office.practice.sip, DAY_LINE)
    await caller.is_answered(10)
    await caller.hears_sound(10)
    await caller.presses("*")
    await caller.hears_more(hearing.seconds_of_sound(caller.heard) + 1, 10)


async def keys(caller: Patient, entry: str) -> None:
    for key in entry:
        await caller.presses(key)
        await asyncio.sleep(KEY_SECONDS)
