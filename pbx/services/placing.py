"""Place calls for the practice's people: `secondline call` and programs ask here.

The person's own phones and cell ring first, by their own rules, and whoever answers a cell presses 1. Only then is the
number outside called, and it is judged once more as that happens. A call that was asked for is never asked for again:
where nobody knows whether it rang, the person is told so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from pbx.domain.facts import Facts
from pbx.domain.legs import legs_of, length_of
from pbx.domain.outbound import Permission, Wish
from pbx.domain.policy import Policy
from pbx.domain.urgent_path import legs_to_dial
from pbx.services.outbound import CELL, CallsOut
from pbx.services.ports import Placed

RING_SECONDS = 25
"""How long the person's own phones ring, each."""


class NotPlaced(Exception):
    """A call is not placed; the text is a sentence for people, without the number."""


class Placer(Protocol):
    """Rings. `pbx.ami.placer` has the one there is."""

    async def place(self, call: Placed) -> None:
        """Begin to ring. Raises PlacerDown."""


class PlacedAudit(Protocol):
    """Raises StoreUnavailable."""

    async def asked(self, person: str, by: str, reason: str) -> None:
        """Note that `by` asked for a call of `person`, and what became of it."""


class Placing:
    """`by` is who asks: held to account in the audit before anything rings."""

    def __init__(
        self,
        calls_out: CallsOut,
        placer: Placer,
        audit: PlacedAudit,
        policy: Callable[[], Policy],
        facts: Callable[[], Facts],
    ) -> None:
        self._calls_out = calls_out
        self._placer = placer
        self._audit = audit
        self._policy = policy
        self._facts = facts

    async def place(self, person: str, number: str, by: str, show: str | None = None) -> Permission:
        """Ring `person`, then call `number` (as people type it), showing `show` (E.164) if it is given.

        Raises NotPlaced, PlacerDown and StoreUnavailable; in the last case nothing rang.
        """
        now = datetime.now(UTC)
        permission = await self._calls_out.look(Wish(person, number, CELL, show), now)
        legs = legs_of(self._policy(), person, now, self._facts()) if permission.allowed else ()
        await self._audit.asked(person, by, permission.reason.value)
        if not permission.allowed or permission.to is None or permission.shown is None:
            raise NotPlaced(" ".join(permission.why))
        if not legs:
            raise NotPlaced("This person has no phone and no cell that could ring first: add one in the file.")
        seconds = length_of(legs, RING_SECONDS)
        await self._placer.place(Placed(person, legs_to_dial(legs, seconds), seconds, permission.to, permission.shown))
        return permission
