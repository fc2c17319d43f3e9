"""How long messages are kept, and when a mailbox is called full. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BoxRule:
    """`keep_days` None: nothing is erased by rule. `max_messages` None: never called full."""

    keep_days: int | None = None
    max_messages: int | None = None

    def erases_before(self, now: datetime) -> datetime | None:
        """What was received before this time has been kept long enough; None: nothing has."""
        return None if self.keep_days is None else now - timedelta(days=self.keep_days)

    def is_full(self, messages: int) -> bool:
        """Whether to warn the staff; patients are never refused."""
        return self.max_messages is not None and messages >= self.max_messages


@dataclass(frozen=True, slots=True)
class Keeping:
    """The usual rule, and those of mailboxes with one of their own."""

    usual: BoxRule = BoxRule()
    mailboxes: Mapping[str, BoxRule] = field(default_factory=dict)

    def rule_of(self, mailbox: str) -> BoxRule:
        return self.mailboxes.get(mailbox, self.usual)


@dataclass(frozen=True, slots=True)
class BoxCount:
    """What a mailbox holds. `overdue` were kept long enough by the rule, but nobody has opened them."""

    mailbox: str
    messages: int
    unread: int
    held: int
    overdue: int
