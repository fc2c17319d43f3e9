"""Have somebody stand in for somebody else on call, and take it back, whichever way it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from pbx.domain.facts import Facts
from pbx.domain.oncall import Swap, SwapRecord
from pbx.domain.policy import Policy
from pbx.domain.swap_wish import Named, SwapRefused, check_swap
from pbx.services.oncall import SwapsInForce
from pbx.services.ports import StoreUnavailable, SwapBook

__all__ = ["SwapRefused", "Swaps"]

log = logging.getLogger(__name__)


class Swaps:
    """Every method raises `StoreUnavailable`."""

    def __init__(self, book: SwapBook, known: SwapsInForce, policy: Callable[[], Policy]) -> None:
        self._book = book
        self._known = known
        self._policy = policy

    @property
    def held(self) -> tuple[Swap, ...]:
        """Those in force, as they were last known. Needs no database."""
        return self._known.held

    async def add(self, wanted: Swap, actor: str, now: datetime, named: Named) -> Swap:
        """Make a swap on a rota of the file; new calls follow it when this returns. Raises SwapRefused."""
        known = Facts(tuple(record.swap for record in await self._book.swaps(wanted.rota)))
        check_swap(self._policy(), wanted, known, now, named)
        made = await self._book.add(wanted, actor)
        await self._take()
        return made

    async def undo(self, swap: int, by: str, actor: str) -> bool:
        """Take a swap back. False if there is none of that number that could be."""
        undone = await self._book.undo(swap, by, actor)
        await self._take()
        return undone

    async def swaps(self, rota: str | None = None, *, undone: bool = False) -> Sequence[SwapRecord]:
        """The record."""
        return await self._book.swaps(rota, undone=undone)

    async def _take(self) -> None:
        try:
            await self._known.refresh()
        except StoreUnavailable:
            log.warning("a swap was kept, and is followed as soon as the database can be read")
