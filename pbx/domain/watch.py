"""How the practice has Secondline watched: who hears of trouble, and how often a call checks that all of it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Watch:
    """`people` (keys) are told over `channels` (keys). `heartbeat` is how often a number is called (None: never)."""

    people: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    heartbeat: timedelta | None = timedelta(hours=1)
