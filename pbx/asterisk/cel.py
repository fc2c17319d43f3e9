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
    """The events in `path` in their order; none where there is no such file. A line that is cut or foreign is left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        for row in csv.reader(line.replace("\0", "") for line in lines):
            with contextlib.suppress(ValueError, OverflowError):
                yield _event(row)


def _event(row: list[str]) -> CelEvent:
    if len(row) != _FIELDS:
        raise ValueError("not one of our lines")
    kind, at, call, channel, linked = row
    return CelEvent(
        CelType(kind), datetime.fromtimestamp(float(at), UTC), UUID(call) if call else None, channel, linked
    )
