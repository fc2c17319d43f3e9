"""What a stranger writes into SIP headers forges no line of AMI, none of FastAGI, none of a log or a sidecar."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from pbx.asterisk.ports import LOOPBACK
from tests.kit.asterisk import DID, OBSERVER, OBSERVER_SECRET, Pbx, Spooled, a_practice, running
from tests.kit.controllers import controller
from tests.kit.network import STRANGER, TRUNK, Request, raw_caller

MARK = "F0rged"
"""Stands in every hostile text."""

QUOTING = (b"Value: ", b"AppData: ")
"""AMI lines that show an observer what the dialplan reads (class `dialplan`): whatever it is, it stays in its line."""

CRLF = "%0D%0A"
EVENT = f"1555{CRLF}{CRLF}Event%3A%20{MARK}{CRLF}Call%3A%20{MARK}{CRLF}{CRLF}"
AGI_LINE = f"1555%0Aagi_network_script%3A%20{MARK}%0Aagi_arg_1%3A%20{MARK}"
AGI_END = f"1555%0A%0A200%20result=1%20({MARK})%0A"
PLAIN = "<sip:+12155550100@carrier.example>"

HOSTILE = {
    "an AMI event in From": Request("", f"<sip:{EVENT}@h.example>"),
    "an AGI line in From": Request("", f"<sip:{AGI_LINE}@h.example>"),
    "the end of the AGI environment in From": Request("", f"<sip:{AGI_END}@h.example>"),
    "a name of two lines": Request("", f'"Joe\r\n {MARK}" <sip:+1555@h.example>'),
    "a name with the whole of a header": Request("", f'"x> <sip:{MARK}@h" <sip:+1555@h.example>'),
    "a name that is dialplan": Request("", f'"${{SHELL(echo {MARK})}}&PJSIP/{MARK}" <sip:+1555@h.example>'),
    "a user that is dialplan": Request("", f"<sip:1555$%7BSHELL(echo%20{MARK})%7D@h.example>"),
    "a second number in the user": Request("", f"<sip:15&PJSIP/{MARK}@h.example>"),
    "parameters of From": Request("", f"<sip:+1555@h.example;x={CRLF}{MARK}>;y={MARK}"),
    "P-Asserted-Identity": Request("", PLAIN, (f"P-Asserted-Identity: <sip:{EVENT}@h.example>",)),
    "P-Asserted-Identity, a name": Request("", PLAIN, (f'P-Asserted-Identity: "{MARK}" <sip:{AGI_LINE}@h.example>',)),
    "a tel URI": Request("", PLAIN, (f"P-Asserted-Identity: <tel:+1555;phone-context={CRLF}{MARK}>",)),
    "Remote-Party-ID": Request("", PLAIN, (f'Remote-Party-ID: "{MARK}" <sip:{EVENT}@h.example>;party=calling',)),
    "Diversion": Request("", PLAIN, (f'Diversion: "{MARK}" <sip:{AGI_LINE}@h.example>;reason={MARK}',)),
    "History-Info": Request("", PLAIN, (f"History-Info: <sip:{EVENT}@h.example>;index=1",)),
    "Privacy": Request("", PLAIN, (f"Privacy: none;{MARK}%0A",)),
    "Subject, Reason and more": Request(
        "",
        PLAIN,
        (f"Subject: {MARK}{CRLF}", f'Reason: Q.850;cause=16;text="{MARK}"', f"X-{MARK}: x"),
    ),
    "User-Agent and Organization": Request("", PLAIN, (f"User-Agent: {MARK}", f"Organization: {MARK}")),
    "To": Request("", PLAIN, to_header=f'"{MARK}" <sip:{EVENT}@h.example>'),
    "parameters of the number": Request(f";npdi={MARK};rn=%0D%0A", PLAIN),
}  # fmt: skip


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with running(tmp_path_factory.mktemp("pbx"), a_practice(), observed=True) as pbx:
        yield pbx


class Wire:
    """Every byte that Asterisk sent over AMI (to one who may see all) and in its questions over FastAGI."""

    def __init__(self) -> None:
        self.ami = bytearray()
        self.agi = bytearray()

    async def listen(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self.ami += data

    async def take_question(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Takes the question and leaves: the call goes on by the fail-safe path.
        self.agi += await reader.readuntil(b"\n\n")

    @property
    def forged(self) -> list[bytes]:
        """Lines that a stranger wrote."""
        ami = [line for line in re.split(rb"[\r\n]+", bytes(self.ami)) if not line.startswith(QUOTING)]
        return [line for line in (*ami, *bytes(self.agi).split(b"\n")) if MARK.encode().lower() in line.lower()]


@asynccontextmanager
async def on_the_wire(pbx: Pbx) -> AsyncIterator[Wire]:
    wire = Wire()
    reader, writer = await asyncio.open_connection(LOOPBACK, pbx.machine.ports.ami)
    writer.write(f"Action: Login\r\nUsername: {OBSERVER}\r\nSecret: {OBSERVER_SECRET}\r\n\r\n".encode())
    await reader.readuntil(b"Authentication accepted")
    listener = asyncio.create_task(wire.listen(reader))
    try:
        async with controller(pbx.agi_port, wire.take_question):
            yield wire
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        writer.close()


async def a_call(pbx: Pbx, request: Request) -> tuple[int, Spooled | None]:
    """Call the practice with `request`, whose URI is what follows the number; hang up when somebody answers."""
    known = set(pbx.calls())
    uri = f"sip:{DID}{request.request_uri}@127.0.0.1"
    async with raw_caller(TRUNK, pbx.server) as caller:
        status = await caller.calls(
            Request(uri, request.from_header, request.headers, to_header=request.to_header), within=1.0
        )
        if status != 200:
            return status, None
        caller.hangs_up()
        return status, await pbx.next_ended(known)


def logs(pbx: Pbx) -> str:
    return "".join(p.read_text(errors="replace") for p in pbx.layout.log.rglob("*") if p.is_file())


@pytest.mark.parametrize("request_", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_comes_out_nowhere(request_: Request, pbx: Pbx) -> None:
    async with on_the_wire(pbx) as wire:
        status, call = await a_call(pbx, request_)
        assert status in (200, 0)  # 0: so malformed that the SIP stack drops it
        if call is not None:
            assert b"agi_network_script: next\n" in wire.agi
            assert bytes(wire.agi).count(b"agi_arg_1") == 1
            assert re.fullmatch(r"[+0-9]*|anonymous", call.start[3])
    assert wire.forged == []
    assert MARK.lower() not in logs(pbx).lower()


@pytest.mark.parametrize("user", [EVENT, AGI_LINE, f"{DID}{CRLF}{MARK}", f"sl-in{MARK}", "s", "T", "_X."])
async def test_a_number_that_is_not_the_practices_is_404_and_never_a_channel(user: str, pbx: Pbx) -> None:
    async with on_the_wire(pbx) as wire, raw_caller(TRUNK, pbx.server) as caller:
        assert await caller.calls(Request(f"sip:{user}@127.0.0.1")) == 404
    assert wire.forged == []
    assert b"Newchannel" not in wire.ami
    assert MARK.lower() not in logs(pbx).lower()


@pytest.mark.parametrize(
    ("from_header", "headers", "expected"),
    [
        ('"Joe, J" <sip:+12155550100@h.example:5070;user=phone>', (), "+12155550100"),
        ("<sip:2155550100;npdi=yes@h.example>", (), "2155550100"),
        ("<tel:+12155550100>", (), "+12155550100"),
        ("<sip:+1-215-555-0100@h.example>", (), "+12155550100"),
        (PLAIN, ("P-Asserted-Identity: <sip:+12155550199@h.example>",), "+12155550199"),
        (PLAIN, ('P-Asserted-Identity: "x" <sip:joe@h.example>, <tel:+12155550199>',), "+12155550199"),
        (PLAIN, ("P-Asserted-Identity: <sip:joe@h.example>",), "+12155550100"),
        (PLAIN, ("P-Asserted-Identity: <sip:+12155550199@h.example>", "Privacy: id"), "anonymous"),
        ("<sip:anonymous@anonymous.invalid>", ("P-Asserted-Identity: <sip:+12155550199@h>",), "anonymous"),
        ('"Restricted" <sip:Restricted@h.example>', (), "anonymous"),
        ("<sip:h.example>", (), ""),
        ("<sip:joe@h.example>", (), ""),
        ("<sip:1555x@h.example>", (), ""),
        ("<sip:+1234567890123456789012345@h.example>", (), ""),
    ],
)  # fmt: skip
async def test_the_callers_number_is_read_as_the_carrier_means_it(
    from_header: str, headers: tuple[str, ...], expected: str, pbx: Pbx
) -> None:
    _, call = await a_call(pbx, Request("", from_header, headers))
    assert call is not None
    assert call.start[3] == expected


PASSED, FAILED = "verstat=TN-Validation-Passed", "verstat=TN-Validation-Failed"
NUMBER = "+12155550100"


@pytest.mark.parametrize(
    ("from_header", "headers", "expected"),
    [
        (PLAIN, (), ""),
        (f"<sip:{NUMBER}@h.example;user=phone;{PASSED}>", (), "passed"),
        (f"<sip:{NUMBER};{FAILED}-C@h.example>", (), "failed"),
        (f"<tel:{NUMBER};{PASSED}-A>", (), "passed"),
        (PLAIN, (f"P-Asserted-Identity: <sip:{NUMBER}@h.example;{FAILED}>",), "failed"),
        (PLAIN, (f"P-Asserted-Identity: <tel:{NUMBER};{PASSED}>",), "passed"),
        (f"<sip:{NUMBER}@h.example;{FAILED}>", (f"P-Asserted-Identity: <tel:{NUMBER};{PASSED}>",), "failed"),
        (f"<tel:{NUMBER};verstat=No-TN-Validation>", (), ""),
        (f'"{PASSED}" <sip:{NUMBER}@h.example>', (), ""),
        (f'";{PASSED}" <sip:{NUMBER}@h.example>;{PASSED}', (), ""),
        (f"<tel:{NUMBER};x{PASSED}>", (), ""),
        (f"<tel:{NUMBER};verstat={MARK}>", (), ""),
    ],
)  # fmt: skip
async def test_what_the_carrier_says_of_the_number_is_one_of_three_words(
    from_header: str, headers: tuple[str, ...], expected: str, pbx: Pbx
) -> None:
    async with on_the_wire(pbx) as wire:
        _, call = await a_call(pbx, Request("", from_header, headers))
        assert call is not None
        assert call.start[3] == NUMBER
        assert f"agi_arg_5: {expected}\n".encode() in wire.agi
    assert wire.forged == []


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE"])
async def test_a_stranger_forges_no_line_of_the_security_log(method: str, pbx: Pbx) -> None:
    address = f"<sip:{EVENT}@h.example>"
    async with raw_caller(STRANGER, pbx.server) as stranger:
        status = await stranger.calls(Request(f"sip:{EVENT}@127.0.0.1", address, (), method, address), within=2)
    assert status in (401, 0)
    lines = pbx.layout.security_log.read_text(errors="replace").splitlines()
    assert all("SecurityEvent=" in line for line in lines[1:])


async def test_random_hostile_callers_forge_nothing(pbx: Pbx) -> None:
    dice = random.Random(20261123)
    pieces = [*'\\"<>;:@}&|+ ', "%0D%0A", "%0A", "%00", "%22", "%3C", "${", "$[", "1555", MARK, "%F0%9F%98%80"]
    async with on_the_wire(pbx) as wire:
        for _ in range(60):
            text = "".join(dice.choices(pieces, k=dice.randint(1, 12)))
            name = "".join(dice.choices(pieces, k=dice.randint(0, 6))).replace('"', "")
            header = dice.choice(["P-Asserted-Identity", "Diversion", "Remote-Party-ID", "Privacy"])
            quoted = f'"{name}" <sip:{text}@h.example>'
            async with raw_caller(TRUNK, pbx.server) as caller:
                first, second = dice.sample([PLAIN, quoted], 2)
                if await caller.calls(Request(f"sip:{DID}@127.0.0.1", first, (f"{header}: {second}",)), 0.15) == 200:
                    caller.hangs_up()
        await pbx.is_quiet()
    assert wire.forged == []
    assert MARK.lower() not in logs(pbx).lower()
