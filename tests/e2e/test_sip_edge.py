"""The edge of SIP as strangers and phones meet it: encrypted, the same for everybody, and no way around it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
import warnings
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.asterisk.authority import Authority
from pbx.asterisk.state import write_private
from pbx.config.settings import PhoneSecurity
from pbx.demo.baresip import ClientFailed
from pbx.demo.hearing import seconds_of_tone
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import DESK, NIGHT_DID, Pbx, a_practice, is_whole, running
from tests.kit.network import PHONES, STRANGER, Request, raw_caller
from tests.kit.tls_phone import Account, Answer, Call, raw_phone

NOBODY = "no-such-phone"
Words = Callable[[float], Awaitable[Path]]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """A PBX as it is without a word about phones in the file."""
    with running(tmp_path_factory.mktemp("strict"), a_practice(), security=PhoneSecurity()) as pbx:
        yield pbx


def secret_of(pbx: Pbx, phone: str = DESK) -> str:
    return pbx.machine.secrets.phone(phone)


async def registers(pbx: Pbx, user: str, secret: str, algorithm: str = "SHA-256", **more: str) -> Answer:
    server = pbx.server
    async with raw_phone(server.host, server.tls_port, server.trusted, PHONES) as phone:
        return await phone.register(Account(user, secret, algorithm), **more)


async def test_a_phone_proves_its_secret_by_sha_256(strict: Pbx) -> None:
    assert (await registers(strict, DESK, secret_of(strict))).status == 200


async def test_md5_is_neither_offered_nor_taken(strict: Pbx) -> None:
    answer = await registers(strict, DESK, secret_of(strict), "MD5")
    assert (answer.status, answer.algorithms) == (401, ["SHA-256"])


async def test_baresip_registers_where_the_file_allows_md5_only(pbx: Pbx, a_phone: PhoneMaker) -> None:
    """And nowhere else: it gives up at a challenge with SHA-256 in it."""
    phone = await a_phone(DESK, pbx)
    await phone.call(pbx.server, "*43")
    await phone.is_answered(5)
    await phone.hang_up()
    await pbx.is_quiet()


async def test_baresip_gives_up_at_sha_256(strict: Pbx, a_phone: PhoneMaker) -> None:
    with pytest.raises(ClientFailed):
        await a_phone(DESK, strict)


@pytest.mark.parametrize("security", ["strict", "pbx"])
async def test_nobody_can_tell_which_phones_exist(security: str, request: pytest.FixtureRequest) -> None:
    """The same answers over TLS and UDP, without and with a wrong answer to the challenge, but for what is random."""
    pbx: Pbx = request.getfixturevalue(security)
    algorithm = pbx.settings.phone_security.digests[0]
    seen = {}
    for user in (DESK, NOBODY):
        wrong = await registers(pbx, user, "a wrong secret", algorithm)
        server = pbx.server
        async with raw_phone(server.host, server.tls_port, server.trusted, PHONES) as phone:
            asked = [await phone.asks(Call(method), user) for method in ("REGISTER", "OPTIONS", "INVITE", "SUBSCRIBE")]
        seen[user] = [_shape(one, user) for one in (wrong, *asked)], await _over_udp(pbx, user)
    assert seen[DESK] == seen[NOBODY]
    assert {status for status, _ in seen[DESK][0]} == {401}
    assert set(seen[DESK][1]) == {401}


def _shape(answer: Answer, user: str) -> tuple[int, str]:
    random = re.sub(r'(nonce|opaque|tag|branch|rport|Call-ID)([=:] ?)"?[^",;\r]*', r"\1\2", answer.head)
    return answer.status, re.sub(rf":\d+|{user}", "", random)


async def _over_udp(pbx: Pbx, user: str) -> list[int]:
    found = []
    async with raw_caller(STRANGER, pbx.server) as stranger:
        for method in ("REGISTER", "INVITE", "OPTIONS"):
            header = f"<sip:{user}@{STRANGER}>"
            found.append(await stranger.calls(Request(f"sip:{user}@127.0.0.1", header, method=method)))
    return found


async def test_a_right_secret_over_udp_is_refused(pbx: Pbx, a_phone: PhoneMaker) -> None:
    phone = await a_phone(DESK, plain=True)
    with pytest.raises(ClientFailed, match="401"):
        await phone.register(pbx.server, secret_of(pbx))


async def test_voice_without_encryption_is_refused(strict: Pbx) -> None:
    server = strict.server
    async with raw_phone(server.host, server.tls_port, server.trusted, PHONES) as phone:
        assert (await phone.offers_plain_voice(Account(DESK, secret_of(strict)), "*43")).status == 488


async def test_a_contact_at_the_carriers_leads_nowhere_but_to_the_phone(strict: Pbx) -> None:
    """It is taken for where the phone really is, or refused; never is a call sent to what it says."""
    for target in ("sip:+19005550100@127.0.0.2", "sip:x@127.0.0.2:5060;transport=udp", "sip:911@0.0.0.0"):
        await registers(strict, DESK, secret_of(strict), contact=target)
        contacts = await strict.process.console.run("database show registrar/contact") or ""
        uris = re.findall(r'"uri":"sip:[^@"]*@([0-9.]+)', contacts)
        assert set(uris) <= {PHONES}


@pytest.mark.parametrize(
    ("version", "taken"),
    [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)],
)
def test_tls_1_2_and_later(version: str, taken: bool, strict: Pbx) -> None:
    context = ssl.create_default_context(cafile=str(strict.server.trusted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    assert _connects(strict, context) is taken


def test_a_cipher_without_forward_secrecy_is_refused(strict: Pbx) -> None:
    context = ssl.create_default_context(cafile=str(strict.server.trusted))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES256-SHA384:AES256-GCM-SHA384")
    assert not _connects(strict, context)


def _connects(pbx: Pbx, context: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection((pbx.server.host, pbx.server.tls_port), 5) as plain,
            context.wrap_socket(plain, server_hostname=pbx.server.host),
        ):
            return True
    except (ssl.SSLError, ConnectionError):
        return False


async def test_a_renewed_certificate_is_shown_and_no_call_is_dropped(pbx: Pbx, a_phone: PhoneMaker) -> None:
    phone = await a_phone(DESK, pbx)
    await phone.call(pbx.server, "*43")
    await phone.is_answered(5)
    before = await asyncio.to_thread(_certificate, pbx)
    now = datetime.now(UTC)
    authority = Authority.load(pbx.layout.tls_authority, now)
    assert authority is not None
    assert write_private(pbx.layout.tls_server, authority.issue(("127.0.0.1",), now))
    await pbx.process.reload()
    async with asyncio.timeout(5):
        while await asyncio.to_thread(_certificate, pbx) == before:
            await asyncio.sleep(0.05)
    assert await pbx.channels() == 1
    await phone.hang_up()
    await pbx.is_quiet()
    await phone.call(pbx.server, "*43")
    await phone.is_answered(5)
    await phone.hang_up()
    await pbx.is_quiet()


def _certificate(pbx: Pbx) -> bytes | None:
    context = ssl.create_default_context(cafile=str(pbx.server.trusted))
    with (
        socket.create_connection((pbx.server.host, pbx.server.tls_port), 5) as plain,
        context.wrap_socket(plain, server_hostname=pbx.server.host) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True)


async def test_voice_of_a_stranger_gets_into_no_message(pbx: Pbx, a_patient: PatientMaker, words: Words) -> None:
    """Strict RTP: whoever sends to the port of a call in progress is not its patient."""
    known = set(pbx.calls())
    patient = await a_patient()
    await patient.dial(pbx.server, NIGHT_DID)
    await patient.hears_beep(10)
    await patient.says(await words(3))
    injecting = asyncio.create_task(_inject(pbx, seconds=3))
    await patient.call_ends(15)
    assert await injecting > 0
    [recording] = (await pbx.next_ended(known)).recordings
    assert is_whole(recording, 3, SPOKEN)
    assert seconds_of_tone(recording, 1000.0) == 0


async def _inject(pbx: Pbx, seconds: float) -> int:
    """A loud tone of 1000 Hz as a carrier sends it (G.711, 20 ms a packet), to every RTP port; how many were sent."""
    network, sent = pbx.settings.network, 0
    tone = bytes((0x80, 0x9E, 0x00, 0x1E)) * 40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((STRANGER, 0))
        for number in range(int(seconds / 0.1)):
            header = struct.pack("!BBHII", 0x80, 0, number, number * 160, 7)
            for port in range(network.rtp_first, network.rtp_last, 2):
                sending.sendto(header + tone, (pbx.server.host, port))
                sent += 1
            await asyncio.sleep(0.1)
    return sent
