"""The door of SIP with the whole server behind it: bans, news of phones, what listens, a phone without encryption."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from pbx.asterisk.layout import Layout
from pbx.demo.practice import DAY_LINE, PHONE
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.server import Office, open_office
from tests.kit.tls_phone import Account, RawPhone, raw_phone

pytestmark = pytest.mark.timeout(120)

GUESSER, HOME, ELSEWHERE = "127.0.0.3", "127.0.0.6", "127.0.0.7"
ADAPTER = "lobby-adapter"
_ADAPTER = f'phones = ["{PHONE}", "{ADAPTER}"]\n'
_REASON = f"""
[[phone_exceptions]]
allow = "udp"
on = "{ADAPTER}"
because = "The analogue adapter in the lobby has no TLS; it is on a network of its own."
"""
Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    changes = ((f'phones = ["{PHONE}"]\n', _ADAPTER), ("[people.mills]", f"{_REASON}\n[people.mills]"))
    with open_office(tmp_path_factory.mktemp("office"), changes=changes) as office:
        yield office


@asynccontextmanager
async def phone_at(office: Office, source: str) -> AsyncIterator[RawPhone]:
    sip = office.practice.sip
    async with raw_phone(sip.host, sip.tls_port, sip.trusted, source) as phone:
        yield phone


async def registers(office: Office, source: str, secret: str | None = None, agent: str = "raw") -> int:
    account = Account(PHONE, secret or office.practice.secret(PHONE), "MD5")
    async with phone_at(office, source) as phone:
        return (await phone.register(account, agent=agent)).status


async def status(office: Office) -> dict[str, Any]:
    found: dict[str, Any] = (await office.secondline("status", "--json")).json
    return found


async def becomes(office: Office, what: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while not what(state := await status(office)):
            await asyncio.sleep(0.1)
    return state


@asynccontextmanager
async def registered_at(office: Office, source: str, agent: str = "raw") -> AsyncIterator[dict[str, Any]]:
    """A phone that is registered at `source` for the block, as the server knows; Asterisk forgets one that hangs up."""
    account = Account(PHONE, office.practice.secret(PHONE), "MD5")
    async with phone_at(office, source) as phone:
        assert (await phone.register(account, agent=agent)).status == 200
        yield await becomes(
            office, lambda state: state["door"]["registered_from"].get(PHONE, {}).get("address") == source
        )


async def test_a_phone_that_comes_from_elsewhere_is_told_and_on_record(office: Office) -> None:
    async with registered_at(office, HOME):
        pass
    async with registered_at(office, ELSEWHERE, agent="stolen") as state:
        assert state["door"]["registered_from"][PHONE]["tls"] is True
    told = f"phone {PHONE} registered from a new place: {ELSEWHERE} (stolen), before {HOME} (raw)"
    async with asyncio.timeout(10):
        while told not in office.server.log.read_text():
            await asyncio.sleep(0.1)


async def test_guessing_bans_the_guesser_and_nobody_else(office: Office) -> None:
    assert [await registers(office, GUESSER, "wrong") for _ in range(5)] == [401] * 5
    await becomes(office, lambda state: f"{GUESSER}/32" in state["door"]["banned"])
    assert await registers(office, GUESSER) == 403
    assert await registers(office, HOME) == 200
    listed = await office.secondline("bans", "list", "--json")
    assert [ban["address"] for ban in listed.json] == [f"{GUESSER}/32"]
    assert (await office.secondline("bans", "lift", GUESSER)).status == 0
    assert (await office.secondline("bans", "lift", GUESSER)).status == 1
    async with asyncio.timeout(5):
        while await registers(office, GUESSER) == 403:
            await asyncio.sleep(0.1)


async def test_the_address_of_a_registered_phone_is_never_banned(office: Office) -> None:
    async with registered_at(office, HOME) as before:
        assert [await registers(office, HOME, "wrong") for _ in range(6)] == [401] * 6
        after = await becomes(office, lambda state: state["door"]["failures"] >= before["door"]["failures"] + 6)
        assert f"{HOME}/32" not in after["door"]["banned"]
        assert await registers(office, HOME) == 200


async def test_a_phone_without_encryption_that_has_a_reason_rings(
    office: Office, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    """The one client of the tests that speaks UDP, because the file has a reason for it."""
    adapter = await a_phone(ADAPTER, plain=True)
    await adapter.register(office.practice.sip, office.practice.secret(ADAPTER))
    patient = await a_patient("+12155550177")
    await patient.dial(office.practice.sip, DAY_LINE)
    await adapter.rings(within=10)
    await adapter.answer(says=await words(2))
    await patient.is_answered(within=5)
    await patient.call_ends(within=15)
    state = await status(office)
    assert state["door"]["unencrypted"] == []


async def test_the_certificate_is_in_status_and_metrics(office: Office) -> None:
    state = await status(office)
    assert state["certificate"]["warning"] is None
    assert 360 < state["certificate"]["days_left"] <= 397
    assert state["certificate"]["names"] == ["127.0.0.1"]


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Office]:
    """A server as it is in a practice: SIP listens everywhere."""
    changes = (('sip_address = "127.0.0.1"', 'sip_address = "0.0.0.0"'),)
    with open_office(tmp_path, changes=changes) as office:
        yield office


async def test_nothing_but_sip_and_rtp_listens_beyond_loopback(open_to_all: Office) -> None:
    practice = open_to_all.practice
    asterisk = psutil.Process(int(Layout(practice.data).pid_file.read_text()))
    server = psutil.Process(open_to_all.server.pid)
    family = {asterisk, server, *server.children(recursive=True), *asterisk.children(recursive=True)}
    beyond = set()
    for process in family:
        for one in process.net_connections("inet"):
            listens = one.status == psutil.CONN_LISTEN or one.type == socket.SOCK_DGRAM
            if listens and not one.laddr.ip.startswith("127.") and one.laddr.ip != "::1":
                beyond.add((one.type.name, one.laddr.port))
    sip = practice.sip
    ours = {("SOCK_DGRAM", sip.port), ("SOCK_STREAM", sip.port), ("SOCK_STREAM", sip.tls_port)}
    assert ours <= beyond
    # Two more, for UDP and at ports of the system's choice, are where the SIP library asks its questions to DNS from.
    questions = beyond - ours
    assert {kind for kind, _ in questions} <= {"SOCK_DGRAM"}
    assert len(questions) <= 2
