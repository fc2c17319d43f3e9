"""Whoever is on call is rung, on real phones: by the rota, after a swap without a restart, and without the database."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pbx.demo.practice import EVENING_LINE, PHONE
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(150)

OKAFORS = "okafor-cell"
_NUMBERS = itertools.count(400)
_PEOPLE = f"""
[people.okafor]
name = "Dr. Ada Okafor"
phones = ["{OKAFORS}"]

[rotas.doctors]
turns = ["rictor"]
start = "2026-01-05"
period = "week"
hand_over = "08:00"

[schedules.evening-clinic]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        office.edit("\n[schedules.evening-clinic]\n", _PEOPLE)
        closed = 'closed = [{ voicemail = "rictor", greeting = "closed" }]\n\n[server]'
        office.edit(closed, closed.replace("[{ v", '[{ oncall = "doctors", seconds = 20 }, { v'))
        taken = asyncio.run(office.secondline("reload"))
        assert taken.status == 0, taken.out + taken.err
        yield office


@pytest.fixture
def number() -> str:
    """A patient's number that no other test here calls from."""
    return f"+1215555{next(_NUMBERS):04d}"


async def test_the_phone_of_the_one_on_call_rings_and_after_a_swap_the_other_one(
    office: Office, number: str, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phones = {name: await a_phone(name) for name in (PHONE, OKAFORS)}
    for name, phone in phones.items():
        await phone.register(office.practice.sip, office.practice.secret(name))

    async def answered_by(caller: str, expected: str) -> None:
        patient = await a_patient(caller)
        await patient.dial(office.practice.sip, EVENING_LINE)
        assert caller in await phones[expected].rings(within=10)
        await phones[expected].answer()
        await patient.is_answered(within=10)
        await patient.hang_up()
        await office.is_ready()  # the database may have been away meanwhile
        call = await office.call_from(caller)
        assert (call["outcome"], call["reason"], call["answered_by"]) == ("answered", "outside-hours", expected)

    await answered_by(number, PHONE)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    times = ("--start", (now - timedelta(hours=1)).isoformat(), "--end", (now + timedelta(hours=5)).isoformat())
    people = ("--from", "rictor", "--to", "okafor", "--by", "Sam Mills", "--reason", "family")
    made = await office.secondline("oncall", "swap", "doctors", *people, *times)
    assert "The server follows it." in made.out, made.err
    await answered_by(f"{number[:-4]}0500", OKAFORS)
    state = (await office.secondline("status", "--json")).json["oncall"]["doctors"]
    assert (state["people"], state["lacks"]) == (["okafor"], [])

    _kill_database(office)
    await answered_by(f"{number[:-4]}0501", OKAFORS)
    undone = await office.secondline("oncall", "undo", "1")
    assert "The server follows it." in undone.out, undone.err
    await answered_by(f"{number[:-4]}0502", PHONE)


def _kill_database(office: Office) -> None:
    pid = (office.practice.data / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]
    os.kill(int(pid), signal.SIGKILL)
