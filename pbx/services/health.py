"""What works and what does not, since when, and what to do about it: the one answer behind `status` and `/ready`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Part(StrEnum):
    """The parts that must work for the server to be ready."""

    ASTERISK = "asterisk"
    DATABASE = "database"
    CONTROLLER = "controller"
    TRANSCRIBER = "transcriber"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a part works, since when (UTC), and one sentence: its version, or what is wrong and what to do."""

    ok: bool
    detail: str
    since: datetime


class Health:
    """Keeps the condition of each part. `since` moves only when a part changes between working and not working.

    `became_ready` is set once all parts have worked at the same time.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self.became_ready = asyncio.Event()
        self._parts = {part: Condition(False, "starting", now()) for part in Part}

    def working(self, part: Part, detail: str = "") -> None:
        self._set(part, True, detail)

    def failing(self, part: Part, detail: str) -> None:
        self._set(part, False, detail)

    @property
    def parts(self) -> dict[Part, Condition]:
        return dict(self._parts)

    @property
    def ready(self) -> bool:
        return all(condition.ok for condition in self._parts.values())

    def _set(self, part: Part, ok: bool, detail: str) -> None:
        before = self._parts[part]
        since = before.since if before.ok == ok else self._now()
        self._parts[part] = Condition(ok, detail, since)
        if self.ready:
            self.became_ready.set()
