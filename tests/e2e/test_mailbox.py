"""The mailbox by phone: messages and greetings with the keys of a real softphone, at the desk and from outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pbx.demo import hearing
from pbx.demo.practice import DAY_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import RATE, speak
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.server import Office, open_office
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions

pytestmark = pytest.mark.timeout(120)

PIN, WRONG = "274906", "864209"
PATIENT = "+12155550711"
WORDS = "Please call me back about my blood pressure tablets."
GREETING = "I am at the hospital until noon and read your message after that."


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
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
async def ears() -> AsyncIterator[RecogniserProcess]:
    async with RecogniserProcess(WorkerOptions("moonshine")) as ears:
        yield ears


async def enters(phone: Softphone, office: Office) -> None:
    """Open the own mailbox and hear its count begin."""
    await phone.call(office.practice.sip, "*97")
    await phone.is_answered(5)
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
    await phone.call_ends(5)


async def understood(wav: Path, ears: RecogniserProcess) -> str:
    """What was heard, in small letters."""
    return (await ears.transcribe(wav, len(hearing.samples(wav)) / RATE)).text.lower()


def says(text: str, sentence: str) -> bool:
    """Whether most words of `sentence` were said: voice and ears are machines."""
    words = re.findall(r"[a-z0-9]+", sentence.lower())
    return sum(word in text for word in words) >= 0.7 * len(words)


async def test_a_message_is_heard_deleted_taken_back_and_forwarded(
    office: Office, phone: Softphone, a_patient: PatientMaker, ears: RecogniserProcess, tmp_path: Path
) -> None:
    await speak(WORDS, tmp_path / "words.wav")
    patient = await a_patient(PATIENT)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=20)
    await patient.says(tmp_path / "words.wav")
    await patient.call_ends(within=20)
    call = await office.call_from(PATIENT)

    await enters(phone, office)
    await presses(phone, "1")
    await hears(phone, 4)
    await presses(phone, "3")
    await hears(phone, 6)
    await presses(phone, "7")
    await hears(phone, 1)
    assert await office.messages() == []
    await presses(phone, "7")
    await presses(phone, "8", "1", "#")
    await leaves(phone)
    heard = await understood(phone.heard, ears)
    assert says(heard, WORDS)
    assert says(heard, "to take that back press seven")
    message = await office.message_of(call)
    assert message["mailbox"] == "mills"
    assert list(office.practice.data.joinpath("private").iterdir()) == []
    log = office.server.log.read_text(encoding="utf-8")
    assert PIN not in log and PATIENT not in log


async def test_a_recorded_greeting_is_what_patients_hear_until_it_is_reset(
    office: Office, phone: Softphone, a_patient: PatientMaker, ears: RecogniserProcess, tmp_path: Path
) -> None:
    seconds = await speak(GREETING, tmp_path / "greeting.wav", stay=60)
    await enters(phone, office)
    await presses(phone, "0", "1")
    await phone.presses("1")
    await hearing.beep(phone.heard, len(hearing.samples(phone.heard)), 10)
    await phone.says(tmp_path / "greeting.wav")
    await asyncio.sleep(seconds - 60)  # it takes that long to say it
    await presses(phone, "#", "1")
    await leaves(phone)

    patient = await a_patient("+12155550712")
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.hears_beep(within=20)
    await patient.hang_up()
    assert says(await understood(patient.heard, ears), GREETING)
    explained = await office.secondline("explain", "--to", DAY_LINE)
    assert "Dr. Kenneth Rictor recorded a normal greeting by phone." in explained.out

    await enters(phone, office)
    await presses(phone, "0", "1", "3")
    await hears(phone, 1)
    await leaves(phone)
    explained = await office.secondline("explain", "--to", DAY_LINE)
    assert "by phone" not in explained.out


async def test_from_outside_a_key_in_the_greeting_and_the_pin_open_the_mailbox_and_wrong_ones_do_not_lock_the_desk(
    office: Office, phone: Softphone, a_patient: PatientMaker, ears: RecogniserProcess
) -> None:
    physician = await a_patient("+12155550713")
    await physician.dial(office.practice.sip, DAY_LINE)
    await physician.is_answered(10)
    await physician.hears_sound(5)
    await physician.presses("*")
    await physician.hears_more(hearing.seconds_of_sound(physician.heard) + 2, 10)
    for key in f"{PIN}#":
        await physician.presses(key)
        await asyncio.sleep(0.2)
    await physician.hears_more(hearing.seconds_of_sound(physician.heard) + 3, 15)
    await physician.hang_up()
    assert says(await understood(physician.heard, ears), "in your mail none new")
    call = await office.call_from("+12155550713")
    assert (call["outcome"], call["answered_by"]) == ("answered", "mailbox")

    stranger = await a_patient("+12155550714")
    await stranger.dial(office.practice.sip, DAY_LINE)
    await stranger.is_answered(10)
    await stranger.hears_sound(5)
    await stranger.presses("*")
    for _ in range(3):
        await stranger.hears_more(hearing.seconds_of_sound(stranger.heard) + 1, 10)
        for key in f"{WRONG}#":
            await stranger.presses(key)
            await asyncio.sleep(0.2)
    await stranger.hears_beep(25)  # a patient who only pressed a key by mistake can leave a message
    await stranger.hang_up()
    assert says(await understood(stranger.heard, ears), "there were too many wrong entries please leave your message")
    await enters(phone, office)
    await leaves(phone)
    assert says(await understood(phone.heard, ears), "in your mail")
