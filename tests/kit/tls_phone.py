"""A phone over TLS that writes what it is told to: it proves its secret by SHA-256 or MD5, rightly or wrongly."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

_HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
_ANSWER_WITHIN = 5.0


@dataclass(frozen=True)
class Answer:
    """The server's answer: its status and its whole head."""

    status: int
    head: str

    def header(self, name: str) -> list[str]:
        return re.findall(rf"(?im)^{name}: *(.*?)\r?$", self.head)

    @property
    def algorithms(self) -> list[str]:
        return [re.findall(r"algorithm=([A-Za-z0-9-]+)", challenge)[0] for challenge in self.header("WWW-Authenticate")]


@dataclass(frozen=True)
class Account:
    """Who a request says it comes from, and how that is proved."""

    user: str
    secret: str
    algorithm: str = "SHA-256"


@dataclass(frozen=True)
class Call:
    """A request: to whom (nobody: the server itself), with which headers and what body."""

    method: str
    to: str = ""
    headers: tuple[str, ...] = ()
    body: str = ""


class RawPhone:
    """One connection from the address `source`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self._port = writer.get_extra_info("sockname")[1]
        self.source = str(writer.get_extra_info("sockname")[0])
        self._sequence = 0
        self._call = uuid4().hex

    async def register(self, account: Account, *, contact: str = "", agent: str = "raw") -> Answer:
        """Register, with the answer to the challenge; what comes of it."""
        target = (f"Contact: <{contact}>",) if contact else ()
        return await self.proves(Call("REGISTER", headers=(*target, "Expires: 60", f"User-Agent: {agent}")), account)

    async def offers_plain_voice(self, account: Account, to: str) -> Answer:
        """Call `to` with an offer of RTP without encryption."""
        here = f"IN IP4 {self.source}"
        sdp = f"v=0\r\no=- 1 1 {here}\r\ns=-\r\nc={here}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
        return await self.proves(Call("INVITE", to, body=sdp), account)

    async def proves(self, call: Call, account: Account) -> Answer:
        """Send a request twice: the second time with an answer to the challenge of the first."""
        asked = await self.asks(call, account.user)
        if asked.status != 401:
            return asked
        proof = _authorization(asked, call.method, self._uri(call.to), account)
        return await self.asks(replace(call, headers=(*call.headers, proof)), account.user)

    async def asks(self, call: Call, user: str) -> Answer:
        """Send one request; the final answer to it."""
        self._sequence += 1
        contact = f"Contact: <sip:{user}@{self.source}:{self._port};transport=tls>"
        lines = (
            f"{call.method} {self._uri(call.to)} SIP/2.0",
            f"Via: SIP/2.0/TLS {self.source}:{self._port};rport;branch=z9hG4bK{uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{self._host}>;tag={self._call[:8]}",
            f"To: <sip:{call.to or user}@{self._host}>",
            f"Call-ID: {self._call}",
            f"CSeq: {self._sequence} {call.method}",
            *(() if any(header.startswith("Contact:") for header in call.headers) else (contact,)),
            *call.headers,
            *(("Content-Type: application/sdp",) if call.body else ()),
            f"Content-Length: {len(call.body)}",
        )
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + call.body).encode())
        await self._writer.drain()
        return await self._final(call.method)

    def _uri(self, to: str) -> str:
        return f"sip:{to}@{self._host}" if to else f"sip:{self._host}"

    async def _final(self, method: str) -> Answer:
        async with asyncio.timeout(_ANSWER_WITHIN):
            while True:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"(?im)^Content-Length: *(\d+)", head)
                await self._reader.readexactly(int(length[1]) if length else 0)
                if head.startswith("SIP/2.0 ") and f"{self._sequence} {method}" in head:
                    status = int(head.split()[1])
                    if status >= 200:
                        return Answer(status, head)


def _authorization(asked: Answer, method: str, uri: str, account: Account) -> str:
    """RFC 7616, with `qop=auth`. A challenge of `algorithm` is taken where there is one, else the first is twisted."""
    challenges, algorithm = asked.header("WWW-Authenticate"), account.algorithm
    challenge = next((one for one in challenges if f"algorithm={algorithm}" in one), challenges[0])
    given = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    digest = _HASHES[algorithm]

    def of(text: str) -> str:
        return digest(text.encode()).hexdigest()

    secret_part, request_part = of(f"{account.user}:{given['realm']}:{account.secret}"), of(f"{method}:{uri}")
    response = of(f"{secret_part}:{given['nonce']}:00000001:abc:auth:{request_part}")
    return (
        f'Authorization: Digest username="{account.user}",realm="{given["realm"]}",nonce="{given["nonce"]}",'
        f'uri="{uri}",response="{response}",algorithm={algorithm},cnonce="abc",nc=00000001,qop=auth,'
        f'opaque="{given["opaque"]}"'
    )


@asynccontextmanager
async def raw_phone(host: str, port: int, trusted: Path, source: str) -> AsyncIterator[RawPhone]:
    """A `RawPhone` at `source`, which checks the server's certificate."""
    context = ssl.create_default_context(cafile=str(trusted))
    reader, writer = await asyncio.open_connection(host, port, ssl=context, local_addr=(source, 0))
    try:
        yield RawPhone(reader, writer, host)
    finally:
        writer.transport.abort()
