"""The world outside the PBX: waiting with a deadline, and a SIP caller that writes whatever it likes on the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from pbx.asterisk.ports import free_port
from pbx.demo.softphone import SipServer

TRUNK = "127.0.0.2"
STRANGER = "127.0.0.3"
PHONES = "127.0.0.5"

_POLL = 0.02
_FINAL = 200


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    """Wait until `condition` holds. Fails with `what` when `within` seconds are over."""
    try:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(_POLL)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within} seconds") from None


def sip_address(ip: str) -> str:
    """A free `ip:port` for a SIP client."""
    return f"{ip}:{free_port(ip, socket.SOCK_DGRAM)}"


@dataclass(frozen=True)
class Request:
    """A SIP request as it goes out. Nothing is checked or escaped: that is what it is for."""

    request_uri: str
    from_header: str = "<sip:+12155550100@carrier.example>"
    headers: tuple[str, ...] = ()
    method: str = "INVITE"
    content: str = "application/sdp"
    to_header: str = ""
    body: str = ""
    """Left empty: an offer of audio."""


@dataclass
class RawCaller(asyncio.DatagramProtocol):
    """A caller at `address` who sends exactly the bytes that it is told to, and no audio."""

    address: str
    server: SipServer
    statuses: list[int] = field(default_factory=list)
    media_port: int | None = None
    """Where the caller takes voice, if it takes any."""
    _answer: str = ""
    _sent: str = ""
    _body: str = ""

    def starts(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self._port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if not text.startswith("SIP/2.0 "):
            self._send(_reply(text))
            return
        status = int(text.split()[1])
        self.statuses.append(status)
        if status >= _FINAL and " INVITE" in text:
            self._answer = text
            self._send(self._within_dialog("ACK", 1))

    async def calls(self, request: Request, within: float = 8.0) -> int:
        """Send `request` and wait for its final status; 0 where none comes in `within` seconds."""
        self.dials(request)
        try:
            async with asyncio.timeout(within):
                while not any(status >= _FINAL for status in self.statuses):
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            return 0
        return self.statuses[-1]

    def dials(self, request: Request) -> None:
        """Send `request`; `statuses` shows what comes back."""
        self.statuses.clear()
        call = uuid4().hex
        port = self.media_port or free_port(self.address, socket.SOCK_DGRAM)
        self._body = body = request.body or (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\n"
        )
        lines = (
            f"{request.method} {request.request_uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self._port};rport;branch=z9hG4bK{call}",
            "Max-Forwards: 70",
            f"From: {request.from_header};tag=from{call}",
            f"To: {request.to_header or f'<{request.request_uri}>'}",
            f"Call-ID: {call}",
            f"CSeq: 1 {request.method}",
            f"Contact: <sip:caller@{self.address}:{self._port}>",
            *request.headers,
            f"Content-Type: {request.content}",
            f"Content-Length: {len(body.encode())}",
        )
        self._sent = "\r\n".join(lines)
        self._send(f"{self._sent}\r\n\r\n{body}")

    def gives_up(self) -> None:
        """End a call that is not answered (RFC 3261 section 9.1: the CANCEL repeats the INVITE's own lines)."""
        uri = self._sent.split()[1]
        kept = [_header(self._sent, name) for name in ("Via", "From", "To", "Call-ID")]
        self._send(
            "\r\n".join(
                (f"CANCEL {uri} SIP/2.0", *kept, "Max-Forwards: 70", "CSeq: 1 CANCEL", "Content-Length: 0\r\n\r\n")
            )
        )

    def hangs_up(self) -> None:
        """End an answered call."""
        self._send(self._within_dialog("BYE", 2))

    def _within_dialog(self, method: str, number: int) -> str:
        return "\r\n".join(
            (
                f"{method} sip:{self.server.host}:{self.server.port} SIP/2.0",
                f"Via: SIP/2.0/UDP {self.address}:{self._port};rport;branch=z9hG4bK{uuid4().hex}",
                "Max-Forwards: 70",
                _header(self._sent, "From"),
                _header(self._answer, "To"),
                _header(self._sent, "Call-ID"),
                f"CSeq: {number} {method}",
                "Content-Length: 0\r\n\r\n",
            )
        )

    def _send(self, text: str) -> None:
        self._transport.sendto(text.encode(), (self.server.host, self.server.port))


@asynccontextmanager
async def raw_caller(address: str, server: SipServer) -> AsyncIterator[RawCaller]:
    """A `RawCaller` at `address`."""
    loop = asyncio.get_running_loop()
    transport, caller = await loop.create_datagram_endpoint(lambda: RawCaller(address, server), local_addr=(address, 0))
    caller.starts(transport)
    try:
        yield caller
    finally:
        transport.close()


def _header(message: str, name: str) -> str:
    return next(line for line in message.split("\r\n") if line.lower().startswith(f"{name.lower()}:"))


def _reply(request: str) -> str:
    """Whatever the server asks of us in a call (its BYE) is fine."""
    kept = [line for line in request.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
    return "\r\n".join(("SIP/2.0 200 OK", *kept, "Content-Length: 0\r\n\r\n"))
