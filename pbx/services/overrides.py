"""Set overrides, end them, and have those in force at hand for every call."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import BadEnd, default_end
from pbx.domain.override_wish import Refused, Wanted, override_of
from pbx.domain.policy import Policy
from pbx.services.in_force import Form, InForce, Keepsake, time_of
from pbx.services.ports import OverrideBook, StoreUnavailable

__all__ = ["BadEnd", "Overrides", "OverridesInForce", "Refused", "Wanted", "default_end"]

log = logging.getLogger(__name__)


class OverridesInForce(InForce[Override]):
    """The overrides that were last known; some of them may have ended since, so ask each whether it holds."""

    def __init__(self, book: OverrideBook, kept: Keepsake) -> None:
        async def look() -> tuple[Override, ...]:
            return tuple(record.override for record in reversed(await book.overrides()))

        super().__init__(look, kept, OVERRIDES)

    def at(self, instant: datetime) -> tuple[Override, ...]:
        """Those that hold at an instant (aware), in the order in which they were set."""
        return tuple(one for one in self.held if one.holds(instant))


class Overrides:
    """What is done when somebody sets or ends an override, whichever way they ask for it."""

    def __init__(self, book: OverrideBook, known: OverridesInForce, policy: Callable[[], Policy]) -> None:
        self._book = book
        self._known = known
        self._policy = policy

    async def set(self, wanted: Wanted, actor: str, at: datetime | None = None) -> Override:
        """Set an override from `at` on (aware; default: now); new calls follow it when this returns.

        `actor` is who is held to account in the audit: an account, `token/<name>`, `person/<key>`. Raises Refused,
        BadEnd (each a sentence for people) and StoreUnavailable.
        """
        made = await self._book.add(override_of(self._policy(), wanted, at or datetime.now(UTC)), actor)
        await self._take()
        return made

    async def undo(self, override: int, by: str, actor: str) -> Override | None:
        """End an override before its time. None if there is none of that number that has not ended.

        Raises StoreUnavailable.
        """
        ended = await self._book.end(override, by, actor)
        await self._take()
        return ended

    def in_force(self, at: datetime) -> tuple[Override, ...]:
        """The overrides that hold at an instant (aware), the oldest first. Needs no database."""
        return self._known.at(at)

    async def _take(self) -> None:
        try:
            await self._known.refresh()
        except StoreUnavailable:
            log.warning("an override was kept, and is followed as soon as the database can be read")


def _written(one: Override) -> dict[str, Any]:
    return {
        "id": one.id,
        "scope": one.scope.value,
        "target": one.target,
        "mode": one.mode.value,
        "start": one.starts.isoformat(),
        "end": one.ends.isoformat(),
        "by": one.by,
        "reason": one.reason,
    }


def _read(entry: dict[str, Any]) -> Override:
    return Override(
        id=int(entry["id"]),
        scope=Scope(entry["scope"]),
        target=str(entry["target"]),
        mode=Mode(entry["mode"]),
        starts=time_of(entry, "start"),
        ends=time_of(entry, "end"),
        by=str(entry["by"]),
        reason=str(entry["reason"]),
    )


OVERRIDES = Form("overrides", _written, _read)
"""How overrides are kept in a file."""
