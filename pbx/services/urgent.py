"""See to it that every urgent message is taken by somebody: ask the people on call in turn until one of them has.

The database says what was asked for and who was tried; `pbx.domain.urgent` says what comes next. An attempt is written
down before anybody is rung, so a restart rings nobody twice for it; while the database is away nobody can be asked, and
the waiting begins where it was left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pbx.domain.actions import Urgent, leaves_in
from pbx.domain.facts import Facts
from pbx.domain.legs import Leg, absent, legs_of, length_of
from pbx.domain.policy import Policy
from pbx.domain.urgent import (
    Ask,
    Attempt,
    AttemptResult,
    UrgentCase,
    UrgentRequest,
    UrgentState,
    free_at,
    is_exhausted,
    next_move,
)
from pbx.domain.urgent_path import legs_to_dial
from pbx.services.ports import Page, Pager, PagerDown, StoreUnavailable, UrgentBook

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0


class PinWatch:
    """Warns in the log, once for each, of people who are on call for urgent calls and could not take one."""

    def __init__(self, policy: Callable[[], Policy], has_pin: Callable[[str], bool | None]) -> None:
        self._policy = policy
        self._has_pin = has_pin
        self._told: set[str] = set()

    def look(self) -> None:
        """Warn of who was not warned of before; somebody who has a PIN now may be warned of again."""
        lacking = {person for person in _on_urgent_rotas(self._policy()) if self._has_pin(person) is False}
        for person in sorted(lacking - self._told):
            log.warning("%s has no PIN and can take no urgent call: `secondline pin set %s`", person, person)
        self._told = lacking


class UrgentCalls:
    """Follows every unsettled request. `now` gives the time (aware)."""

    def __init__(
        self,
        book: UrgentBook,
        pager: Pager,
        policy: Callable[[], Policy],
        facts: Callable[[], Facts],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.book = book
        self._pager = pager
        self._policy = policy
        self._facts = facts
        self._now = now
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Something happened: look now."""
        self._poked.set()

    async def run(self) -> None:
        """Look for ever; meant to be cancelled."""
        while True:
            self._poked.clear()
            try:
                await self.once()
            except StoreUnavailable:
                log.debug("urgent messages wait for the database")
            except Exception as error:  # noqa: BLE001 - the edge of a job: the next look tries again
                log.error("the urgent messages could not be looked after (%s)", type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._poked.wait()

    async def once(self) -> None:
        """Do for each request what is to be done now. Raises StoreUnavailable."""
        for case in await self.book.unsettled() if self._pager.ready else ():
            try:
                await self._look_after(case)
            except PagerDown as error:
                log.warning("urgent call %s: nobody can be rung now (%s)", case.request.call, error)

    async def over(self, attempt: UUID) -> None:
        """What was rung for `attempt` is over; if nobody decided anything, nobody answered."""
        with suppress(StoreUnavailable):
            await self.book.end(attempt, AttemptResult.NO_ANSWER, self._now())
        self.poke()

    async def decided(self, attempt: UUID, result: AttemptResult) -> None:
        """Whoever answered did not take it. While the database is away this stays unknown, and ends by its time."""
        with suppress(StoreUnavailable):
            await self.book.end(attempt, result, self._now())

    async def take(self, call: UUID, attempt: UUID, person: str) -> bool:
        """`person` takes it. False if somebody else has. Raises StoreUnavailable."""
        return await self.book.take(call, attempt, person, self._now())

    async def _look_after(self, case: UrgentCase) -> None:
        now, request = self._now(), case.request
        for attempt in request.attempts:
            if attempt.result is None and free_at(request, attempt) <= now:
                await self.book.end(attempt.id, AttemptResult.NO_ANSWER, now)
        crew = self._crew(request, now)
        move = next_move(request, list(crew), now)
        if all(attempt.result for attempt in request.attempts) and is_exhausted(request, list(crew)):
            await self._tell_exhausted(request)
        if isinstance(move, Ask):
            await self._ask(case, move.person, crew[move.person])

    def _crew(self, request: UrgentRequest, now: datetime) -> dict[str, tuple[Leg, ...]]:
        """Who is on call now and what would ring; people who cannot be rung now are left out."""
        policy, facts = self._policy(), self._facts()
        rota = policy.rotas.get(request.rota)
        people = rota.on_call(now, facts.swaps).people if rota else ()
        legs = {person: legs_of(policy, person, now, facts, on_call=True) for person in people}
        return {person: found for person, found in legs.items() if len(absent(found, facts)) < len(found)}

    async def _ask(self, case: UrgentCase, person: str, legs: tuple[Leg, ...]) -> None:
        request = case.request
        attempt = Attempt(uuid4(), person, self._now())
        if not await self.book.begin(request.call, attempt):
            return
        seconds = length_of(legs, request.seconds)
        log.info("urgent call %s: %s is rung (attempt %s)", request.call, person, attempt.id)
        page = Page(request.call, attempt.id, person, case.dialled, legs_to_dial(legs, seconds), seconds)
        try:
            await self._pager.page(page)
        except PagerDown:
            await self.book.end(attempt.id, AttemptResult.NO_ANSWER, self._now())
            raise

    async def _tell_exhausted(self, request: UrgentRequest) -> None:
        if request.state is UrgentState.OPEN and await self.book.exhaust(request.call):
            log.warning(
                "urgent call %s: everybody on call in %s was asked %d times and nobody took it; they are asked on, "
                "slowly: see to it, then `secondline urgent close %s`",
                *(request.call, request.rota, request.rounds, request.call),
            )


def _on_urgent_rotas(policy: Policy) -> set[str]:
    leaves = (leaf for number in policy.numbers.values() for leaf in leaves_in((*number.opened, *number.closed)))
    rotas = {leaf.rota for leaf in leaves if isinstance(leaf, Urgent)}
    return {person for rota in rotas for person in policy.rotas[rota].everybody}
