"""The manager client, against a strict peer that misbehaves on demand and against a real Asterisk."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.ami.client import AmiClient
from pbx.ami.errors import ActionRefused, AnswerLate, LinkLost, LoginRefused
from pbx.ami.events import AmiEvent, CallEnded, LinkDown, LinkRestored
from pbx.ami.link import Timing
from tests.kit.ami_peer import SECRET, AmiPeer, Headers, ami_peer, call_ended, listing, response
from tests.kit.edge_asterisk import AMI_SECRET, AMI_USER, BareAsterisk, bare_asterisk, free_port

QUICK = Timing(login=0.3, answer=0.3, ping_every=0.1, ping_answer=0.2, first_pause=0.02, longest_pause=0.05)
CALL = uuid4()


@pytest.fixture
async def peer() -> AsyncIterator[AmiPeer]:
    async with ami_peer() as peer:
        yield peer


def client_of(peer: AmiPeer, secret: str = SECRET) -> AmiClient:
    return AmiClient("127.0.0.1", peer.port, "secondline", secret, timing=QUICK)


async def next_event(ami: AmiClient) -> AmiEvent:
    events = ami.events()
    try:
        async with asyncio.timeout(10):
            return await anext(events)
    finally:
        await events.aclose()


async def test_a_login_is_told_as_a_restored_link_and_asks_for_our_own_events_only(peer: AmiPeer) -> None:
    async with client_of(peer) as ami:
        assert ami.connected
        assert await next_event(ami) == LinkRestored()
    assert peer.named("Login")[0]["Events"] == "user,security"


async def test_a_refused_login_is_one_sentence_that_says_what_to_do(peer: AmiPeer) -> None:
    with pytest.raises(LoginRefused, match="Stop that Asterisk"):
        async with client_of(peer, secret="wrong"):
            pass


async def test_a_login_that_is_never_confirmed_is_refused(peer: AmiPeer) -> None:
    peer.answers["Login"] = lambda action: b""
    with pytest.raises(LoginRefused, match="did not confirm"):
        async with client_of(peer):
            pass
    await peer.until(lambda: peer.clients == 0)


async def test_the_link_is_made_as_soon_as_asterisk_is_there() -> None:
    port = free_port()
    async with AmiClient("127.0.0.1", port, "secondline", SECRET, timing=QUICK) as ami:
        assert isinstance(await next_event(ami), LinkDown)
        with pytest.raises(LinkLost):
            await ami.live_calls()
        async with ami_peer(port):
            assert await next_event(ami) == LinkRestored()


async def test_a_lost_link_is_restored_and_both_are_told(peer: AmiPeer) -> None:
    async with client_of(peer) as ami:
        assert await next_event(ami) == LinkRestored()
        peer.drop()
        assert isinstance(await next_event(ami), LinkDown)
        assert await next_event(ami) == LinkRestored()


async def test_a_login_refused_after_a_restart_is_tried_again(peer: AmiPeer) -> None:
    async with client_of(peer) as ami:
        good = peer.answers["Login"]
        peer.answers["Login"] = lambda action: response(action, "Error", Message="Authentication failed")
        peer.drop()
        await peer.until(lambda: len(peer.named("Login")) >= 3)
        peer.answers["Login"] = good
        assert await next_event(ami) == LinkRestored()
        assert isinstance(await next_event(ami), LinkDown)
        assert await next_event(ami) == LinkRestored()


async def test_an_asterisk_that_says_it_stops_is_left_at_once(peer: AmiPeer) -> None:
    async with client_of(peer) as ami:
        await next_event(ami)
        await peer.send(b"Event: Shutdown\r\nPrivilege: system,all\r\n\r\n")
        assert await next_event(ami) == LinkDown("Asterisk is shutting down")


async def test_the_ends_of_calls_are_told_in_order(peer: AmiPeer) -> None:
    calls = [uuid4() for _ in range(50)]
    async with client_of(peer) as ami:
        await next_event(ami)
        await peer.send(b"".join(call_ended(call) for call in calls))
        assert [await next_event(ami) for _ in calls] == [CallEnded(call) for call in calls]


async def test_live_calls_are_the_ids_of_the_channels_that_have_one(peer: AmiPeer) -> None:
    items: list[Headers] = [{"Event": "Status", "Variable": f"SL_CALL={value}"} for value in (CALL, "(null)", "")]
    peer.answers["Status"] = lambda action: listing(action, [*items, {"Event": "Status"}])
    async with client_of(peer) as ami:
        assert await ami.live_calls() == {CALL}
    assert peer.named("Status")[0]["Variables"] == "SL_CALL"


async def test_a_phone_is_registered_when_its_device_is_there(peer: AmiPeer) -> None:
    states = {"PJSIP/desk": "NOT_INUSE", "PJSIP/busy": "INUSE", "PJSIP/off": "UNAVAILABLE"}
    items: list[Headers] = [{"Event": "DeviceStateChange", "Device": d, "State": s} for d, s in states.items()]
    peer.answers["DeviceStateList"] = lambda action: listing(action, items)
    async with client_of(peer) as ami:
        phones = await ami.registered_phones(["desk", "busy", "off", "never"])
    assert phones == {"desk": True, "busy": True, "off": False, "never": False}


async def test_an_action_that_asterisk_refuses_says_so(peer: AmiPeer) -> None:
    peer.answers["Status"] = lambda action: response(action, "Error", Message="Permission denied")
    async with client_of(peer) as ami:
        with pytest.raises(ActionRefused, match="Permission denied"):
            await ami.live_calls()


async def test_an_action_that_is_not_answered_ends_at_its_deadline(peer: AmiPeer) -> None:
    peer.answers["Status"] = lambda action: b""
    async with client_of(peer) as ami:
        with pytest.raises(AnswerLate):
            await ami.live_calls()
        assert ami.connected


async def test_an_error_inside_the_block_comes_out_as_it_is(peer: AmiPeer) -> None:
    with pytest.raises(ZeroDivisionError):
        async with client_of(peer):
            raise ZeroDivisionError


async def test_nothing_that_a_caller_sent_is_logged(peer: AmiPeer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with client_of(peer) as ami:
        await next_event(ami)
        await peer.send(b"Event: Newchannel\r\nCallerIDNum: +12025550123\r\n\r\n", b"Event\r\n\r\n", call_ended(CALL))
        assert await next_event(ami) == CallEnded(CALL)
    assert "+12025550123" not in caplog.text
    assert SECRET not in caplog.text


DIALPLAN = f"""[default]
exten => hold,1,Answer()
 same => n,Set(SL_CALL={CALL})
 same => n,Wait(60)
