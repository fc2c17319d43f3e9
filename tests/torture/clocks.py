"""What the tests of moved clocks share: lines that open each half hour, and the moment at which patients speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.domain.actions import Ring, Voicemail
from pbx.domain.policy import Number, Policy
from pbx.domain.schedule import Range, Schedule
from tests.kit.asterisk import DESK, a_practice

HALVES = ("+17175550140", "+17175550141", "+17175550142")
"""The lines that open at half past each hour and close at the full hour, each by the clock of its own zone."""

_BLOCK = 32768
"""Bytes of a recording that Asterisk writes at a time (main/file.c): two seconds of it."""


async def calm() -> None:
    """For what would wait until no caller waits: at once."""


def lines_by_halves(*zones: str, longest_seconds: int = 60) -> Policy:
    """A practice with one of `HALVES` in each of the `zones`. No phone is registered: open lines go on to voicemail."""
    plain = a_practice(ring_seconds=3)
    ranges = tuple(Range(time(hour, 30), time((hour + 1) % 24)) for hour in range(24))
    opened, closed = (Ring("rictor", (DESK,), 3), Voicemail("rictor")), (Voicemail("rictor", "after-hours"),)
    numbers = {
        line: Number(line, zone, Schedule(f"halves-{n}", zone, dict.fromkeys(range(7), ranges)), opened, closed)
        for n, (line, zone) in enumerate(zip(HALVES, zones, strict=False))
    }
    return replace(plain, numbers={**plain.numbers, **numbers}, max_message_seconds=longest_seconds)


def halves(zone: str, change: datetime, minutes: Sequence[int]) -> Iterator[tuple[datetime, str, bool]]:
    """Moments (UTC) so many minutes from a change of the clocks, what a clock on the wall shows, and whether a line
    of `HALVES` is open: by that clock alone, without anything of ours."""
    for minute in minutes:
        at = change + timedelta(minutes=minute)
        local = at.astimezone(ZoneInfo(zone))
        yield at, f"{local:%H:%M}", local.minute >= 30


@asynccontextmanager
async def is_speaking(layout: Layout, callers: int, then: Callable[[], None]) -> AsyncIterator[None]:
    """Within the block, when the voice of so many callers is being recorded and a block of each is written, do `then`.

    Raises TimeoutError where that does not happen in the block.
    """

    async def watch() -> None:
        while sum(path.stat().st_size >= _BLOCK for path in layout.spool.glob("*-*.wav")) < callers:
            await asyncio.sleep(0.02)
        then()

    async with asyncio.timeout(30):
        watching = asyncio.create_task(watch())
        try:
            yield
            await watching
        finally:
            watching.cancel()
