"""Slow down whoever tries tokens: refused attempts are answered one after the other, later and later.

A token cannot be guessed, so this is against load and for the operator's eyes; who has a token never waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
QUIET_SECONDS = 60.0
"""After so long without a refused attempt, the next is the first again."""
MOST_WAITING = 20


class TooMany(Exception):
    """Too many refused attempts wait for their answer; the text is a sentence for the other side."""


class Refusals:
    """Counts refused attempts and makes each wait twice as long as the one before."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self._in_a_row = 0
        self._last = 0.0
        self._waiting = 0
        self._turned_away = 0
        self._turn = asyncio.Lock()

    async def slow_down(self) -> None:
        """Wait before a refusal is told. Raises TooMany at once where too many wait already."""
        self._count()
        if self._waiting >= MOST_WAITING:
            self._turned_away += 1
            raise TooMany("too many attempts were refused: wait a minute")
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(self._next())
        finally:
            self._waiting -= 1

    def turned_away(self) -> int:
        """How many were answered with TooMany since this was last asked."""
        count, self._turned_away = self._turned_away, 0
        return count

    def _next(self) -> float:
        now = time.monotonic()
        if now - self._last > QUIET_SECONDS:
            self._in_a_row = 0
        if self._in_a_row == 0:
            log.warning("a request without a token that can be used was refused; secondline_api_refused counts them")
        self._last = now
        self._in_a_row += 1
        return float(min(FIRST_SECONDS * 2 ** min(self._in_a_row - 1, 10), LONGEST_SECONDS))
