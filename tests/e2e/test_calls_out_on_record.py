"""The whole server: who made a call outside stands in the log, and the practice hears of 911 whatever is down."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from pbx.demo.practice import DAY_LINE, EVENING_LINE, PHONE
from tests.kit.carrier import ANSWER, Carrier, carrier
from tests.kit.network import TRUNK, Request, raw_caller
from tests.kit.raw_phone import RawPhone, raw_phone
from tests.kit.server import Office, controller_of, open_office
from tests.kit.wait import until

pytestmark = pytest.mark.timeout(120)

FRONT = "front-1"
PATIENT = "+12155550177"
ADDRESS = "12 Main Street, Suite 200, Scotland, PA 17254"
PLACED_WITHIN, TOLD_WITHIN = 2.0, 10.0

_OUT = f"""
[[phone_exceptions]]
allow = "udp"
because = "the phones of these tests are written for it"

[outbound]
people = ["rictor"]
calls_a_day = 3

[emergency.office]
phones = ["{PHONE}", "{FRONT}"]
address = "{ADDRESS}"
call_back = "{DAY_LINE}"
tell = "mills"
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    nurse = ('name = "Nurse Sam Mills"', f'name = "Nurse Sam Mills"\nphones = ["{FRONT}"]')
    with open_office(tmp_path_factory.mktemp("office"), changes=(nurse, ("[server]", f"{_OUT}\n[server]"))) as office:
        yield office


@pytest.fixture
async def trunk(office: Office) -> AsyncIterator[Carrier]:
    async with carrier(office.practice.trunk_port) as made:
        yield made


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[RawPhone]:
    """The doctor's phone, which calls."""
    async with raw_phone(PHONE, office.practice.secret(PHONE), office.practice.sip) as made:
        yield made


@pytest.fixture
async def front(office: Office) -> AsyncIterator[RawPhone]:
    """The nurse's, on which the notices come."""
    async with raw_phone(FRONT, office.practice.secret(FRONT), office.practice.sip) as made:
        assert await made.registers() == ANSWER
        yield made


async def test_a_call_back_shows_the_number_that_the_patient_called_and_is_on_record(
    office: Office, trunk: Carrier, desk: RawPhone
) -> None:
    async with raw_caller(TRUNK, office.practice.sip) as patient:
        asked = Request(office.practice.sip.uri(EVENING_LINE), f"<sip:{PATIENT}@{TRUNK}>")
        assert await patient.calls(asked) == ANSWER
        patient.hangs_up()
    await office.call_from(PATIENT)
    assert await desk.dials("215-555-0177") == ANSWER
    invite = await trunk.is_called()
    assert (invite.user, invite.header("From").split("@")[0]) == (PATIENT, f"<sip:{EVENING_LINE}")
    await desk.hangs_up()
    call = await office.call_from(EVENING_LINE)
    expected = {
        "direction": "outbound",
        "to": PATIENT,
        "made_by": "rictor",
        "device": PHONE,
        "outcome": "answered",
        "reason": "allowed",
    }
    assert {key: call[key] for key in expected} == expected
    assert any("which this number called last" in sentence for sentence in call["why"])
    explained = await office.secondline("explain", "--from-person", "rictor", "--to", PATIENT, "--json")
    assert explained.json["allowed"] and explained.json["used_today"]["calls"] == 1
    assert "Dr. Kenneth Rictor as" in (await office.secondline("calls")).out


async def test_a_refused_call_is_on_record_and_counts_nothing(office: Office, trunk: Carrier, desk: RawPhone) -> None:
    assert await desk.dials("19005551234") == ANSWER
    await desk.hangs_up()
    call = await office.call_from(None)
    assert (call["outcome"], call["reason"], call["to"]) == ("refused", "premium-number", "+19005551234"), call
    assert trunk.called == []


async def test_the_practice_hears_of_911_at_once(
    office: Office, trunk: Carrier, desk: RawPhone, front: RawPhone
) -> None:
    await _calls_911(trunk, desk)
    await until(lambda: bool(front.texts), TOLD_WITHIN)
    assert front.texts[0].startswith("Dr. Kenneth Rictor called 911 at ")
    assert ADDRESS in front.texts[0] and "(717) 555-0100" in front.texts[0]
    call = await office.call_from(DAY_LINE)
    assert (call["reason"], call["to"], call["made_by"]) == ("emergency", "911", "rictor")


async def test_with_the_database_gone_911_goes_out_and_is_told(
    office: Office, trunk: Carrier, desk: RawPhone, front: RawPhone
) -> None:
    os.kill(int((office.practice.data / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    await _calls_911(trunk, desk)
    await until(lambda: bool(front.texts), TOLD_WITHIN)
    await office.is_ready()


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "died"])
async def test_with_the_controller_gone_911_goes_out_and_is_told_when_it_is_back(
    hangs: bool, office: Office, trunk: Carrier, desk: RawPhone, front: RawPhone
) -> None:
    if hangs:
        controller = psutil.Process(controller_of(office.server.pid))
        controller.suspend()
    else:
        await office.server.kill()
    await _calls_911(trunk, desk)
    assert await desk.dials("2155550177") == ANSWER  # hears that it is not possible now
    await desk.hangs_up()
    assert trunk.called == ["911"] and front.texts == []
    if hangs:
        await until(lambda: not controller.is_running(), 30)  # whoever watches it ends it, and starts another
    else:
        await office.server.start()
    await office.is_ready()
    await until(lambda: bool(front.texts), TOLD_WITHIN)
    await until(lambda: not list((office.practice.data / "emergencies").iterdir()), TOLD_WITHIN)


async def _calls_911(trunk: Carrier, phone: RawPhone) -> None:
    began = asyncio.get_running_loop().time()
    assert await phone.dials("911") == ANSWER
    invite = await trunk.is_called()
    assert invite.at - began < PLACED_WITHIN
    assert invite.user == "911" and invite.header("From").startswith(f"<sip:{DAY_LINE}@{TRUNK}>")
    await phone.hangs_up()
