"""An urgent request after its caller hung up: who is to be asked next, and when. Pure.

A request is what the call was to lead to, the attempts are all that was tried, while the caller waited and since. From
both, and from who is on call, `next_move` tells what to do at any time; it remembers nothing, so it does not matter who
asks it, how often, or what was restarted in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from pbx.domain.numbers import Caller

TALK_SECONDS = 150
"""The longest talk with somebody who answered: the PIN with its tries, the message, the answer."""

SLOW = timedelta(minutes=15)
"""How often everybody is asked once the rounds are over. Nobody is ever given up."""


class UrgentState(StrEnum):
    """Where a request stands. `EXHAUSTED`: all rounds are over, and everybody is asked on at a slower pace."""

    OPEN = "open"
    EXHAUSTED = "exhausted"
    ACCEPTED = "accepted"
    CONNECTED = "connected"

    @property
    def settled(self) -> bool:
        return self in (UrgentState.ACCEPTED, UrgentState.CONNECTED)


class AttemptResult(StrEnum):
    """How an attempt to reach somebody ended."""

    NO_ANSWER = "no-answer"
    PASSED_ON = "passed-on"
    WRONG_PIN = "wrong-pin"
    NO_PIN = "no-pin"
    TAKEN = "taken"
    CONNECTED = "connected"

    @property
    def settles(self) -> bool:
        return self in (AttemptResult.TAKEN, AttemptResult.CONNECTED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`person` was rung from `begun` (UTC) on; `result` is None until it is known. `live`: the caller waited."""

    id: UUID
    person: str
    begun: datetime
    result: AttemptResult | None = None
    ended: datetime | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class UrgentRequest:
    """What a call asked for; its id is that of the call.

    `callback` is the number that the caller keyed (digits), or None where it is the one called from. `settled_by` is
    the key of the person who took it, or who else an operator says did.
    """

    call: UUID
    rota: str
    mailbox: str
    rounds: int
    interval: int
    seconds: int
    opened: datetime
    callback: str | None = None
    state: UrgentState = UrgentState.OPEN
    settled_by: str | None = None
    settled_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def answered(self) -> Attempt | None:
        """The attempt by which somebody took it."""
        return next((a for a in self.attempts if a.result is not None and a.result.settles), None)


@dataclass(frozen=True, slots=True)
class UrgentCase:
    """A request with its call: the practice number `dialled` (E.164), who called, and its message, if any."""

    request: UrgentRequest
    dialled: str
    caller: Caller
    message: UUID | None = None

    @property
    def number(self) -> str | None:
        """The digits to call back at; None where nobody knows any."""
        digits = self.request.callback or (self.caller.number or "").lstrip("+")
        return digits if digits.isdigit() else None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ring `person` now."""

    person: str


@dataclass(frozen=True, slots=True)
class Wait:
    """There is nothing to do before `until`, unless something else happens."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """Somebody has it."""


Move = Ask | Wait | Done


def settled(request: UrgentRequest) -> UrgentRequest:
    """The request with the state that its attempts say."""
    taken = request.answered
    if taken is None:
        return request
    connected = taken.result is AttemptResult.CONNECTED
    state = UrgentState.CONNECTED if connected else UrgentState.ACCEPTED
    return replace(request, state=state, settled_by=taken.person, settled_at=taken.ended or taken.begun)


def attempt_id(call: UUID, position: int) -> UUID:
    """The id of the attempt that a call made at a step: the same however often it is read from the spool."""
    return uuid5(call, f"page-{position}")


def next_move(request: UrgentRequest, crew: Sequence[str], now: datetime) -> Move:
    """What to do at `now` (aware); `crew` are the people on call who can be rung, in their order.

    One attempt at a time; the person who was asked least often comes next, in the order of the crew; nobody is asked
    twice within the interval.
    """
    if request.state.settled or request.answered:
        return Done()
    busy = [free_at(request, attempt) for attempt in request.attempts if attempt.result is None]
    if busy and max(busy) > now:
        return Wait(max(busy))
    if not crew:
        return Wait(now + timedelta(seconds=request.interval))
    exhausted = is_exhausted(request, crew)
    due = {person: _due(request, person, exhausted) for person in crew}
    ready = [person for person, at in due.items() if at <= now]
    if not ready:
        return Wait(min(due.values()))
    return Ask(min(ready, key=lambda person: times_asked(request, person)))


def is_exhausted(request: UrgentRequest, crew: Sequence[str]) -> bool:
    """Whether everybody of the crew was asked as often as the file says, which a crew of nobody always was."""
    return all(times_asked(request, person) >= request.rounds for person in crew)


def times_asked(request: UrgentRequest, person: str) -> int:
    return sum(attempt.person == person for attempt in request.attempts)


def free_at(request: UrgentRequest, attempt: Attempt) -> datetime:
    """When an attempt of which nothing was heard is over for certain."""
    return attempt.begun + timedelta(seconds=request.seconds + TALK_SECONDS)


def _due(request: UrgentRequest, person: str, exhausted: bool) -> datetime:
    """From when on a person may be asked."""
    asked = [attempt.begun for attempt in request.attempts if attempt.person == person]
    pace = timedelta(seconds=request.interval)
    return max(asked) + (max(SLOW, pace) if exhausted else pace) if asked else request.opened
