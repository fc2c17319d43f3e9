"""A phone that registers, texts and is texted, as bytes on the wire: it can write what no softphone would."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

from pbx.demo.softphone import SipServer


@dataclass
class SipPhone(asyncio.DatagramProtocol):
    """The phone `name` with its `secret` at `address`. `taken` are the requests that came to it."""

    server: SipServer
    name: str
    secret: str
    address: str
    taken: list[str] = field(default_factory=list)
    _answers: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _port: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0 "):
            self._answers.put_nowait(text)
            return
        self.taken.append(text)
        kept = [one for one in text.split("\r\n") if one.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        answer = "\r\n".join(("SIP/2.0 200 OK", *kept, "Content-Length: 0\r\n\r\n"))
        self._transport.sendto(answer.encode(), addr)

    @property
    def texts(self) -> list[str]:
        """What the texts say that came to it."""
        return [one.partition("\r\n\r\n")[2] for one in self.taken if one.startswith("MESSAGE ")]

    async def registers(self) -> None:
        assert await self.asks("REGISTER", f"sip:{self.server.host}:{self.server.port}") == 200

    async def writes(self, to: str, body: str, sender: str | None = None) -> int:
        """Text `to` (a user part); the final status."""
        return await self.asks("MESSAGE", f"sip:{to}@{self.server.host}:{self.server.port}", body, sender)

    async def asks(self, method: str, uri: str, body: str = "", sender: str | None = None) -> int:
        """Send a request, with its proof once it is asked for; the final status."""
        call, proof = uuid4().hex, ""
        for number in (1, 2):
            self._send(method, uri, body, sender, f"{call}", number, proof)
            answer = await self._final()
            status = int(answer.split()[1])
            if status != 401 or proof:
                return status
            proof = self._proof(method, uri, answer)
        raise AssertionError

    async def _final(self) -> str:
        async with asyncio.timeout(10):
            while (answer := await self._answers.get()).split()[1].startswith("1"):
                pass
        return answer

    def _send(self, method: str, uri: str, body: str, sender: str | None, call: str, number: int, proof: str) -> None:  # noqa: PLR0913
        mine = f"sip:{self.name}@{self.server.host}"
        to = f"<{mine}>" if method == "REGISTER" else f"<{uri}>"
        data = body.encode()
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self._port};rport;branch=z9hG4bK{call}{number}",
            "Max-Forwards: 70",
            f"From: {sender or f'<{mine}>'};tag={call}",
            f"To: {to}",
            f"Call-ID: {call}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self.name}@{self.address}:{self._port}>",
            *([proof] if proof else []),
            *(["Expires: 120"] if method == "REGISTER" else ["Content-Type: text/plain"]),
            f"Content-Length: {len(data)}",
        ]
        self._transport.sendto("\r\n".join(lines).encode() + b"\r\n\r\n" + data, (self.server.host, self.server.port))

    def _proof(self, method: str, uri: str, challenge: str) -> str:
        """RFC 7616 with MD5, and qop where it is offered."""
        given = dict(
            re.findall(r'(\w+)="?([^",\r\n]+)"?', challenge.partition("WWW-Authenticate:")[2].split("\r\n")[0])
        )
        ours = _md5(f"{self.name}:{given['realm']}:{self.secret}")
        what = _md5(f"{method}:{uri}")
        fields = f'username="{self.name}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}"'
        if "qop" in given:
            response = _md5(f"{ours}:{given['nonce']}:00000001:0a4f113b:auth:{what}")
            fields += ', qop=auth, nc=00000001, cnonce="0a4f113b"'
        else:
            response = _md5(f"{ours}:{given['nonce']}:{what}")
        opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
        return f'Authorization: Digest {fields}, response="{response}", algorithm=MD5{opaque}'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def sip_phone(server: SipServer, name: str, secret: str, address: str, port: int = 0) -> AsyncIterator[SipPhone]:
    """A `SipPhone` at `address`."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(
        lambda: SipPhone(server, name, secret, address), local_addr=(address, port)
    )
    try:
        yield phone
    finally:
        transport.close()
