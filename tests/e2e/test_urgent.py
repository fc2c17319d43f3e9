"""The urgent path with real phones: whoever is on call is fetched after the PIN, or calls back; and nothing is lost."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import Patient
from pbx.demo.practice import PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import RATE, tone
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.network import until
from tests.kit.server import Office, open_office
from voicemail.audio import wav_bytes
from voicemail.greetings import MANIFEST

pytestmark = pytest.mark.timeout(150)

LINE = "+17175550190"
OKAFORS = "okafor-desk"
PINS = {"rictor": "482917", "okafor": "730164"}
KEYED = "2155550188"
ANSWERS = 560.0
"""What the doctor says to the patient."""

NUMBER, HEARD, WAIT, HELLO, WRONG, WAITING, RELAY, TAKEN = (1000.0 + 250 * n for n in range(8))
OTHER = 3200.0
PROMPTS = {
    "urgent-number": NUMBER,
    "urgent-number-heard": HEARD,
    "urgent-wait": WAIT,
    "page-hello": HELLO,
    "page-wrong": WRONG,
    "page-waiting": WAITING,
    "page-relay": RELAY,
    "urgent-taken": TAKEN,
    "page-taken": TAKEN,
}
"""Short tones instead of sentences: they are told apart by ear, and nobody waits for their end."""

PROMPT_SECONDS = 0.5
_NUMBERS = itertools.count(600)
_URGENT = f"""
[people.okafor]
name = "Dr. Ada Okafor"
phones = ["{OKAFORS}"]

[rotas.doctors]
turns = ["rictor"]
start = "2026-01-05"
period = "week"
hand_over = "08:00"
backup = ["okafor"]

[numbers."{LINE}"]
label = "Urgent line"
open = [{{ urgent = "doctors", voicemail = "rictor", rounds = 2, interval = 60, seconds = 30 }}]

[server]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        office.edit("[server]", _URGENT)
        asyncio.run(_prepare(office))
        yield office


async def _prepare(office: Office) -> None:
    taken = await office.secondline("reload")
    assert taken.status == 0, taken.out + taken.err
    for person, pin in PINS.items():
        made = await office.secondline("pin", "set", person, "--stdin", types=pin)
        assert "The server knows." in made.out, made.err
    greetings = office.practice.data / "greetings"
    own = (p.stem for pattern in ("urgent-*", "page-*", "digit-*") for p in greetings.glob(f"{pattern}.wav"))
    made = json.loads((greetings / MANIFEST).read_text(encoding="utf-8"))
    for name in [*own, "emergency", "thanks"]:
        sound = _beep(PROMPTS.get(name, OTHER))
        (greetings / f"{name}.wav").write_bytes(sound)
        made[name]["result"] = hashlib.sha256(sound).hexdigest()  # so that the next start leaves it as it is
    (greetings / MANIFEST).write_text(json.dumps(made), encoding="utf-8")


