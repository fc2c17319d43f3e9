"""The main job, as patients, physicians and practice IT meet it: real server, real phones, real speech."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from bench.plain import GOAL_SECONDS, plain_p99
from pbx.asterisk.cel import calls_seen
from pbx.asterisk.layout import Layout
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import ANONYMOUS
from pbx.demo.practice import DAY_LINE, EVENING_LINE, PHONE
from pbx.demo.speech import speak
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.files import contents
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(120)

_NUMBERS = itertools.count(100)
Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def number() -> str:
    """A patient's number that no other test here calls from."""
    return f"+1215555{next(_NUMBERS):04d}"


async def test_in_hours_the_physician_answers_and_both_hear_each_other(
    office: Office, number: str, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(number)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, DAY_LINE)
    assert number in await phone.rings(within=10)
    await phone.answer(says=await words(6))
    await patient.is_answered(within=10)
    await patient.says(await words(3))
    await patient.call_ends(within=15)
    call = await office.call_from(number)
    assert (call["outcome"], call["reason"], call["answered_by"]) == ("answered", "in-hours", PHONE)
    assert (call["from"], call["to"], call["message_id"]) == (number, DAY_LINE, None)
    assert seconds_of_tone(phone.heard, SPOKEN) > 2
    assert seconds_of_tone(patient.heard, SPOKEN) > 2


async def test_after_hours_a_message_is_taken_and_can_be_read(
    office: Office, number: str, a_patient: PatientMaker, tmp_path: Path
) -> None:
    spoken = tmp_path / "message.wav"
    await speak("Please call me back about my blood pressure tablets.", spoken)
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(spoken)
    await patient.call_ends(within=20)
    call = await office.call_from(number)
    assert (call["outcome"], call["reason"]) == ("message", "outside-hours")
    message = await office.transcribed(call["message_id"])
    assert message["transcript"]["state"] == "done"
    assert "blood pressure" in message["transcript"]["text"].lower()
    assert message["transcript"]["confidence"] is None  # this engine gives none, so none is invented
    await _exports_the_recording(office, call["message_id"], tmp_path / "export.wav", message["seconds"])
    await _finds_one_who_calls_back(office, call["message_id"])


async def _exports_the_recording(office: Office, message: str, target: Path, seconds: float) -> None:
    answer = await office.secondline("voicemail", "export", message, str(target))
    assert answer.status == 0, answer.err
    with wave.open(str(target)) as audio:
        assert audio.getframerate() == 8000
        assert audio.getnframes() / 8000 == pytest.approx(seconds, abs=0.01)
    assert target.stat().st_mode & 0o077 == 0


async def _finds_one_who_calls_back(office: Office, message: str) -> None:
    assert (await office.secondline("voicemail", "claim", message, "--by", "rictor")).status == 0
    refused = await office.secondline("voicemail", "claim", message, "--by", "Joe")
    assert (refused.status, "rictor takes care of" in refused.err) == (1, True)
    done = await office.secondline("voicemail", "done", message, "--by", "rictor", "--called-back", "--json")
    assert (done.json["state"], done.json["owner"], done.json["done_by"]) == ("heard", "person/rictor", "person/rictor")
    history = (await office.secondline("voicemail", "show", message, "--json")).json["history"]
    deeds = [event["deed"] for event in history]
    assert {"exported", "claimed", "done"} <= set(deeds) and deeds[-1] == "read"
    report = (await office.secondline("report", "callbacks", "--json")).json
    assert report["mailboxes"]["rictor"]["median_seconds"] > 0


async def test_nobody_answers_so_a_message_is_taken(
    office: Office, number: str, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(number)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, DAY_LINE)
    await phone.rings(within=10)
    await patient.hears_beep(within=30)
    await patient.says(await words(3))
    await patient.call_ends(within=15)
    call = await office.call_from(number)
    assert (call["outcome"], call["reason"], call["answered_by"]) == ("message", "in-hours", None)
    assert call["id"] in {str(seen.id) for seen in calls_seen(Layout(office.practice.data).cel)}
    message = await office.message_of(call)
    assert message["mailbox"] == "rictor"
    assert message["seconds"] == pytest.approx(3, abs=0.7)


async def test_a_phone_that_is_not_there_sends_the_caller_to_voicemail_at_once(
    office: Office, number: str, a_patient: PatientMaker
) -> None:
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(within=10)


async def test_a_caller_who_hangs_up_in_the_greeting_is_in_the_log(office: Office, a_patient: PatientMaker) -> None:
    patient = await a_patient(ANONYMOUS)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.is_answered(within=10)
    await patient.hears_sound(within=10)
    await patient.hang_up()
    call = await office.call_from(None)
    assert (call["outcome"], call["message_id"]) == ("hung-up-during-greeting", None)
    assert (call["from"], call["from_kind"]) == (None, "withheld")


async def test_a_caller_who_gives_up_while_it_rings_is_in_the_log(
    office: Office, number: str, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(number)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, DAY_LINE)
    await phone.rings(within=10)
    await patient.hang_up()
    call = await office.call_from(number)
    assert (call["outcome"], call["answered_by"]) == ("hung-up-while-ringing", None)


async def test_nothing_that_patients_said_or_called_from_lies_plain_on_the_disk(office: Office, tmp_path: Path) -> None:
    """After all of the above: no number, no word and no piece of a recording, in no file and no log."""
    calls = (await office.secondline("calls", "--json")).json
    canaries = [call["from"][2:].encode() for call in calls if call["from"]]
    assert len(canaries) >= 4
    spoken = [message for message in await office.messages() if "blood pressure" in message["transcript"]["text"]]
    await office.secondline("voicemail", "export", spoken[0]["id"], str(tmp_path / "spoken.wav"))
    recording = (tmp_path / "spoken.wav").read_bytes()
    pieces = (recording[at : at + 24] for at in range(44, len(recording), 240))
    speech = [piece for piece in pieces if len(set(piece)) > 16]  # silence is everywhere
    assert len(speech) > 20
    canaries += [b"blood pressure", b"pressure tablets", *speech[:20]]
    found = [(path.name, canary) for path, data in _files(office) for canary in canaries if canary in data]
    assert found == []


async def test_recordings_lie_plain_for_seconds_only(office: Office) -> None:
    url = f"http://127.0.0.1:{office.practice.web_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        seconds, recordings = plain_p99(await answer.text())
    assert recordings >= 2
    assert seconds <= GOAL_SECONDS


def _files(office: Office) -> list[tuple[Path, bytes]]:
    """Every file of the practice's folder: the database with its log of changes, recordings, keys, logs."""
    found = list(contents(office.practice.file.parent))
    assert any("pg_wal" in path.parts for path, _ in found) and any(path.suffix == ".sealed" for path, _ in found)
    return found
