"""What happens here that programs of the practice can be told of, and what such a telling says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventKind(StrEnum):
    """What happened. The part before the point says to what."""

    CALL_ASKED = "call.asked"
    CALL_ENDED = "call.ended"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_TRANSCRIBED = "message.transcribed"
    MESSAGE_DONE = "message.done"
    OVERRIDE_SET = "override.set"
    ONCALL_SWAPPED = "oncall.swapped"
    TEST = "webhook.test"
    """Somebody tries a hook out: every hook takes it."""


SUBSCRIBED = tuple(kind for kind in EventKind if kind is not EventKind.TEST)
"""What the practice's file can name."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: what happened to `subject` (an id), with keys and ids beside it in `about`. Nothing of a patient."""

    id: UUID
    kind: str
    subject: str
    about: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A program to be told of `kinds`; whether a patient's data may go to it, and whether it is paused."""

    key: str
    kinds: frozenset[str]
    trusted: bool = False
    paused: bool = False

    def wants(self, kind: str) -> bool:
        return kind in self.kinds


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt of a delivery, for its log; `result` is None while it is not known."""

    at: datetime
    result: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A happening on its way to a hook, for the `attempts`-th time; `attempt` is that one's row in the log."""

    id: UUID
    hook: str
    happening: Happening
    attempts: int
    made_at: datetime
    state: str = "waiting"
    due_at: datetime | None = None
    settled_at: datetime | None = None
    failure: str = ""
    tries: tuple[Attempted, ...] = ()
    attempt: int = 0


def told(happening: Happening, detail: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body of a request: ids and keys, and for a trusted hook in `detail` what the interface would show."""
    data: dict[str, Any] = {"id": happening.subject, **happening.about}
    if detail is not None:
        data["detail"] = dict(detail)
    return {"type": happening.kind, "timestamp": happening.at.isoformat(), "data": data}