def _beep(hertz: float) -> bytes:
    """Made here and not by a program, because there are dozens."""
    at = np.arange(int(PROMPT_SECONDS * RATE)) / RATE
    return wav_bytes((8000 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes())


@pytest.fixture
def number() -> str:
    """A patient's number that no other test here calls from."""
    return f"+1215555{next(_NUMBERS):04d}"


@pytest.fixture
async def phones(office: Office, a_phone: PhoneMaker) -> dict[str, Softphone]:
    found = {"rictor": await a_phone(PHONE), "okafor": await a_phone(OKAFORS)}
    for phone in found.values():
        await phone.register(office.practice.sip, office.practice.secret(phone.name))
    return found


async def hears(who: Patient | Softphone, hertz: float, times: int = 1, within: float = 20) -> None:
    """Wait until somebody has heard a tone so many times, nearly to its end."""
    enough = PROMPT_SECONDS * (times - 0.4)
    await heard(who, hertz, enough, within)


async def heard(who: Patient | Softphone, hertz: float, seconds: float, within: float = 20) -> None:
    """Wait until somebody has heard so many seconds of a tone. Not looked at all the time: that takes a processor."""
    async with asyncio.timeout(within):
        while seconds_of_tone(who.heard, hertz) < seconds:
            await asyncio.sleep(0.2)


async def tells_the_problem(office: Office, patient: Patient, words: Path) -> None:
    """Dial, and say two seconds of the problem."""
    spool = office.practice.data / "spool"
    before = set(spool.glob("*-1.wav"))
    await patient.dial(office.practice.sip, LINE)
    await until(lambda: bool(set(spool.glob("*-1.wav")) - before), 30, "the recording")
    [recording] = set(spool.glob("*-1.wav")) - before
    await patient.says(words)
    await until(lambda: recording.stat().st_size > 60000, 30, "four seconds on the disk")


async def gives_pin(phone: Softphone, pin: str) -> None:
    await phone.answer()
    await hears(phone, HELLO)
    await phone.presses(f"{pin}#")


async def urgent_of(office: Office, number: str, state: str) -> dict[str, Any]:
    """What is on record about the urgent call from `number`, once it is in `state`."""
    async with asyncio.timeout(40):
        while True:
            found: list[dict[str, Any]] = (await office.secondline("urgent", "list", "--json")).json
            here = next((urgent for urgent in found if urgent["from"] == number), None)
            if here and here["state"] == state:
                return here
            await asyncio.sleep(0.2)


def asked(urgent: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(a["person"], a["result"], a["caller_waited"]) for a in urgent["attempts"]]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A patient who goes on talking for a minute and a half."""
    wav = tmp_path_factory.mktemp("words") / "problem.wav"
    asyncio.run(tone(SPOKEN, 90, wav))
    return wav


async def test_the_doctor_is_fetched_to_the_patient_who_waits(
    office: Office, number: str, a_patient: PatientMaker, phones: dict[str, Softphone], words: Path
) -> None:
    patient, doctor = await a_patient(number), phones["rictor"]
    await tells_the_problem(office, patient, words)
    await patient.presses("#")
    await hears(patient, NUMBER)
    await patient.presses(f"99*{KEYED}#")
    await hears(patient, HEARD)
    await patient.presses("1")
    await hears(patient, WAIT)
    assert number not in await doctor.rings(20), "the phone shows the practice's number"
    await doctor.answer()
    await hears(doctor, HELLO)
    assert seconds_of_tone(doctor.heard, SPOKEN) < 0.2, "nothing of the patient before the PIN"
    await doctor.presses(f"{PINS['rictor']}#")
    await heard(doctor, SPOKEN, 1)
    await hears(doctor, WAITING)
    before = seconds_of_tone(doctor.heard, SPOKEN)
    await doctor.presses("1")
    await heard(doctor, SPOKEN, before + 1)
    answer = words.with_name("answer.wav")
    await tone(ANSWERS, 30, answer)
    await doctor.says(answer)
    await heard(patient, ANSWERS, 1)
    await doctor.hang_up()
    await patient.call_ends(10)
    urgent = await urgent_of(office, number, "connected")
    assert (urgent["callback"], urgent["settled_by"]) == (KEYED, "rictor")
    assert asked(urgent) == [("rictor", "connected", True)]
    call = await office.call_from(number)
    assert (call["outcome"], call["answered_by"], call["urgent"]) == ("answered", PHONE, "connected")
    shown = (await office.secondline("voicemail", "show", call["message_id"], "--json")).json
    assert shown["urgent"] == urgent
    assert KEYED not in office.server.log.read_text(encoding="utf-8")


async def test_who_takes_the_message_ends_the_waiting(
    office: Office, number: str, a_patient: PatientMaker, phones: dict[str, Softphone], words: Path
) -> None:
    patient, doctor = await a_patient(number), phones["rictor"]
    await tells_the_problem(office, patient, words)
    await patient.presses("#")
    await hears(patient, NUMBER)
    await patient.presses("#")
    await doctor.rings(20)
    await gives_pin(doctor, PINS["rictor"])
    await hears(doctor, WAITING, within=30)
    await doctor.presses("2")
    await hears(patient, TAKEN)
    await patient.call_ends(10)
    urgent = await urgent_of(office, number, "accepted")
    assert (urgent["callback"], urgent["settled_by"]) == (None, "rictor")
    assert asked(urgent) == [("rictor", "taken", True)]


async def test_a_patient_who_hung_up_is_taken_over_by_the_backup_whatever_failed_meanwhile(
    office: Office, number: str, a_patient: PatientMaker, phones: dict[str, Softphone], words: Path
) -> None:
    patient = await a_patient(number)
    await tells_the_problem(office, patient, words)
    _kill_database(office)
    await office.server.kill()
    await patient.hang_up()
    await office.is_ready()
    await phones["rictor"].rings(40)
    await gives_pin(phones["rictor"], "1")
    for times in (1, 2):
        await hears(phones["rictor"], WRONG, times)
        await phones["rictor"].presses("1#")
    assert seconds_of_tone(phones["rictor"].heard, SPOKEN) < 0.2
    backup = phones["okafor"]
    await backup.rings(30)
    await gives_pin(backup, PINS["okafor"])
    await heard(backup, SPOKEN, 1)
    await hears(backup, RELAY)
    await backup.presses("2")
    await hears(backup, TAKEN, within=30)
    urgent = await urgent_of(office, number, "accepted")
    assert urgent["settled_by"] == "okafor"
    assert asked(urgent) == [("rictor", "wrong-pin", False), ("okafor", "taken", False)]
    assert [message["from"] for message in await office.messages()].count(number) == 1, "the message is there once"


def _kill_database(office: Office) -> None:
    pid = (office.practice.data / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]
    os.kill(int(pid), signal.SIGKILL)
