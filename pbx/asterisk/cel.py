"""Asterisk's channel events as it wrote them down, one line each: they survive a kill of Asterisk."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from pbx.domain.call import SeenCall

_FIELDS = 5


class CelType(StrEnum):
    """The events that `cel.conf` asks for."""

    CHAN_START = "CHAN_START"
    ANSWER = "ANSWER"
    BRIDGE_ENTER = "BRIDGE_ENTER"
    HANGUP = "HANGUP"
    CHAN_END = "CHAN_END"


@dataclass(frozen=True, slots=True)
class CelEvent:
    """One event of one channel. `call` is None on a phone's channel, and on a caller's before it has its id.

    `channel` is Asterisk's unique id; `linked` that of the caller's channel, which a phone's channel shares.
    """

    type: CelType
    at: datetime
    call: UUID | None
    channel: str
    linked: str


def read_cel(path: Path) -> Iterator[CelEvent]:
    """The events in `path` in their order; none where there is no file. A line that is cut or foreign is left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        for row in csv.reader(line.replace("\0", "") for line in lines):
            with contextlib.suppress(ValueError, OverflowError):
                yield _event(row)


def calls_seen(path: Path) -> list[SeenCall]:
    """Every call in the record at `path` and in the one that `rotate` set aside."""
    events: dict[UUID, list[CelEvent]] = {}
    calls: dict[str, UUID] = {}
    for event in (*read_cel(_older(path)), *read_cel(path)):
        if event.call is not None:
            calls.setdefault(event.linked, event.call)
        call = calls.get(event.linked)
        if call is not None:
            events.setdefault(call, []).append(event)
    return [_seen(call, known) for call, known in events.items()]


def rotate(path: Path, largest: int = 5_000_000) -> None:
    """Set a record of more than `largest` bytes aside, over the one before. Asterisk opens it for each line anew."""
    if path.is_file() and path.stat().st_size > largest:
        path.replace(_older(path))


def _older(path: Path) -> Path:
    return path.with_suffix(".old.csv")


def _seen(call: UUID, events: list[CelEvent]) -> SeenCall:
    own = {event.type for event in events if event.channel == event.linked}
    return SeenCall(
        call,
        first_at=min(event.at for event in events),
        last_at=max(event.at for event in events),
        over=CelType.CHAN_END in own,
        answered=CelType.BRIDGE_ENTER in own,
    )


def _event(row: list[str]) -> CelEvent:
    if len(row) != _FIELDS:
        raise ValueError("not one of our lines")
    kind, at, call, channel, linked = row
    return CelEvent(
        CelType(kind), datetime.fromtimestamp(float(at), UTC), UUID(call) if call else None, channel, linked
    )
