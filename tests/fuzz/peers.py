"""A FastAGI session and a manager link without sockets: one loop for all inputs, so that thousands a second go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from agi.session import Access, GuardedApplication, GuardedRequest, Limits
from agi.wire import HEADER_BYTES
from pbx.ami.messages import Fields
from pbx.ami.protocol import GuardedProtocol

FEED_BYTES = 256
"""The largest piece in which a target feeds a manager link."""

_GREETING = b"Asterisk Call Manager/11.0.0\r\n"
_SESSION_WITHIN = 5.0
_LIMITS = Limits(header=1.0, reply=1.0, session=2.0, closing=0.1)
T = TypeVar("T")


class Sink:
    """Where a session or a link writes to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.transport = self

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        return ("127.0.0.1", 1) if name == "peername" else None

    async def drain(self) -> None:
        return None

    def close(self) -> None:
        return None

    async def wait_closed(self) -> None:
        return None

    def abort(self) -> None:
        return None


def in_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it to its end in a loop that is kept."""
    return _loop().run_until_complete(work())


def agi_session(data: bytes) -> None:
    """Serve one connection on which `data` comes and then nothing. Fails if it does not end, or answers twice."""
    in_loop(lambda: _agi_session(data))


async def _agi_session(data: bytes) -> None:
    async def answer(request: GuardedRequest) -> None:
        await request.send_command("EXEC", "MSet", "SL_STEP=end")

    application = GuardedApplication(_LIMITS, Access())
    application.add_route("next", answer)
    reader, sink = asyncio.StreamReader(limit=HEADER_BYTES), Sink()
    reader.feed_data(data)
    reader.feed_eof()
    async with asyncio.timeout(_SESSION_WITHIN):
        await application.handler(reader, sink)  # type: ignore[arg-type]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in sink.written)
    assert sum(line.startswith(b"EXEC") for line in sink.written) <= 1
    assert application.stats.open == 0


async def ami_link(data: bytes, step: int) -> tuple[list[Fields], int]:
    """Feed `data` to a link in pieces of `step`: the events that came, and how much it still holds back."""
    events: list[Fields] = []
    protocol = GuardedProtocol(events.append)
    protocol.connection_made(Sink())
    protocol.data_received(_GREETING)
    for place in range(0, len(data), step):
        protocol.data_received(data[place : place + step])
    held = len(protocol._text)
    protocol.close()
    return events, held


_kept: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    if not _kept:
        _kept.append(asyncio.new_event_loop())
    return _kept[0]


def close_loop() -> None:
    """At the end of the inputs."""
    while _kept:
        _kept.pop().close()
