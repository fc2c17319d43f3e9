"""Calls outside: what reaches the carrier, what it is told, and that nothing else does, whatever somebody tries."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agi.server import serve
from pbx.asterisk.ports import free_port
from pbx.asterisk.render import render
from pbx.demo.hearing import seconds_of_tone
from pbx.domain.call import CallStart
from pbx.domain.emergency import Place
from pbx.domain.outbound import OutReason, Permission
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.policy import Phone, Policy
from pbx.domain.routing import Decision
from pbx.kept import KeptFile
from pbx.services.calls_today import CallsToday
from pbx.services.outbound import CallsOut
from pbx.services.route import DecisionRecorder
from tests.e2e.conftest import PhoneMaker
from tests.kit import controllers
from tests.kit.asterisk import (
    DESK,
    DID,
    IN_THE_CLEAR,
    NIGHT_DID,
    OUT_CLOSED_TONE,
    PATIENT,
    PROMPT_SECONDS,
    SHELF,
    Pbx,
    a_practice,
    prepared,
)  # fmt: skip
from tests.kit.carrier import ANSWER, Carrier, carrier
from tests.kit.controllers import Handler, PlainRouter, controller
from tests.kit.network import PHONES, STRANGER, TRUNK, Request, raw_caller, until
from tests.kit.raw_phone import RawPhone, Sent, raw_phone
from voicemail.spool_out import parse_out

pytestmark = pytest.mark.timeout(60)

TEMP = "temp-desk"
"""A phone of somebody who may not call outside."""

PUBLIC = "203.0.113.9"
ALLOWED = "+12155550123"
PREMIUM = "+19005551234"
EMERGENCY_WITHIN = 2.0


def _policy() -> Policy:
    plain = a_practice()
    may = Allowance(DID, frozenset({"US"}), 1000, 1000, 2)
    return replace(
        plain,
        phones=(*plain.phones, Phone(TEMP, "temp", "A temp")),
        outbound=OutboundRules({"rictor": may, "garcia": may}, {"*81": NIGHT_DID}, ("+1212",), 8, 60),
        places=(
            Place("office", (DESK, TEMP), "12 Main Street", DID, ("rictor",)),
            Place("home", (SHELF,), "14 Elm Street", NIGHT_DID, ("rictor",)),
        ),
    )


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_port(TRUNK, socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[Pbx]:
    """A PBX behind NAT: the carrier is outside, phones and strangers are not."""
    plain = prepared(tmp_path_factory.mktemp("pbx"), _policy(), carrier_port=carrier_port, security=IN_THE_CLEAR)
    inside = tuple(f"{address}/32" for address in (PHONES, STRANGER))
    network = replace(plain.settings.network, public_address=PUBLIC, local_networks=inside)
    pbx = replace(plain, settings=replace(plain.settings, network=network))
    render(pbx.policy, pbx.settings, pbx.machine)
    asyncio.run(_start(pbx))
    yield pbx
    asyncio.run(pbx.process.stop(0))


async def _start(pbx: Pbx) -> None:
    await pbx.process.start()


@pytest.fixture
async def trunk(pbx: Pbx, carrier_port: int) -> AsyncIterator[Carrier]:
    """The carrier, which answers every call; afterwards no call is left."""
    async with carrier(carrier_port) as made:
        yield made
        await pbx.is_quiet()


class NoLog:
    """Nothing is written down in these tests: the recorder does not run."""

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        raise AssertionError


@pytest.fixture
async def desk(pbx: Pbx, tmp_path: Path) -> AsyncIterator[CallsOut]:
    """A good controller, which counts nothing of other tests."""
    out = _calls_out(pbx.policy, tmp_path)
    async with serve(PlainRouter(pbx.policy), "127.0.0.1", pbx.agi_port, out=out):
        yield out


def _calls_out(policy: Policy, folder: Path) -> CallsOut:
    today = CallsToday(KeptFile(folder / "today.json"), lambda: policy.timezone)
    return CallsOut(lambda: policy, today, DecisionRecorder(NoLog()))  # type: ignore[arg-type]


@asynccontextmanager
async def phone_of(pbx: Pbx, name: str) -> AsyncIterator[RawPhone]:
    async with raw_phone(name, pbx.machine.secrets.phone(name), pbx.server) as made:
        yield made


@pytest.fixture
async def phone(pbx: Pbx) -> AsyncIterator[RawPhone]:
    async with phone_of(pbx, DESK) as made:
        yield made


# What is called, and what the carrier is told.


async def test_the_carrier_learns_two_numbers_and_nothing_of_the_phone_or_the_house(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    known = set(pbx.calls())
    assert await phone.dials("(215) 555-0123".replace(" ", "%20")) == ANSWER
    invite = await trunk.is_called()
    await phone.hangs_up()
    assert invite.user == ALLOWED
    assert invite.header("From").startswith(f"<sip:{DID}@{TRUNK}>")
    assert not any(invite.header(name) for name in ("P-Asserted-Identity", "Remote-Party-ID", "Diversion", "Subject"))
    for secret in (DESK, "rictor", "Rictor", PHONES, "127.0.0.1", "garcia", "Asterisk"):
        assert secret not in invite.text, secret
    (call,) = set(pbx.calls()) - known
    written = parse_out((pbx.layout.spool / f"{call}.call").read_text())
    assert written is not None
    assert (written.phone, written.to, written.shown, written.reason) == (DESK, ALLOWED, DID, OutReason.ALLOWED)
    assert PUBLIC in invite.header("Contact") and f"c=IN IP4 {PUBLIC}" in invite.text and "\r\ns=-\r\n" in invite.text
    assert invite.header("User-Agent") == "Secondline"


TYPED = {
    "2155550123": (ALLOWED, DID),
    "12155550123": (ALLOWED, DID),
    "+12155550123": (ALLOWED, DID),
    "215-555-0123": (ALLOWED, DID),
    "1%20(215)%20555-0123": (ALLOWED, DID),
    "215.555.0123": (ALLOWED, DID),
    "*812155550123": (ALLOWED, NIGHT_DID),
    "*81%20(215)%20555-0123": (ALLOWED, NIGHT_DID),
}


async def test_numbers_are_dialled_as_people_type_them(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    for count, (typed, (called, shown)) in enumerate(TYPED.items(), 1):
        assert await phone.dials(typed) == ANSWER, typed
        invite = await trunk.is_called(count)
        await phone.hangs_up()
        assert (invite.user, invite.header("From").split("@")[0]) == (called, f"<sip:{shown}"), typed
        await pbx.is_quiet()
        desk.still_up((), datetime.now(UTC))


async def test_a_busy_number_is_busy_and_one_who_gives_up_ends_the_call(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    trunk.answers = lambda _: 486
    known = set(pbx.calls())
    assert await phone.dials(ALLOWED) == 486
    assert (await pbx.next_ended(known)).end[2:5] == ["far", "", "BUSY"]
    trunk.answers, known = (lambda _: 180), set(pbx.calls())
    phone.begins(ALLOWED)
    await trunk.is_called(2)
    phone.gives_up()
    await trunk.is_hung_up_on()
    assert (await pbx.next_ended(known)).end[2:4] == ["far", ""]


async def test_no_more_calls_at_once_than_the_file_allows(pbx: Pbx, trunk: Carrier, desk: CallsOut) -> None:
    async with phone_of(pbx, DESK) as one, phone_of(pbx, DESK) as two, phone_of(pbx, DESK) as three:
        for phone in (one, two, three):
            assert await phone.dials(ALLOWED) == ANSWER
        assert len(trunk.called) == 2
        await one.hangs_up()
        await two.hangs_up()


# Toll fraud: what must not reach the carrier.

COSTLY = (
    "19005551234", "+19005551234", "*8119005551234", "19765551234", "12159765551", "12155551212", "17005554141",
    "15005551234", "18765551234", "18095551234", "12645551234", "12685551234", "14735551234", "16495551234",
    "011882161234567", "011979123456789", "01188213300655", "0114490987900", "+442079460958", "+2524000000",
    "+53530000000", "12125550123", "411", "0", "00", "01", "1010288", "10102881900555123", "9", "*67", "*8182155550123",
    "*82", "**", "+", "+0", "+1", "215555012", "21555501234567890123", "+12155550123911", "*817175550100",
)  # fmt: skip
FORGED = (
    "+12155550123&PJSIP%2F19005551234%40_trunk",
    "2155550123%0d%0aAction:%20Originate",
    "2155550123,1",
    "2155550123%22%5d",
    "%24%7bSHELL(id)%7d",
    "2155550123;phone-context=evil",
    "19005551234;phone-context=+1",
    "sl-out",
    "s",
    "T",
    "i",
    "h",
    "o-0-30-19005551234",
    "%2b19005551234",
    "1900555%201234",
)
MALFORMED = ("19005551234@_trunk", "PJSIP%2F19005551234@_trunk", "2155550123>;<sip:19005551234")
"""What is no SIP URI at all, so that nobody answers."""


@pytest.mark.parametrize("name", [DESK, TEMP])
async def test_a_phone_reaches_nothing_that_costs_more_or_is_not_allowed(
    name: str, pbx: Pbx, trunk: Carrier, desk: CallsOut
) -> None:
    async with phone_of(pbx, name) as phone:
        for dialled in MALFORMED:
            phone.begins(dialled)
        for dialled in (*COSTLY, *FORGED):
            if await phone.dials(dialled) == ANSWER:
                await phone.hangs_up()
        await pbx.is_quiet()
    # What stands behind a semicolon is not part of a number (RFC 3398): that one is an ordinary call.
    assert trunk.called == ([ALLOWED] if name == DESK else [])


async def test_somebody_who_may_not_call_outside_calls_nobody(pbx: Pbx, trunk: Carrier, desk: CallsOut) -> None:
    async with phone_of(pbx, TEMP) as phone:
        assert await phone.dials(ALLOWED) == ANSWER  # hears why not
        await phone.hangs_up()
    assert trunk.called == []


@pytest.mark.parametrize("address", [TRUNK, STRANGER])
async def test_no_call_that_comes_in_goes_out(address: str, pbx: Pbx, trunk: Carrier, desk: CallsOut) -> None:
    for dialled in ("2155550123", "+12155550123", "911", "9911", "933", PREMIUM, "*812155550123", "sl-out", "s"):
        async with raw_caller(address, pbx.server) as caller:
            headers = (f"Route: <sip:{TRUNK}:{trunk.port};lr>",) if dialled == "s" else ()
            uri = pbx.server.uri(dialled)
            assert await caller.calls(Request(uri, f"<sip:{DESK}@127.0.0.1>", headers)) in (401, 404, 503)
    assert trunk.called == []


async def test_a_call_is_not_sent_on_by_refer(pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone) -> None:
    """Asterisk does not even answer: the module that knows REFER is not loaded."""
    assert await phone.dials(ALLOWED) == ANSWER
    for target in (f"sip:{PREMIUM}@{TRUNK}:{trunk.port}", pbx.server.uri(PREMIUM), pbx.server.uri("2155550199")):
        status = await phone.sends_within("REFER", f"Refer-To: <{target}>", within=0.3)
        assert status == 0 or status >= 400
    await phone.hangs_up()
    refer = Sent("REFER", pbx.server.uri(DID), (f"Refer-To: <{pbx.server.uri(PREMIUM)}>",), body=False)
    assert await phone.sends(refer) >= 400
    await pbx.is_quiet()
    assert trunk.called == [ALLOWED]


async def test_the_carrier_cannot_redirect_a_call(pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone) -> None:
    trunk.answers = lambda user: 302 if user == ALLOWED else ANSWER
    for target in (f"sip:{PREMIUM}@{TRUNK}:{trunk.port}", f"sip:+12155550199@{TRUNK}:{trunk.port}", "sip:s@127.0.0.1"):
        trunk.redirects_to = target
        assert await phone.dials(ALLOWED) != ANSWER
        await pbx.is_quiet()
        for call in pbx.calls():
            desk.ended(call)
    assert trunk.called == [ALLOWED] * 3


async def test_a_phone_that_is_rung_cannot_redirect_a_patient_to_a_number_outside(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    assert await phone.registers() == ANSWER
    for target in (f"sip:{PREMIUM}@{TRUNK}:{trunk.port}", pbx.server.uri(PREMIUM), pbx.server.uri("2155550123")):
        phone.answers = (302, target)
        async with raw_caller(TRUNK, pbx.server) as patient:
            assert await patient.calls(Request(pbx.server.uri(DID), f"<sip:{PATIENT}@{TRUNK}>")) == ANSWER
            patient.hangs_up()
        await pbx.is_quiet()
    assert phone.called == 3
    assert trunk.called == []


async def test_a_phone_that_registers_where_the_carrier_is_gets_no_call_there(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    """A stolen secret with a Contact at the carrier: what rings that phone would call the carrier's number."""
    # Refused like somebody unknown: the address is of those that no phone may have (`contact_deny`).
    assert await phone.registers(f"sip:{PREMIUM}@{TRUNK}:{trunk.port}") == 401
    async with raw_caller(TRUNK, pbx.server) as patient:
        patient.dials(Request(pbx.server.uri(DID), f"<sip:{PATIENT}@{TRUNK}>"))
        await until(lambda: 180 in patient.statuses, 10, "the ringing")
        patient.gives_up()
    await pbx.is_quiet()
    assert trunk.called == []


