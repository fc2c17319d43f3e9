"""The urgent path with real phones: whoever is on call is fetched after the PIN, or calls back; and nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbx.demo.hearing import more_sound, seconds_of_sound, seconds_of_tone
from pbx.demo.practice import PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import tone
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.network import until
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(150)

LINE = "+17175550190"
OKAFORS = "okafor-desk"
PINS = {"rictor": "482917", "okafor": "730164"}
KEYED = "2155550188"
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
open = [{{ urgent = "doctors", voicemail = "rictor", rounds = 2, interval = 10, seconds = 5 }}]

[server]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        office.edit("[server]", _URGENT)
        taken = asyncio.run(office.secondline("reload"))
        assert taken.status == 0, taken.out + taken.err
        for person, pin in PINS.items():
            made = asyncio.run(office.secondline("pin", "set", person, "--stdin", stdin=pin))
            assert made.status == 0, made.out + made.err
        yield office


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


async def hears(heard: Path, seconds: float, within: float = 20) -> None:
    """Wait until somebody has heard so many seconds of sound."""
    await more_sound(heard, seconds, within)


async def gives_pin(phone: Softphone, pin: str) -> None:
    await phone.answer()
    await hears(phone.heard, 1)
    await phone.presses(f"{pin}#")


async def test_the_doctor_is_fetched_to_the_patient_who_waits(
    office: Office, number: str, a_patient: PatientMaker, phones: dict[str, Softphone], tmp_path: Path
) -> None:
    await tone(SPOKEN, 60, tmp_path / "problem.wav")
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, LINE)
    await patient.hears_beep(40)
    await patient.says(tmp_path / "problem.wav")
    await asyncio.sleep(2)
    await patient.presses("#")
    before = seconds_of_sound(patient.heard)
    await patient.hears_more(before + 2, 15)
    await patient.presses(f"{KEYED}#")
    doctor = phones["rictor"]
    shown = await doctor.rings(40)
    assert number not in shown
    await gives_pin(doctor, PINS["rictor"])
    try:
        await until(lambda: seconds_of_tone(doctor.heard, SPOKEN) > 1, 20, "the message")
    except AssertionError:
        print([p.read_text() for p in (office.practice.data / "spool").glob("*.urgent")])
        import shutil
        shutil.copy(doctor.heard, "/tmp/urgent_doctor.wav")
        shutil.copy(patient.heard, "/tmp/urgent_patient.wav")
        raise
    await doctor.presses("1")
    print("done")
