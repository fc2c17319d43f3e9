"""Texts are erased when the time is over for which the practice keeps them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pbx.domain.policy import Policy
from pbx.services.ports import StoreUnavailable
from pbx.services.text_ports import TextOutbox

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


@dataclass(slots=True)
class TextKeeping:
    """`policy` gives what is in force."""

    outbox: TextOutbox
    policy: Callable[[], Policy]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def run(self) -> None:
        """Erase now and then, for ever; meant to be cancelled."""
        while True:
            try:
                if erased := await self.erase():
                    log.info("%d texts were erased: their time is over", erased)
            except StoreUnavailable:
                log.debug("texts are erased when the database is back")
            except Exception as error:  # noqa: BLE001 - the edge of a job
                log.error("texts could not be erased: %s", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def erase(self) -> int:
        """Erase what is older than the file says, with its keys; how many texts. Raises StoreUnavailable."""
        keep = self.policy().texting.keep
        if keep is None:
            return 0
        count = 0
        while erased := await self.outbox.erase(self.now() - keep):
            count += erased
        if count:
            await self.outbox.forget_keys()
        return count
