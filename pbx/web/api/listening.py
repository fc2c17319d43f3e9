"""Whom a message was played to a moment ago: a player asks for a sound in many pieces, and that is one listening."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

ONE_LISTENING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Listening:
    """Remembers who began to listen to what, for `ONE_LISTENING`. A restart forgets: then one more is noted."""

    _begun: dict[tuple[str, UUID], datetime] = field(default_factory=dict)

    def goes_on(self, account: str, message: UUID, at: datetime) -> bool:
        """Whether `account` began to listen to it a moment ago, which was noted."""
        for known in [known for known, begun in self._begun.items() if at - begun > ONE_LISTENING]:
            del self._begun[known]
        return (account, message) in self._begun

    def began(self, account: str, message: UUID, at: datetime) -> None:
        """It was noted that `account` listens to it."""
        self._begun[account, message] = at
