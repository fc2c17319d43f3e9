"""Callers first: bookkeeping waits while calls are being answered.

Writing a call down costs several times what answering it costs. Nothing is lost by doing it a moment later, because the
spool keeps the facts; a caller who waits for it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from pbx.domain.call import CallRecord, CallStart, FinishedCall
from pbx.domain.outbound import Permission
from pbx.domain.routing import Decision
from pbx.services.ports import CallLog

QUIET_SECONDS = 0.05
"""No question for so long means that nobody is being answered now."""

LONGEST_SECONDS = 1.0
"""Bookkeeping goes on after so long all the same: under a load without end it would never be done."""


class Pace:
    """`busy` is said at each question, `calm` awaited before a piece of bookkeeping. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quiet_from = clock()

    def busy(self) -> None:
        self._quiet_from = self._clock() + QUIET_SECONDS

    async def calm(self) -> None:
        """Wait until it is quiet, at most `LONGEST_SECONDS`."""
        patience = self._clock() + LONGEST_SECONDS
        while (wait := min(self._quiet_from, patience) - self._clock()) > 0:  # noqa: ASYNC110 - the next question moves it
            await asyncio.sleep(wait)


class PacedCallLog:
    """A call log for bookkeeping: what it writes waits until it is calm."""

    def __init__(self, call_log: CallLog, pace: Pace) -> None:
        self._call_log = call_log
        self._pace = pace

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        await self._pace.calm()
        await self._call_log.open_call(start, decision)

    async def decision_of(self, call: UUID) -> Decision | None:
        await self._pace.calm()
        return await self._call_log.decision_of(call)

    async def finish_call(self, call: FinishedCall) -> bool:
        return await self._call_log.finish_call(call)

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        return await self._call_log.missing(calls)

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        return await self._call_log.calls(since, number, limit)
