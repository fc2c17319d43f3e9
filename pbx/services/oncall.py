"""Keep the swaps in force at hand, whether the database is there or not, and warn before nobody is on call.

What was last read of the database is kept in memory for calls and in a file of the data folder for the next start and
for the commands. A swap is a few lines a month, so everything is read each time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from pbx.domain.coverage import Gap, gaps
from pbx.domain.facts import Facts
from pbx.domain.oncall import Swap
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.services.ports import StoreUnavailable, SwapBook

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often the database is asked: how late a swap is seen whose command could not tell the server."""

WARNED_BEFORE = timedelta(hours=24)
"""How long before nobody is on call the log warns of it."""


class Keepsake(Protocol):
    """A small text that outlives the process."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...


class SwapsInForce:
    """The swaps that were last known. `facts` never waits for anything."""

    def __init__(self, book: SwapBook, kept: Keepsake) -> None:
        self._book = book
        self._kept = kept
        self.facts = Facts(swaps_from_text(kept.read()))

    async def refresh(self) -> bool:
        """Read the swaps anew; whether they changed. Raises StoreUnavailable; what was known stays in force."""
        swaps = tuple(record.swap for record in await self._book.swaps())
        if swaps == self.facts.swaps:
            return False
        self.facts = Facts(swaps)
        await asyncio.to_thread(self._kept.write, swaps_to_text(swaps))
        return True

    async def run(self) -> None:
        """Follow the database for ever; meant to be cancelled."""
        while True:
            try:
                if await self.refresh():
                    log.info("the swaps on the rotas changed")
            except StoreUnavailable:
                log.debug("the swaps last known stay in force: the database is away")
            await asyncio.sleep(LOOK_SECONDS)


class RotaWatch:
    """Warns in the log, once for each time, before a shift that nobody would answer."""

    def __init__(self, policy: Callable[[], Policy], facts: Callable[[], Facts]) -> None:
        self._policy = policy
        self._facts = facts
        self._told: list[Gap] = []

    def ahead(self, now: datetime) -> list[Gap]:
        """Every time within `WARNED_BEFORE` of `now` (aware) in which a call would reach nobody."""
        policy, facts = self._policy(), self._facts()
        found = [gap for rota in policy.rotas.values() for gap in gaps(policy, rota, facts, now, now + WARNED_BEFORE)]
        return [gap for gap in found if gap.serious]

    def look(self, now: datetime) -> None:
        """Warn of what was not warned of before."""
        current = self.ahead(now)
        for gap in current:
            if not any(_same(gap, told) for told in self._told):
                zone = self._policy().rotas[gap.rota].timezone
                log.warning("rota %s: %s from %s on", gap.rota, gap.what, clock(gap.start, zone))
        self._told = current


def _same(gap: Gap, told: Gap) -> bool:
    # Not by their times: the one moves on with now, the other is cut off at the horizon and grows with each look.
    return (gap.rota, gap.what) == (told.rota, told.what) and gap.start <= told.end and told.start <= gap.end


def swaps_to_text(swaps: tuple[Swap, ...]) -> str:
    """As JSON, to be kept."""
    return json.dumps(
        [
            {
                "id": swap.id,
                "rota": swap.rota,
                "off": swap.out,
                "on": swap.into,
                "start": swap.start.isoformat(),
                "end": swap.end.isoformat(),
                "by": swap.by,
                "reason": swap.reason,
            }
            for swap in swaps
        ],
        indent=1,
    )


def swaps_from_text(text: str | None) -> tuple[Swap, ...]:
    """What `swaps_to_text` wrote; nothing where there is none, or where it cannot be read."""
    try:
        return tuple(_swap(entry) for entry in json.loads(text or "[]"))
    except (ValueError, KeyError, TypeError):
        log.warning("the swaps last known cannot be read; they come from the database when it is there")
        return ()


def _swap(entry: dict[str, str | int]) -> Swap:
    start, end = (datetime.fromisoformat(str(entry[key])) for key in ("start", "end"))
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("a swap needs times with their zone")
    rota, out, into, by, reason = (str(entry[key]) for key in ("rota", "off", "on", "by", "reason"))
    return Swap(rota, out, into, start, end, by, reason, int(entry["id"]))
