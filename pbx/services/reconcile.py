"""Find calls that left no sidecar: the PBX's own event record knows them even when no spool could be written.

What is found gets a row without the numbers, which only the sidecar has: a call that nobody can account for is worth
more in the log than missing from it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from pbx.domain.call import CallStart, FinishedCall, SeenCall
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outcome import Outcome
from pbx.services.ports import CallLog

log = logging.getLogger(__name__)

SETTLED = timedelta(minutes=1)
"""How long a call must be over before its sidecar is missed: writing it down and taking it in take far less."""

LOOK_BACK = timedelta(days=7)
"""Older calls are left alone: by then they may be missing because the practice let them go."""

UNKNOWN_NUMBER = ""
"""The number dialled of a call of which only the event record tells."""


class Reconcile:
    """`seen` reads the event record, `spooled` the ids in the spool, `live` those of the calls that are up."""

    def __init__(
        self,
        call_log: CallLog,
        seen: Callable[[], Awaitable[Collection[SeenCall]]],
        spooled: Callable[[], Awaitable[frozenset[UUID]]],
        live: Callable[[], Awaitable[frozenset[UUID]]],
    ) -> None:
        self._call_log = call_log
        self._seen = seen
        self._spooled = spooled
        self._live = live

    async def once(self, now: datetime) -> int:
        """Write down every call that is over and in no other record; gives how many there were.

        The order counts: a call leaves the spool only after it is in the database, so one that is in neither, looked
        at in this order, is in fact missing. Raises StoreUnavailable, and what `live` raises.
        """
        live = await self._live()
        recent = (c for c in await self._seen() if now - LOOK_BACK < c.last_at < now - SETTLED)
        settled = {c.id: c for c in recent if c.id not in live}
        candidates = settled.keys() - await self._spooled()
        missing = await self._call_log.missing(candidates) if candidates else frozenset()
        for call in missing:
            log.error("call %s left no sidecar: it is in the log without its numbers", call)
            await self._call_log.finish_call(_finished(settled[call]))
        return len(missing)


def _finished(seen: SeenCall) -> FinishedCall:
    start = CallStart(seen.id, UNKNOWN_NUMBER, Caller(NumberKind.UNUSABLE), seen.first_at)
    return FinishedCall(start, seen.last_at, _outcome(seen), reason=None, answered_by=None, answered_at=None)


def _outcome(seen: SeenCall) -> Outcome:
    if not seen.over:
        return Outcome.LOST
    return Outcome.ANSWERED if seen.answered else Outcome.NOT_SERVED
