"""What each person's message lamp should show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pbx.domain.lamps import Count, lamps
from pbx.domain.policy import Policy
from pbx.services.ports import Outbox


@dataclass(frozen=True, slots=True)
class LampCounts:
    """The counts of the mailboxes, added up for the people in the file in force."""

    outbox: Outbox
    policy: Callable[[], Policy]

    async def wanted(self) -> dict[str, Count]:
        """By person (key). Raises StoreUnavailable."""
        counts = await self.outbox.counts()
        return lamps(self.policy(), {mailbox: Count(new, old) for mailbox, (new, old) in counts.items()})
