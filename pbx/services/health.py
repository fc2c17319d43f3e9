"""What works and what does not, since when, and what to do about it: the one answer behind `status` and `/ready`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Part(StrEnum):
    """The parts that must work for the server to be ready."""

    ASTERISK = "asterisk"
    DATABASE = "database"
    CONTROLLER = "controller"
    TRANSCRIBER = "transcriber"


class Watched(StrEnum):
    """What is looked after besides: trouble with it makes the server degraded, not unready."""

    SPOOL = "spool"
    DISK = "disk"
    PLANS = "plans"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a part works, since when (UTC), and one sentence: its version, or what is wrong and what to do."""

    ok: bool
    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work `since` (UTC): what is wrong, what callers notice of it, and what to do.

    Nothing of it is about a patient.
    """

    what: str
    since: datetime
    detail: str
    callers: str
    remedy: str


_CALLERS_AND_REMEDY: dict[Part | Watched, tuple[str, str]] = {
    Part.ASTERISK: (
        "Calls fail until it is back, usually within two seconds.",
        "It is started again by itself. If it does not come back, its last lines are in asterisk/log in the data "
        "folder.",
    ),
    Part.DATABASE: (
        "Nothing: calls follow the rules last known, and wait in the spool to be logged.",
        "Make room on its disk, or start PostgreSQL; it is taken up by itself.",
    ),
    Part.CONTROLLER: (
        "Calls follow the plan of the day; for rules by caller, phone trees and codes they wait for the controller.",
        "It is started again by itself; the log says why it ended.",
    ),
    Part.TRANSCRIBER: (
        "Nothing: messages can be listened to, and wait for their words.",
        "The detail says what it needs, often memory_mb in [voicemail].",
    ),
    Watched.SPOOL: (
        "Nothing: messages are taken in the spare folder.",
        "Mount the spool's disk and make it writable; the file .mounted in it tells that it is the right one.",
    ),
    Watched.DISK: ("Nothing yet: messages are taken as long as they fit.", "Make room; keep_days erases old messages."),
    Watched.PLANS: (
        "Nothing, unless the controller fails too: then they hear the greeting and can leave a message.",
        "Make the folder plans in the data folder writable and make room on its disk.",
    ),
    Watched.HEARTBEAT: (
        "Perhaps they do not hear the right greeting.",
        "Call the number yourself, and look for its greeting in the practice's file and for errors in the log.",
    ),
}


class Health:
    """Keeps the condition of each part. `since` moves only when a part changes between working and not working.

    `became_ready` is set once all parts have worked at the same time.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self.became_ready = asyncio.Event()
        self._parts = {part: Condition(False, "starting", now()) for part in Part}
        self._watched = {watched: Condition(True, "", now()) for watched in Watched}

    def working(self, part: Part, detail: str = "") -> None:
        self._parts[part] = self._changed(self._parts[part], True, detail)
        if self.ready:
            self.became_ready.set()

    def failing(self, part: Part, detail: str) -> None:
        self._parts[part] = self._changed(self._parts[part], False, detail)

    def watch(self, watched: Watched, problem: str | None) -> None:
        """Tell what is wrong with something that is looked after, in a sentence; None: nothing is."""
        self._watched[watched] = self._changed(self._watched[watched], problem is None, problem or "")

    @property
    def parts(self) -> dict[Part, Condition]:
        return dict(self._parts)

    @property
    def ready(self) -> bool:
        return all(condition.ok for condition in self._parts.values())

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """All that does not work now, the parts first."""
        return tuple(self._troubles())

    def _troubles(self) -> Iterator[Trouble]:
        known: list[tuple[Part | Watched, Condition]] = [*self._parts.items(), *self._watched.items()]
        for what, condition in known:
            if not condition.ok:
                yield Trouble(what.value, condition.since, condition.detail, *_CALLERS_AND_REMEDY[what])

    def _changed(self, before: Condition, ok: bool, detail: str) -> Condition:
        return Condition(ok, detail, before.since if before.ok == ok else self._now())
