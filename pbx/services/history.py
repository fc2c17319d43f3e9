"""Who called when, kept in memory: rules by caller count calls, and a call never waits for the database.

At the start the calls of the longest time that a rule looks back are read from the database, and again where a changed
file looks back further. What cannot be read yet counts as not having happened, so a caller is at worst treated as any
other.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pbx.domain.callers import Kind, longest_window
from pbx.domain.numbers import Caller
from pbx.domain.policy import Policy
from pbx.services.ports import PastCalls, StoreUnavailable

log = logging.getLogger(__name__)

NUMBERS = 20_000
"""Callers remembered; past that, whoever has not called for the longest time is forgotten."""

CALLS = 60
"""Calls remembered of each: more than a rule can count to (`pbx.config.schema.callers`)."""

LOOK_SECONDS = 2.0


class HistoryUnknown(Exception):
    """A call in progress cannot be decided again as it was: how often its caller had called is not known yet."""


class CallHistory:
    """The times of each number's calls. `before` and `add` never wait for anything."""

    def __init__(self, policy: Callable[[], Policy], past: PastCalls | None = None, numbers: int = NUMBERS) -> None:
        self._policy = policy
        self._past = past
        self._numbers = numbers
        self._times: OrderedDict[str, list[datetime]] = OrderedDict()
        self._known = timedelta(0)

    def before(self, caller: Caller, at: datetime) -> tuple[datetime, ...]:
        """The times (aware) of the caller's remembered calls before `at`."""
        times = self._times.get(caller.number or "", [])
        return tuple(times[: bisect_left(times, at)])

    def add(self, caller: Caller, at: datetime) -> None:
        """Remember a call; one that is known already changes nothing."""
        if caller.number is not None:
            self._add(caller.number, at)

    def must_be_known(self, dialled: str) -> None:
        """Raise HistoryUnknown where a rule of `dialled` counts calls, and those before the start are not read yet."""
        number = self._policy().numbers.get(dialled)
        counted = (Kind.PRIORITY, Kind.REPEATED)
        if number and self._known < number.callers.window and any(map(number.callers.of, counted)):
            raise HistoryUnknown

    async def refresh(self, now: datetime) -> bool:
        """Read what is needed and not known yet; whether something was. Raises StoreUnavailable."""
        window = longest_window(number.callers for number in self._policy().numbers.values())
        if self._past is None or window <= self._known:
            return False
        for number, at in reversed(await self._past.callers_since(now - window, self._numbers * CALLS)):
            self._add(number, at)
        self._known = window
        return True

    async def run(self) -> None:
        """Follow what the file needs for ever; meant to be cancelled."""
        while True:
            try:
                if await self.refresh(datetime.now(UTC)):
                    log.info("earlier calls are known to the rules by caller")
            except StoreUnavailable:
                log.debug("the rules by caller wait for the database to know earlier calls")
            await asyncio.sleep(LOOK_SECONDS)

    def _add(self, number: str, at: datetime) -> None:
        times = self._times.setdefault(number, [])
        self._times.move_to_end(number)
        if at not in times:
            insort(times, at)
            del times[:-CALLS]
        if len(self._times) > self._numbers:
            self._times.popitem(last=False)