exten => end,1,UserEvent(SecondlineCallEnded,Call: {CALL})
"""


@pytest.fixture
async def asterisk(tmp_path: Path) -> AsyncIterator[BareAsterisk]:
    async with bare_asterisk(tmp_path, DIALPLAN) as asterisk:
        yield asterisk


def client_at(asterisk: BareAsterisk, timing: Timing | None = None) -> AmiClient:
    return AmiClient("127.0.0.1", asterisk.ami_port, AMI_USER, AMI_SECRET, timing=timing or Timing())


async def test_asterisk_tells_live_calls_ended_calls_and_registered_phones(asterisk: BareAsterisk) -> None:
    """With read=user and write=reporting in manager.conf, and nothing more."""
    async with client_at(asterisk) as ami:
        assert await next_event(ami) == LinkRestored()
        assert await ami.live_calls() == frozenset()
        await asterisk.call("end")
        assert await next_event(ami) == CallEnded(CALL)
        await asterisk.call("hold")
        assert await until_live(ami) == {CALL}
        register("desk", asterisk.sip_port)
        assert await until_registered(ami, "desk", "shelf", "never") == {"desk": True, "shelf": False, "never": False}
        with pytest.raises(ActionRefused):
            await ami.action("Originate", Channel="Local/hold@default", Application="Wait", Data="1")
        with pytest.raises(ActionRefused):
            await ami.action("Command", Command="core show version")


async def test_asterisk_refuses_a_wrong_secret(asterisk: BareAsterisk) -> None:
    with pytest.raises(LoginRefused):
        async with AmiClient("127.0.0.1", asterisk.ami_port, AMI_USER, "wrong"):
            pass


async def test_a_frozen_asterisk_is_noticed_and_found_again_when_it_thaws(asterisk: BareAsterisk) -> None:
    async with client_at(asterisk, Timing(ping_every=0.2, ping_answer=0.5, login=1, longest_pause=0.2)) as ami:
        assert await next_event(ami) == LinkRestored()
        await asterisk.freeze()
        assert await next_event(ami) == LinkDown("Asterisk did not answer a ping")
        await asterisk.thaw()
        assert await next_event(ami) == LinkRestored()
        assert await ami.live_calls() == frozenset()


async def until_live(ami: AmiClient) -> frozenset[UUID]:
    for _ in range(100):
        if calls := await ami.live_calls():
            return calls
        await asyncio.sleep(0.02)
    return frozenset()


async def until_registered(ami: AmiClient, phone: str, *others: str) -> dict[str, bool]:
    """What Asterisk says of the phones once `phone` is there, or after two seconds.

    The 200 goes out before the device has its new state: contact, endpoint and device states follow each other over
    Asterisk's message bus (`res_pjsip/pjsip_options.c`, `main/devicestate.c`).
    """
    for _ in range(100):
        phones = dict(await ami.registered_phones([phone, *others]))
        if phones[phone]:
            break
        await asyncio.sleep(0.02)
    return phones


def register(phone: str, port: int) -> None:
    """Register `phone` as a softphone does, and take the 200."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        sip.settimeout(5)
        sip.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{sip.getsockname()[1]}"
        lines = [
            f"REGISTER sip:127.0.0.1:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK-1",
            f"From: <sip:{phone}@127.0.0.1>;tag=1",
            f"To: <sip:{phone}@127.0.0.1>",
            f"Call-ID: 1@{here}",
            "CSeq: 1 REGISTER",
            f"Contact: <sip:{phone}@{here}>;expires=60",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        sip.sendto("\r\n".join([*lines, "", ""]).encode(), ("127.0.0.1", port))
        assert sip.recv(65535).startswith(b"SIP/2.0 200")
