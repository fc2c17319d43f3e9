"""The greetings that people recorded by phone: durable files of the data folder, each change with a row in the audit.

The recordings themselves are the truth, so calls hear them whether the database is there or not; without it none is
changed, because the audit would not know.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from pbx.domain.own_greetings import GreetingKind, OwnGreeting
from pbx.services.in_force import Form, Keepsake, time_of


class Sounds(Protocol):
    """Where the sound of a recorded greeting is kept, and heard by calls."""

    def keep(self, prompt: str, pcm: bytes) -> None:
        """Keep it instead of an earlier one, durably. Raises OSError."""

    def remove(self, prompt: str) -> None:
        """Calls that begin now hear it no more. Raises OSError."""


class GreetingAudit(Protocol):
    """Who recorded what, when. Raises `StoreUnavailable` when the database is away."""

    async def recorded(self, one: OwnGreeting, actor: str) -> None: ...

    async def removed(self, one: OwnGreeting, actor: str) -> None: ...


def _write(one: OwnGreeting) -> dict[str, str | None]:
    return {"person": one.person, "kind": one.kind.value, "ends": one.ends.isoformat() if one.ends else None}


GREETINGS: Form[OwnGreeting] = Form(
    "recorded greetings",
    _write,
    lambda entry: OwnGreeting(
        str(entry["person"]), GreetingKind(entry["kind"]), time_of(entry, "ends") if entry["ends"] else None
    ),
)


class OwnGreetings:
    """`held` are those that there are; one whose end is over stays in it until it is recorded anew or reset."""

    def __init__(self, kept: Keepsake, sounds: Sounds, audit: GreetingAudit) -> None:
        self._kept = kept
        self._sounds = sounds
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()
        self.held: tuple[OwnGreeting, ...] = GREETINGS.from_text(kept.read())

    def find(self, person: str, kind: GreetingKind, at: datetime) -> OwnGreeting | None:
        """What a person recorded, if it is heard at `at` (where nothing else comes before it)."""
        return next((one for one in self.held if (one.person, one.kind) == (person, kind) and one.holds(at)), None)

    async def keep(self, one: OwnGreeting, pcm: bytes, actor: str) -> None:
        """Let calls hear a recording (8 kHz mono 16 bit) from now on. Raises StoreUnavailable and OSError."""
        async with self._one_at_a_time:
            await self._audit.recorded(one, actor)
            await asyncio.to_thread(self._sounds.keep, one.prompt, pcm)
            await self._take((*self._without(one), one))

    async def reset(self, one: OwnGreeting, actor: str) -> None:
        """Go back to the greeting in the file. Raises StoreUnavailable and OSError."""
        async with self._one_at_a_time:
            await self._audit.removed(one, actor)
            await self._take(self._without(one))
            await asyncio.to_thread(self._sounds.remove, one.prompt)

    def _without(self, one: OwnGreeting) -> tuple[OwnGreeting, ...]:
        return tuple(other for other in self.held if other.prompt != one.prompt)

    async def _take(self, greetings: tuple[OwnGreeting, ...]) -> None:
        await asyncio.to_thread(self._kept.write, GREETINGS.to_text(greetings))
        self.held = greetings
