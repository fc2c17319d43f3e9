"""What people change while the server runs, at hand for every call whether the database is there or not.

What was last read of the database is kept in memory for calls, and in a file of the data folder for the next start and
for the commands. It is a few lines a month, so everything is read each time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pbx.services.ports import StoreUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often the database is asked: how late a change is seen whose command could not tell the server."""

T = TypeVar("T")


class Keepsake(Protocol):
    """A small text that outlives the process."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How one thing is written as JSON and read again (`read` raises ValueError, KeyError or TypeError)."""

    name: str
    write: Callable[[T], dict[str, Any]]
    read: Callable[[dict[str, Any]], T]

    def to_text(self, things: Sequence[T]) -> str:
        return json.dumps([self.write(thing) for thing in things], indent=1)

    def from_text(self, text: str | None) -> tuple[T, ...]:
        """What `to_text` wrote; nothing where there is none, or where it cannot be read."""
        try:
            return tuple(self.read(entry) for entry in json.loads(text or "[]"))
        except (ValueError, KeyError, TypeError):
            log.warning("the %s last known cannot be read; they come from the database when it is there", self.name)
            return ()


class InForce(Generic[T]):
    """What was last known. `held` never waits for anything."""

    def __init__(self, look: Callable[[], Awaitable[tuple[T, ...]]], kept: Keepsake, form: Form[T]) -> None:
        self._look = look
        self._kept = kept
        self._form = form
        self.held: tuple[T, ...] = form.from_text(kept.read())

    async def refresh(self) -> bool:
        """Read anew; whether anything changed. Raises StoreUnavailable; what was known stays in force."""
        found = await self._look()
        if found == self.held:
            return False
        self.held = found
        await asyncio.to_thread(self._kept.write, self._form.to_text(found))
        return True

    async def run(self) -> None:
        """Follow the database for ever; meant to be cancelled."""
        while True:
            try:
                if await self.refresh():
                    log.info("the %s changed", self._form.name)
            except StoreUnavailable:
                log.debug("the %s last known stay in force: the database is away", self._form.name)
            await asyncio.sleep(LOOK_SECONDS)


def time_of(entry: dict[str, Any], key: str) -> datetime:
    """A time that was written with its zone. Raises ValueError, KeyError or TypeError."""
    at = datetime.fromisoformat(entry[key])
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at
