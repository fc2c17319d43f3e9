"""The controller's ear at Asterisk: a manager link that restores itself, and the few questions put over it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Collection
from types import TracebackType
from typing import Self
from uuid import UUID

from pbx.ami.errors import LinkLost, LoginRefused
from pbx.ami.events import AmiEvent, EventQueue, LinkDown, LinkRestored, typed, uuid_of
from pbx.ami.link import Account, Link, Timing, open_link
from pbx.ami.messages import Answer, Fields, Value

log = logging.getLogger(__name__)

QUEUE = 1000
"""Events that may wait for the consumer: the ends of a thousand calls."""

_CALL_VARIABLE = "SL_CALL"
_NOT_THERE = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})
_DEFAULTS = Timing()


class AmiClient:
    """A link to Asterisk for the length of an `async with` block.

    Entering waits for the first attempt: it raises LoginRefused when Asterisk is there and does not let us in; where it
    is not there yet, the link is made as soon as it is. Everything asked while there is no link raises LinkLost.
    """

    def __init__(self, host: str, port: int, username: str, secret: str, *, timing: Timing = _DEFAULTS) -> None:
        self._account = Account(host, port, username, secret)
        self._timing = timing
        self._queue = EventQueue(QUEUE)
        self._link: Link | None = None
        self._logins = 0
        self._tasks = asyncio.TaskGroup()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # What panoramisk logs below this level names callers.
        logging.getLogger("panoramisk").setLevel(logging.WARNING)
        try:
            await self._open()
        except LinkLost as error:
            self._queue.put(LinkDown(str(error)))
            log.warning("%s; trying again", error)
        await self._tasks.__aenter__()
        self._keeper = self._tasks.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._link is not None:
            self._link.close()
            self._link = None
        if isinstance(error, asyncio.CancelledError):
            await self._tasks.__aexit__(kind, error, trace)
        else:
            # An error of the block goes on as it is, not wrapped into a group.
            await self._tasks.__aexit__(None, None, None)

    @property
    def connected(self) -> bool:
        """Whether the controller is logged in at the moment."""
        return self._link is not None

    @property
    def login(self) -> int | None:
        """Which login this is, counted from 1; None while there is none. Another one may be to another Asterisk."""
        return self._logins if self.connected else None

    def events(self) -> AsyncGenerator[AmiEvent, None]:
        """Every event in order, for ever, for one consumer. Each login begins with a LinkRestored."""
        return self._queue.take_all()

    async def action(self, name: str, /, **fields: Value) -> Answer:
        """Carry an action out, under a deadline; a list's answer is whole. It is sent once and never again.

        Raises LinkLost, AnswerLate, ActionRefused, and UnsafeField before anything is sent.
        """
        if self._link is None:
            raise LinkLost("there is no link to Asterisk")
        return await self._link.action(name, fields)

    async def live_calls(self) -> frozenset[UUID]:
        """The ids of the calls that have a channel now. Raises as `action` does."""
        answer = await self.action("Status", Variables=_CALL_VARIABLE)
        calls = (_call_of(item) for item in answer.items)
        return frozenset(call for call in calls if call is not None)

    async def registered_phones(self, names: Collection[str]) -> dict[str, bool]:
        """For each endpoint name, whether a phone is registered. Raises as `action` does."""
        answer = await self.action("DeviceStateList")
        states = {item.get("Device"): item.get("State") for item in answer.items}
        return {name: states.get(f"PJSIP/{name}", "UNKNOWN") not in _NOT_THERE for name in names}

    async def _open(self) -> None:
        self._link = await open_link(self._account, self._timing, self._on_event)
        self._logins += 1
        self._queue.put(LinkRestored())
        log.info("logged in to Asterisk")

    async def _keep(self) -> None:
        while True:
            if self._link is None:
                await self._reopen()
            elif reason := await self._link.watch():
                self._link = None
                self._queue.put(LinkDown(reason))
                log.warning("the link to Asterisk was lost: %s; trying again", reason)

    async def _reopen(self) -> None:
        attempt, told = 0, ""
        while self._link is None:
            longest = min(self._timing.longest_pause, self._timing.first_pause * 2**attempt)
            # Random, so that controllers do not all come back at one moment; never so short that it is a busy loop.
            await asyncio.sleep(random.uniform(longest / 2, longest))
            attempt = min(attempt + 1, 20)
            try:
                await self._open()
            except (LinkLost, LoginRefused) as error:
                if str(error) != told:
                    log.warning("no link to Asterisk: %s", error)
                told = str(error)

    def _on_event(self, fields: Fields) -> None:
        event = typed(fields)
        if event is not None:
            self._queue.put(event)


def _call_of(channel: Fields) -> UUID | None:
    """The id in a Status event; a channel that is no call's has the value `(null)` (manager.c, `generate_status`)."""
    name = f"{_CALL_VARIABLE}="
    return next((uuid_of(v.removeprefix(name)) for v in channel.all("Variable") if v.startswith(name)), None)
