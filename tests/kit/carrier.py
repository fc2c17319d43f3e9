"""The carrier's side of the trunk: takes and keeps every request of the PBX, and answers as it is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from tests.kit.network import TRUNK, until

RING, ANSWER, BUSY, SILENT = 180, 200, 486, 0
_FINAL = 200


@dataclass(frozen=True)
class Arrived:
    """A request as it arrived, byte for byte."""

    text: str
    at: float

    @property
    def method(self) -> str:
        return self.text.split(" ", 1)[0]

    @property
    def user(self) -> str:
        """Whom it is for: the user part of the request URI."""
        match = re.match(r"\S+ sips?:([^@;\s]*)@", self.text)
        return match[1] if match else ""

    def header(self, name: str) -> str:
        """A header's value; empty where there is none."""
        found = (line for line in self.text.split("\r\n") if line.lower().startswith(f"{name.lower()}:"))
        return next(found, ":").split(":", 1)[1].strip()


@dataclass
class Carrier(asyncio.DatagramProtocol):
    """`answers` gives the status for a call to somebody (the user part); `redirects_to` is where a 302 leads."""

    address: str
    answers: Callable[[str], int] = lambda _: ANSWER
    redirects_to: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _peers: dict[str, tuple[Arrived, tuple[str, int]]] = field(default_factory=dict)

    def starts(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])

    @property
    def called(self) -> list[str]:
        """Whom the PBX called, in order; a request that was only sent again counts once."""
        return [request.user for request in self.invites]

    @property
    def invites(self) -> list[Arrived]:
        return [request for request in self.arrived if request.method == "INVITE"]

    async def is_called(self, count: int = 1, within: float = 5.0) -> Arrived:
        """Wait for the `count`-th call; its INVITE."""
        await until(lambda: len(self.invites) >= count, within, f"{count} calls at the carrier")
        return self.invites[count - 1]

    async def is_hung_up_on(self, within: float = 5.0) -> None:
        """Wait until the PBX ends a call, before or after it was answered."""
        await until(lambda: any(r.method in ("BYE", "CANCEL") for r in self.arrived), within, "the end of a call")

    def hang_up(self, which: int = -1) -> None:
        """End the newest call, or the one that came as number `which` (the first is 0)."""
        invite, peer = self._peers[self.invites[which].header("Call-ID")]
        lines = (
            f"BYE {invite.header('Contact').strip('<>')} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self.port};rport;branch=z9hG4bK{uuid4().hex}",
            "Max-Forwards: 70",
            f"From: {invite.header('To')};tag=carrier",
            f"To: {invite.header('From')}",
            f"Call-ID: {invite.header('Call-ID')}",
            "CSeq: 1 BYE",
            "Content-Length: 0\r\n\r\n",
        )
        self._transport.sendto("\r\n".join(lines).encode(), peer)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0 "):
            return
        request = Arrived(text, asyncio.get_running_loop().time())
        known = f"{request.header('Via')} {request.method}" in self._seen
        self._seen.add(f"{request.header('Via')} {request.method}")
        if not known:
            self.arrived.append(request)
        if request.method == "INVITE":
            self._peers[request.header("Call-ID")] = (request, addr)
            self._take(request, addr)
        elif request.method == "CANCEL":
            self._reply(request, addr, 200)
            self._reply(self._peers[request.header("Call-ID")][0], addr, 487)
        elif request.method != "ACK":
            self._reply(request, addr, 200)

    def _take(self, request: Arrived, addr: tuple[str, int]) -> None:
        status = self.answers(request.user)
        if status >= _FINAL or status:
            self._reply(request, addr, status)

    def _reply(self, request: Arrived, addr: tuple[str, int], status: int) -> None:
        kept = [line for line in request.text.split("\r\n") if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        lines = [f"SIP/2.0 {status} Whatever", *kept, f"To: {request.header('To').split(';tag=')[0]};tag=carrier"]
        contact = self.redirects_to if 300 <= status < 400 else f"sip:carrier@{self.address}:{self.port}"
        lines.append(f"Contact: <{contact}>")
        body = ""
        if status == ANSWER and request.method == "INVITE":
            body = (
                f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                f"m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            )
            lines.append("Content-Type: application/sdp")
        self._transport.sendto("\r\n".join((*lines, f"Content-Length: {len(body)}", "", body)).encode(), addr)


@asynccontextmanager
async def carrier(port: int, address: str = TRUNK) -> AsyncIterator[Carrier]:
    """A `Carrier` at `address`."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(lambda: Carrier(address), local_addr=(address, port))
    made.starts(transport)
    try:
        yield made
    finally:
        transport.close()