async def test_a_text_calls_nobody(pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone) -> None:
    assert await phone.sends(Sent("MESSAGE", pbx.server.uri(PREMIUM), body=False)) >= 400
    assert trunk.arrived == []


def answering(to: str, shown: str = DID, seconds: str = "60", reason: str = "allowed") -> Handler:
    """A controller that somebody has taken over: its token is right, its answer is not."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        environment = (await reader.readuntil(b"\n\n")).decode()
        token = next(line for line in environment.splitlines() if line.startswith("agi_arg_2: "))[11:]
        said = {"SL_TO": to, "SL_SHOW": shown, "SL_SECONDS": seconds, "SL_REASON": reason, "SL_OK": token}
        for name, value in said.items():
            writer.write(f'SET VARIABLE {name} "{value}"\n'.encode())
            await reader.readuntil(b"200 result=1\n")

    return answer


TAKEN_OVER = [
    answering(PREMIUM),
    answering("+12159765551"),
    answering("+12125550123"),
    answering("+442079460958"),
    answering("+18765551234&PJSIP/19005551234@_trunk"),
    answering("19005551234"),
    answering("911"),
    answering("s"),
    answering(""),
    answering(ALLOWED, shown="+17175550199"),
    answering(ALLOWED, shown=""),
    answering(ALLOWED, seconds="0"),
    answering(ALLOWED, seconds=""),
    answering(ALLOWED, reason="ok"),
]


async def test_an_answer_that_is_not_what_it_should_be_calls_nobody(pbx: Pbx, trunk: Carrier, phone: RawPhone) -> None:
    for answer in TAKEN_OVER:
        async with controller(pbx.agi_port, answer):
            assert await phone.dials(ALLOWED) == ANSWER
            await phone.hangs_up()
    await pbx.is_quiet()
    assert trunk.called == []


FAILURES = [
    None,
    controllers.hangs,
    controllers.closes_at_once,
    controllers.resets,
    controllers.talks_garbage,
    controllers.stops_in_a_line,
    controllers.forgets_the_token,
    controllers.repeats_an_old_token,
]


@asynccontextmanager
async def failing(pbx: Pbx, failure: Handler | None) -> AsyncIterator[None]:
    if failure is None:
        yield
        return
    async with controller(pbx.agi_port, failure):
        yield


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f.__name__ if f else "is_not_there")
async def test_with_a_controller_that_fails_911_goes_out_at_once_and_nothing_else_does(
    failure: Handler | None, pbx: Pbx, trunk: Carrier, phone: RawPhone
) -> None:
    known, loop = set(pbx.calls()), asyncio.get_running_loop()
    async with failing(pbx, failure), phone_of(pbx, SHELF) as other:
        began = loop.time()
        assert await phone.dials("911") == ANSWER
        assert await other.dials("9911") == ANSWER
        first, second = await trunk.is_called(1), await trunk.is_called(2)
        assert second.at - began < EMERGENCY_WITHIN
        assert [first.user, second.user] == ["911", "911"]
        assert first.header("From").startswith(f"<sip:{DID}@")
        assert second.header("From").startswith(f"<sip:{NIGHT_DID}@")
        await phone.hangs_up()
        await other.hangs_up()
        assert await phone.dials(ALLOWED) == ANSWER
        await phone.hangs_up()
        await pbx.is_quiet()
    assert trunk.called == ["911", "911"]
    lines = {path.read_text().split("|")[2] for path in pbx.layout.emergencies.glob("*.call")}
    assert {f"phone.{DESK}", f"phone.{SHELF}"} <= lines
    assert len(set(pbx.calls()) - known) == 3


async def test_whoever_cannot_be_served_hears_so(pbx: Pbx, trunk: Carrier, a_phone: PhoneMaker) -> None:
    softphone = await a_phone(DESK, pbx, plain=True)
    await softphone.call(pbx.server, "2155550123")
    await softphone.call_ends(10)
    assert seconds_of_tone(softphone.heard, OUT_CLOSED_TONE) > PROMPT_SECONDS / 2
    assert trunk.called == []


@pytest.mark.parametrize("dialled", ["911", "9911", "9-1-1", "112", "*81911", "933"])
async def test_911_in_every_form(dialled: str, pbx: Pbx, trunk: Carrier, phone: RawPhone) -> None:
    assert await phone.dials(dialled) == ANSWER
    invite = await trunk.is_called()
    await phone.hangs_up()
    assert invite.user == ("933" if dialled == "933" else "911")
    assert invite.header("From").startswith(f"<sip:{DID}@{TRUNK}>")


async def test_911_goes_out_when_no_disk_takes_anything(
    pbx: Pbx, trunk: Carrier, phone: RawPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (pbx.layout.spool, pbx.layout.spare, pbx.layout.emergencies)
    for folder in folders:
        folder.rename(folder.with_name(f"{folder.name}-away"))
    try:
        assert await phone.dials("911") == ANSWER
        assert (await trunk.is_called()).header("From").startswith(f"<sip:{DID}@")
        await phone.hangs_up()
        await pbx.is_quiet()
    finally:
        for folder in folders:
            folder.with_name(f"{folder.name}-away").rename(folder)


async def test_who_calls_911_is_rung_first_when_they_call_back(
    pbx: Pbx, trunk: Carrier, desk: CallsOut, phone: RawPhone
) -> None:
    assert await phone.registers() == ANSWER
    assert await phone.dials("911") == ANSWER
    await phone.hangs_up()
    phone.answers, phone.called = (486, ""), 0
    async with phone_of(pbx, SHELF) as other, raw_caller(TRUNK, pbx.server) as dispatcher:
        assert await other.registers() == ANSWER
        other.answers = (486, "")
        assert await dispatcher.calls(Request(pbx.server.uri(DID), f"<sip:{PATIENT}@{TRUNK}>")) == ANSWER
        dispatcher.hangs_up()
        assert phone.called == 2 and other.called == 1  # first alone, then with the others as usual
    await pbx.is_quiet()


async def test_nobody_who_was_called_is_in_a_log(pbx: Pbx) -> None:
    """The last test of this file: after all of the above."""
    logs = [path for path in pbx.layout.log.rglob("*") if path.is_file()]
    text = "".join(path.read_text(errors="replace") for path in logs)
    assert logs and not [number for number in (ALLOWED[2:], PREMIUM[2:], PATIENT[2:]) if number in text]
