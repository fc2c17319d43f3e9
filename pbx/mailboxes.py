"""What the mailboxes hold, for the operator."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from pbx.domain.keeping import BoxCount, Keeping
from pbx.services.ports import StoreUnavailable
from voicemail.retention import Retention
from voicemail.shelf import Shelf

log = logging.getLogger(__name__)


class Mailboxes:
    """Reads the counts when asked, and what the last round over the messages did."""

    def __init__(self, retention: Retention, shelf: Shelf) -> None:
        self._retention = retention
        self._shelf = shelf

    async def state(self, keeping: Keeping) -> dict[str, Any] | None:
        """Each mailbox with messages by its key; None while the database is away."""
        try:
            return mailboxes_json(await self._retention.counts(), keeping)
        except StoreUnavailable:
            return None

    def audio(self) -> dict[str, int]:
        """Recordings without a message that were found, files that are none of ours, recordings that were changed."""
        last = self._retention.last
        return {"adopted": last.adopted, "foreign": last.foreign, "damaged": self._shelf.damaged()}


def mailboxes_json(counts: Sequence[BoxCount], keeping: Keeping) -> dict[str, Any]:
    """The counts with each mailbox's limit and whether it is full."""
    found = {}
    for box in counts:
        rule = keeping.rule_of(box.mailbox)
        found[box.mailbox] = {
            "messages": box.messages,
            "unread": box.unread,
            "held": box.held,
            "overdue": box.overdue,
            "limit": rule.max_messages,
            "full": rule.is_full(box.messages),
        }
    return found
