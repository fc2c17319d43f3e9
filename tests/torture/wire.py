"""The wire between the controller and Asterisk's manager port: it passes everything untouched until it is told to fail.

Only events that are no answers are tampered with. A response, and an event of a list, carry the action's ActionID
(main/manager.c, `astman_send_listack`), and stay where they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pbx.asterisk.ports import LOOPBACK

_END = b"\r\n\r\n"
_PORTION = 65536
_POLL = 0.05
_ANSWERS_TO = re.compile(rb"^ActionID:", re.MULTILINE | re.IGNORECASE)


class Way(Protocol):
    """What becomes of events while something is wrong with the wire."""

    def take(self, event: bytes) -> list[bytes]:
        """What is passed on now that `event` came."""

    def rest(self) -> list[bytes]:
        """What was held back, in the order in which it goes out at last."""


@dataclass
class Wire:
    """`port` is where the controller connects, `manager_port` tells Asterisk's of the moment.

    `met` counts the events that came while something was wrong, by the way's name.
    """

    manager_port: Callable[[], int]
    port: int = 0
    met: Counter[str] = field(default_factory=Counter)
    _way: Way | None = None
    _cut: asyncio.Event | None = None
    _away: bool = False
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _carrying: dict[asyncio.Task[None], asyncio.Event] = field(default_factory=dict)

    async def fails(self, way: Way, seconds: float, patience: float) -> int:
        """Let `way` deal with the events for a while; how many came. For the first one it waits that much longer."""
        before, self._way = self.met[type(way).__name__], way
        try:
            await asyncio.sleep(seconds)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while self.met[type(way).__name__] == before:
                        await asyncio.sleep(_POLL)
        finally:
            self._way = None
            for event in way.rest():
                self._pass_on(event)
        return self.met[type(way).__name__] - before

    async def is_cut(self, patience: float, seconds: float) -> bool:
        """Close the link in the middle of the next event, and let nobody in for `seconds`.

        Where no event comes within `patience` seconds it is closed all the same. False where there was no link.
        """
        if not self._writers:
            return False
        self._cut = asyncio.Event()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._cut.wait()
        finally:
            self._cut, self._away = None, True
        self._hang_up()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._away = False
        return True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the controller's, until either side ends it."""
        task, told = asyncio.current_task(), asyncio.Event()
        assert task is not None
        self._carrying[task] = told
        try:
            if self._away:
                return
            far, there = await asyncio.open_connection(LOOPBACK, self.manager_port())
            try:
                self._writers.append(writer)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._ask(reader, there))
                    group.create_task(self._answer(far, writer))
                    group.create_task(_until(told))
            finally:
                self._writers.remove(writer)
                there.transport.abort()
        except* (OSError, _Over):
            pass
        finally:
            writer.close()
            del self._carrying[task]

    async def end(self) -> None:
        """Let go of every connection."""
        self._hang_up()
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def _ask(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PORTION):
            there.write(data)
            await there.drain()
        raise _Over

    async def _answer(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await far.readline())  # the greeting, which is no message
        kept = b""
        while data := await far.read(_PORTION):
            *messages, kept = (kept + data).split(_END)
            for message in messages:
                self._take(message + _END, writer)
            await writer.drain()
        raise _Over

    def _take(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        if self._cut is not None and self._cut.is_set():
            return  # what comes after the cut
        if not message.startswith(b"Event:") or _ANSWERS_TO.search(message):
            writer.write(message)
        elif self._cut is not None:
            writer.write(message[: len(message) // 2])
            self._cut.set()
        elif self._way is not None:
            self.met[type(self._way).__name__] += 1
            for event in self._way.take(message):
                writer.write(event)
        else:
            writer.write(message)

    def _pass_on(self, event: bytes) -> None:
        """Without a link it is lost, as it would be."""
        if self._writers:
            self._writers[-1].write(event)

    def _hang_up(self) -> None:
        for told in self._carrying.values():
            told.set()


class _Over(Exception):
    """A connection is to end, or one of its sides has ended it."""


async def _until(told: asyncio.Event) -> None:
    await told.wait()
    raise _Over


@dataclass
class Duplicated:
    """Each event comes twice, at once or again later."""

    luck: random.Random
    _later: list[bytes] = field(default_factory=list)

    def take(self, event: bytes) -> list[bytes]:
        if self.luck.random() < 0.5:
            return [event, event]
        due, self._later = (self._later, []) if self.luck.random() < 0.3 else ([], self._later)
        self._later.append(event)
        return [event, *due]

    def rest(self) -> list[bytes]:
        return self._later


@dataclass
class Shuffled:
    """Events are held back and let go in another order."""

    luck: random.Random
    _held: list[bytes] = field(default_factory=list)

    def take(self, event: bytes) -> list[bytes]:
        self._held.append(event)
        return self.rest() if len(self._held) >= self.luck.randint(3, 8) else []

    def rest(self) -> list[bytes]:
        let_go, self._held = self._held, []
        self.luck.shuffle(let_go)
        return let_go


@dataclass
class Lost:
    """Most events do not arrive."""

    luck: random.Random

    def take(self, event: bytes) -> list[bytes]:
        return [event] if self.luck.random() < 0.3 else []

    def rest(self) -> list[bytes]:
        return []


@asynccontextmanager
async def wire(manager_port: Callable[[], int]) -> AsyncIterator[Wire]:
    """A wire to wherever Asterisk's manager port is at the moment."""
    made = Wire(manager_port)
    server = await asyncio.start_server(made.carry, LOOPBACK, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.end()
