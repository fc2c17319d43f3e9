"""One FastAGI session, guarded: panoramisk routes it, every byte goes through `agi.wire`, and every wait has an end.

panoramisk 1.4 reads and writes without limits, and freezes the event loop when a peer connects and closes
(`fast_agi.Application.handler`), so its handler and its `send_command` are replaced here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from panoramisk import fast_agi  # type: ignore[import-untyped]

from agi import wire

log = logging.getLogger(__name__)

FAILURE = b"failure\n"
"""A line that begins so ends `AGI()` at once with AGISTATUS=FAILURE (res_agi.c, `run_agi`)."""


_ACCEPTED = 200
_DEAD_CHANNEL = 511

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CallerGone(Exception):
    """Asterisk closed the session: the caller hung up, or the dialplan gave up waiting."""


class CommandRefused(Exception):
    """Asterisk did not carry a command out. The text holds its reply code only."""


class NotAnswered(Exception):
    """A route has no answer. The text is for the log: the call's id and the kind of fault, nothing of the caller."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may take, in seconds, and how many run at once.

    A session ends before the dialplan's own 3 s are over, so that a slow answer leads to the safe path early.
    """

    header: float = 2.0
    reply: float = 2.0
    session: float = 2.8
    closing: float = 1.0
    sessions: int = 512


@dataclass(slots=True)
class Stats:
    """What happened to the sessions so far; `open` are running now.

    answered: the whole answer was taken; failed: our side or the peer broke it off, and the call goes the safe way;
    gone: Asterisk left first; refused: not let in (address, too many, no such route, malformed environment).
    """

    answered: int = 0
    failed: int = 0
    gone: int = 0
    refused: int = 0
    open: int = 0


class GuardedRequest(fast_agi.Request):  # type: ignore[misc]
    """A question being answered; `arguments` are those of the dialplan's `AGI()` line."""

    def __init__(self, app: GuardedApplication, environment: wire.Environment, streams: Streams) -> None:
        super().__init__(app, environment.values, *streams)
        self.arguments = environment.arguments
        self.limits = app.limits
        self.replies = wire.ReplyReader()

    async def send_command(self, *words: str, within: float | None = None) -> wire.Reply:
        """Have Asterisk carry one command out, in one write: half a line would make it spin (res_agi.c, `run_agi`).

        `within` (seconds) is for a command that takes its time, such as one that plays a prompt. Raises CommandRefused
        for any code but 200, CallerGone, TimeoutError, wire.WireError and wire.UnsafeCommand.
        """
        self.writer.write(wire.format_command(*words))
        async with asyncio.timeout(self.limits.reply if within is None else within):
            await self.writer.drain()
            reply = await self._reply()
        if reply.code == _DEAD_CHANNEL:
            raise CallerGone
        if reply.code != _ACCEPTED:
            raise CommandRefused(f"Asterisk answered a command with {reply.code}")
        return reply

    async def _reply(self) -> wire.Reply:
        while True:
            line = await _read_until(self.reader, b"\n")
            reply = self.replies.feed(line[:-1])
            if reply is not None:
                return reply


Endpoint = Callable[[GuardedRequest], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Access:
    """Which peers may ask: loopback always, others by their exact address."""

    addresses: frozenset[str] = field(default_factory=frozenset)

    def allows(self, peer: object) -> bool:
        """Judge a `peername`, which is None for a connection that is already gone."""
        if not isinstance(peer, tuple) or not isinstance(peer[0], str):
            return False
        return peer[0] in self.addresses or ipaddress.ip_address(peer[0]).is_loopback


class GuardedApplication(fast_agi.Application):  # type: ignore[misc]
    """panoramisk's router of FastAGI requests with limits on time, size, number and origin."""

    def __init__(self, limits: Limits, access: Access) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.limits = limits
        self.access = access
        self.stats = Stats()
        self.sessions: set[asyncio.Task[object]] = set()
        self._longer: dict[str, float] = {}

    def add_route(self, path: str, endpoint: Endpoint, seconds: float | None = None) -> None:
        """Answer questions for `path` with the coroutine function `endpoint`. Raises TypeError for anything else.

        `seconds` is how long a session of this route may take, where that is not `Limits.session`.
        """
        if not asyncio.iscoroutinefunction(endpoint):
            raise TypeError("a route needs a coroutine function")
        super().add_route(path, endpoint)
        if seconds is not None:
            self._longer[path] = seconds

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, from its first byte until it is closed. Raises nothing but CancelledError."""
        task = asyncio.current_task()
        if task is not None:
            self.sessions.add(task)
            task.add_done_callback(self.sessions.discard)
        self.stats.open += 1
        try:
            await self._serve(reader, writer)
        finally:
            self.stats.open -= 1
            await _close(writer, self.limits.closing)

    async def end_sessions(self) -> None:
        """Give every session up that is still open; its call goes the safe way."""
        sessions = list(self.sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.access.allows(writer.get_extra_info("peername")):
            self._refuse("an address that may not ask")
            return
        if self.stats.open > self.limits.sessions:
            self._refuse("too many questions at once")
            writer.write(FAILURE)
            return
        try:
            async with asyncio.timeout(self.limits.session) as deadline:
                await self._session(reader, writer, deadline)
        except (CallerGone, ConnectionError):
            self.stats.gone += 1
        except Exception as error:  # noqa: BLE001 - the edge of a call: whatever it was, the call goes the safe way
            self.stats.failed += 1
            log.error("a question was not answered: %s", error if isinstance(error, NotAnswered) else kind_of(error))
            writer.write(FAILURE)

    async def _session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deadline: asyncio.Timeout
    ) -> None:
        try:
            async with asyncio.timeout(self.limits.header):
                environment = wire.parse_environment(await _read_until(reader, b"\n\n"))
        except (wire.WireError, TimeoutError):
            self._refuse("a malformed environment")
            writer.write(FAILURE)
            return
        endpoint: Endpoint | None = self._route.get(environment.route)
        if endpoint is None:
            self._refuse("no such route")
            writer.write(FAILURE)
            return
        if environment.route in self._longer:
            deadline.reschedule(asyncio.get_running_loop().time() + self._longer[environment.route])
        await endpoint(GuardedRequest(self, environment, (reader, writer)))
        self.stats.answered += 1

    def _refuse(self, kind: str) -> None:
        self.stats.refused += 1
        log.warning("refused a FastAGI session: %s", kind)


def kind_of(error: BaseException) -> str:
    """Name an error and where it arose, without its text: that may hold what a caller sent."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


async def _read_until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    try:
        return await reader.readuntil(end)
    except asyncio.IncompleteReadError:
        raise CallerGone from None
    except asyncio.LimitOverrunError:
        raise wire.WireError("more was sent than is taken") from None


async def _close(writer: asyncio.StreamWriter, seconds: float) -> None:
    writer.close()
    try:
        async with asyncio.timeout(seconds):
            await writer.wait_closed()
    except (TimeoutError, ConnectionError):
        writer.transport.abort()
