"""Keep the swaps in force at hand, and warn before nobody is on call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pbx.domain.coverage import Gap, gaps
from pbx.domain.facts import Facts
from pbx.domain.oncall import Swap
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.services.in_force import Form, InForce, Keepsake, time_of
from pbx.services.ports import SwapBook

log = logging.getLogger(__name__)

WARNED_BEFORE = timedelta(hours=24)
"""How long before nobody is on call the log warns of it."""


class SwapsInForce(InForce[Swap]):
    """The swaps that were last known."""

    def __init__(self, book: SwapBook, kept: Keepsake) -> None:
        async def look() -> tuple[Swap, ...]:
            return tuple(record.swap for record in await book.swaps())

        super().__init__(look, kept, SWAPS)


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


def _written(swap: Swap) -> dict[str, Any]:
    return {
        "id": swap.id,
        "rota": swap.rota,
        "off": swap.out,
        "on": swap.into,
        "start": swap.start.isoformat(),
        "end": swap.end.isoformat(),
        "by": swap.by,
        "reason": swap.reason,
    }


def _read(entry: dict[str, Any]) -> Swap:
    rota, out, into, by, reason = (str(entry[key]) for key in ("rota", "off", "on", "by", "reason"))
    return Swap(rota, out, into, time_of(entry, "start"), time_of(entry, "end"), by, reason, int(entry["id"]))


SWAPS = Form("swaps on the rotas", _written, _read)
"""How swaps are kept in a file."""
