"""The message lamps: each person's shows the new messages of their own mailbox and of their teams'.

A lamp is a state and not an event, so there is no outbox for it: what it should show is counted anew, and told to
Asterisk where it last said something else, or may have forgotten it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pbx.ami.errors import AmiError
from pbx.domain.lamps import Count
from pbx.services.ports import StoreUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0


Wanted = Callable[[], Awaitable[Mapping[str, Count]]]
"""What each person's lamp (by key) should show. Raises StoreUnavailable."""


class Light(Protocol):
    """What is needed of Asterisk (`pbx.ami.lamps`)."""

    @property
    def epoch(self) -> int | None:
        """A value that changes whenever Asterisk may have forgotten what it was told; None: it cannot be asked."""

    async def show(self, person: str, new: int, old: int) -> None:
        """Let a person's lamp show so much. Raises AmiError."""


@dataclass(slots=True)
class Lamps:
    """Keeps the lamps right."""

    wanted: Wanted
    light: Light
    _shown: dict[str, Count] = field(default_factory=dict)
    _epoch: int | None = None

    async def run(self) -> None:
        """Keep them right for ever; meant to be cancelled."""
        while True:
            try:
                await self.once()
            except (StoreUnavailable, AmiError):
                log.debug("the message lamps show what was last known")
            except Exception as error:  # noqa: BLE001 - the edge of a job: calls must not end with it
                log.error("the message lamps could not be set: %s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def once(self) -> None:
        """Tell Asterisk what changed. Raises StoreUnavailable and AmiError; then the rest is told the next time."""
        epoch = self.light.epoch
        if epoch is None:
            return
        if epoch != self._epoch:
            self._shown, self._epoch = {}, epoch
        wanted = await self.wanted()
        gone = {person: Count() for person in self._shown if person not in wanted}
        for person, count in {**wanted, **gone}.items():
            if self._shown.get(person) != count:
                await self.light.show(person, count.new, count.old)
                self._shown[person] = count
