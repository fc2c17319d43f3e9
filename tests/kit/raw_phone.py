"""A phone of the practice that proves who it is and then sends whatever it likes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

from pbx.asterisk.ports import free_port
from pbx.demo.softphone import SipServer
from tests.kit.network import PHONES

_FINAL = 200
_CHALLENGES = (401, 407)


@dataclass(frozen=True)
class Sent:
    """A request; `headers` are further lines."""

    method: str
    uri: str
    headers: tuple[str, ...] = ()
    contact: str = ""
    body: bool = True


@dataclass
class RawPhone(asyncio.DatagramProtocol):
    """The phone `name` with its `secret`. `statuses` are all that came back, `texts` what it was sent.

    `answers` is the status, and the Contact of it, with which it meets a call.
    """

    name: str
    secret: str
    server: SipServer
    answers: tuple[int, str] = (486, "")
    statuses: list[int] = field(default_factory=list)
    called: int = 0
    texts: list[str] = field(default_factory=list)
    _sent: Sent = field(default_factory=lambda: Sent("INVITE", ""))
    _last: str = ""
    _dialog: dict[str, str] = field(default_factory=dict)
    _proved: bool = False
    _count: int = 0

    def starts(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])

    async def sends(self, request: Sent, within: float = 8.0) -> int:
        """Send a request with the phone's own proof; its final status, 0 where none comes in `within` seconds."""
        self._start(request)
        return await self._answer(within)

    async def _answer(self, within: float) -> int:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self._final():
                    await asyncio.sleep(0.01)
        return self._final()[-1] if self._final() else 0

    async def dials(self, dialled: str, within: float = 8.0, headers: tuple[str, ...] = ()) -> int:
        """Call `dialled`; the final status."""
        return await self.sends(Sent("INVITE", self.server.uri(dialled), headers), within)

    def begins(self, dialled: str) -> None:
        """Call `dialled`, and wait for nothing."""
        self._start(Sent("INVITE", self.server.uri(dialled)))

    async def registers(self, contact: str = "") -> int:
        return await self.sends(Sent("REGISTER", f"sip:{self.server.host}:{self.server.port}", (), contact, False))

    async def sends_within(self, method: str, *headers: str, within: float = 5.0) -> int:
        """A further request in the call that is up, such as REFER or BYE; 0 where no answer comes."""
        self.statuses.clear()
        self._count += 1
        lines = (
            f"{method} {self.server.uri('s')} SIP/2.0",
            *self._lines(method, self._count, headers),
            "Content-Length: 0\r\n\r\n",
        )
        self._sent = replace(self._sent, method=method, headers=headers, body=False, uri=self.server.uri("s"))
        self._proved = False
        self._send("\r\n".join(lines))
        return await self._answer(within)

    async def hangs_up(self) -> None:
        await self.sends_within("BYE")

    def gives_up(self) -> None:
        """CANCEL the call that rings."""
        kept = [line for line in self._last.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID")]
        cancel = (f"CANCEL {self._sent.uri} SIP/2.0", *kept, "Max-Forwards: 70", f"CSeq: {self._count} CANCEL")
        self._send("\r\n".join((*cancel, "Content-Length: 0\r\n\r\n")))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if not text.startswith("SIP/2.0 "):
            self._is_asked(text)
            return
        status = int(text.split()[1])
        self.statuses.append(status)
        if status < _FINAL:
            return
        self._dialog["To"] = _header(text, "To")
        if " INVITE" in _header(text, "CSeq"):
            self._acknowledge(int(_header(text, "CSeq").split()[0]))
        if status in _CHALLENGES and not self._proved:
            self._proved = True
            self._prove(_header(text, "WWW-Authenticate"))

    def _final(self) -> list[int]:
        return [status for status in self.statuses if status >= _FINAL and (self._proved_or(status))]

    def _proved_or(self, status: int) -> bool:
        return status not in _CHALLENGES or self.statuses.count(status) > 1

    def _start(self, request: Sent) -> None:
        self.statuses.clear()
        self._sent, self._proved, self._count = request, False, 1
        me = f"<sip:{self.name}@{self.server.host}>;tag={uuid4().hex}"
        to = f"<{request.uri}>" if request.method != "REGISTER" else f"<sip:{self.name}@{self.server.host}>"
        self._dialog = {"From": me, "To": to, "Call-ID": uuid4().hex}
        self._transmit(())

    def _prove(self, challenge: str) -> None:
        self._count += 1
        self._dialog["To"] = (
            re.sub(r";tag=[^;>]*$", "", self._dialog["To"]) if not self._in_dialog else self._dialog["To"]
        )
        self._transmit((_authorization(challenge, self.name, self.secret, self._sent),))

    @property
    def _in_dialog(self) -> bool:
        return self._sent.method not in ("INVITE", "REGISTER", "MESSAGE", "OPTIONS")

    def _transmit(self, proof: tuple[str, ...]) -> None:
        body = self._sdp() if self._sent.body else ""
        contact = self._sent.contact or f"sip:{self.name}@{PHONES}:{self.port}"
        lines = (
            f"{self._sent.method} {self._sent.uri} SIP/2.0",
            *self._lines(self._sent.method, self._count, (*self._sent.headers, *proof), contact),
            *(("Content-Type: application/sdp",) if body else ()),
            f"Content-Length: {len(body)}",
        )
        self._send("\r\n".join(lines) + f"\r\n\r\n{body}")

    def _lines(self, method: str, number: int, more: tuple[str, ...], contact: str = "") -> tuple[str, ...]:
        return (
            f"Via: SIP/2.0/UDP {PHONES}:{self.port};rport;branch=z9hG4bK{uuid4().hex}",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in self._dialog.items()),
            f"CSeq: {number} {method}",
            f"Contact: <{contact or f'sip:{self.name}@{PHONES}:{self.port}'}>",
            *more,
        )

    def _acknowledge(self, number: int) -> None:
        lines = (f"ACK {self._sent.uri} SIP/2.0", *self._lines("ACK", number, ()), "Content-Length: 0\r\n\r\n")
        self._send("\r\n".join(lines))

    def _is_asked(self, text: str) -> None:
        method = text.split(" ", 1)[0]
        status, contact = (200, "")
        if method == "ACK":
            return
        if method == "MESSAGE":
            self.texts.append(text.partition("\r\n\r\n")[2])
        if method == "INVITE":
            self.called += 1
            status, contact = self.answers
        kept = [line for line in text.split("\r\n") if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        to = f"To: {_header(text, 'To').split(';tag=')[0]};tag=phone"
        where = (f"Contact: <{contact}>",) if contact else ()
        self._send("\r\n".join((f"SIP/2.0 {status} Whatever", *kept, to, *where, "Content-Length: 0\r\n\r\n")))

    def _sdp(self) -> str:
        return (
            f"v=0\r\no={self.name} 1 1 IN IP4 {PHONES}\r\ns={self.name}\r\nc=IN IP4 {PHONES}\r\nt=0 0\r\n"
            f"m=audio {free_port(PHONES, socket.SOCK_DGRAM)} RTP/AVP 0\r\n"
        )

    def _send(self, text: str) -> None:
        self._last = text
        self._transport.sendto(text.encode(), (self.server.host, self.server.port))


@asynccontextmanager
async def raw_phone(name: str, secret: str, server: SipServer) -> AsyncIterator[RawPhone]:
    """A `RawPhone` at the phones' address."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(
        lambda: RawPhone(name, secret, server), local_addr=(PHONES, 0)
    )
    phone.starts(transport)
    try:
        yield phone
    finally:
        transport.close()


def _header(message: str, name: str) -> str:
    found = (line for line in message.split("\r\n") if line.lower().startswith(f"{name.lower()}:"))
    return next(found, ":").split(":", 1)[1].strip()


def _authorization(challenge: str, name: str, secret: str, request: Sent) -> str:
    """RFC 7616 section 3.4, with MD5 and quality of protection `auth`."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    owner = _md5(f"{name}:{asked['realm']}:{secret}")
    deed = _md5(f"{request.method}:{request.uri}")
    proof = _md5(f"{owner}:{asked['nonce']}:00000001:c0ffee:auth:{deed}")
    opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
    return (
        f'Authorization: Digest username="{name}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", '
        f'uri="{request.uri}", response="{proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"{opaque}'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
