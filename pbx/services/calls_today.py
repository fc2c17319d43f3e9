"""What each person used up today of the calls and minutes outside, in memory and in a file that survives a restart.

The file holds ids and times, and nothing of whom was called.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pbx.domain.outbound import Usage
from pbx.services.in_force import Keepsake

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0

GRACE_SECONDS = 300.0
"""A call cannot go on for longer than it may, its ringing, and this: then its end went unheard."""


@dataclass(slots=True)
class _Counted:
    """A call that was placed: `may` and `talked` in seconds, `began` and `ended` in seconds since 1970.

    `parts` are the ids of those that it was passed on in, with the seconds of talk in each.
    """

    person: str
    began: float
    may: int
    ended: float | None = None
    talked: float = 0.0
    known: bool = False
    parts: dict[str, float] = field(default_factory=dict)

    def is_up(self, now: float) -> bool:
        return self.ended is None and now < self.began + self.may + GRACE_SECONDS

    def seconds(self, now: float) -> float:
        """What it counts; one whose end went unheard counts whole."""
        first = self.talked if self.ended is not None else min(max(0.0, now - self.began), float(self.may))
        return first + sum(self.parts.values())


class CallsToday:
    """Counts by the day of the practice's time zone, which `zone` names (IANA)."""

    def __init__(self, kept: Keepsake, zone: Callable[[], str]) -> None:
        self._kept = kept
        self._zone = zone
        self._calls = _read(kept.read())
        self._changed = asyncio.Event()

    def usage(self, person: str | None, at: datetime) -> Usage:
        """What `person` used up on the day of `at` (aware), and how many calls are going on."""
        now, day = at.timestamp(), self._day_of(at)
        up = [call for call in self._calls.values() if call.is_up(now)]
        mine = [call for call in self._calls.values() if call.person == person]
        today = [
            call for call in mine if self._day_of(datetime.fromtimestamp(call.began, UTC)) == day or call.is_up(now)
        ]
        return Usage(len(today), sum(c.seconds(now) for c in today), sum(c.person == person for c in up), len(up))

    def begin(self, call: UUID, person: str, at: datetime, seconds: int) -> None:
        """A call of at most `seconds` is being placed."""
        self._forget(at)
        self._calls[call] = _Counted(person, at.timestamp(), seconds)
        self._changed.set()

    def end(self, call: UUID, at: datetime, answered_at: datetime | None = None, *, known: bool = False) -> None:
        """A call ended; nothing where it is none of these. `known`: how long was talked is known for sure."""
        counted = self._calls.get(call)
        if counted is None or counted.known or (counted.ended is not None and not known):
            return
        talked = (at - answered_at).total_seconds() if answered_at else 0.0
        counted.ended, counted.known = at.timestamp(), known
        counted.talked = max(0.0, talked) if known else max(0.0, counted.ended - counted.began)
        self._changed.set()

    def goes_on(self, former: UUID, part: UUID, seconds: float) -> None:
        """A call was passed on: so long was talked in the part after `former`. Whoever placed it is still who pays."""
        for call, counted in self._calls.items():
            if call == former or str(former) in counted.parts:
                counted.parts[str(part)] = seconds
                self._changed.set()

    def end_all_but(self, up: Collection[UUID], at: datetime) -> None:
        """Calls that are not among `up` are over."""
        for call in [call for call, counted in self._calls.items() if counted.ended is None and call not in up]:
            self.end(call, at)

    def _forget(self, at: datetime) -> None:
        """Two days are enough, whatever the time zone becomes."""
        before = (at - timedelta(days=2)).timestamp()
        self._calls = {call: counted for call, counted in self._calls.items() if counted.began >= before}

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self._zone())).date()

    async def run(self) -> None:
        """Write down what changed, for ever; meant to be cancelled. No call waits for the disk."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            text = json.dumps({str(call): asdict(counted) for call, counted in self._calls.items()})
            try:
                await asyncio.to_thread(self._kept.write, text)
            except OSError as error:
                log.error("today's calls outside cannot be kept on the disk (%s)", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._changed.set()


def _read(text: str | None) -> dict[UUID, _Counted]:
    """What was kept. A file that makes no sense counts as none, and is said."""
    try:
        return {UUID(call): _Counted(**counted) for call, counted in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        log.error("what is known of today's calls outside cannot be read: they are counted from now on")
        return {}
