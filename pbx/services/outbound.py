"""Judge calls to numbers outside as they are asked for, and count them against what a person may do on one day.

Nothing here waits for the database but one look at which of the practice's numbers a patient called last, for a
moment; without it the usual number is shown. What is used up is kept in memory and in a file, so neither an outage of
the database nor a restart opens a limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pbx.domain.call import CallStart, Direction, FinishedCall
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outbound import Permission, Wish, may_call
from pbx.domain.policy import Policy
from pbx.services.calls_today import CallsToday
from pbx.services.ports import LastCalled, StoreUnavailable
from pbx.services.route import DecisionRecorder

log = logging.getLogger(__name__)

LOOK_UP_SECONDS = 0.7
"""How long a call may wait for what the patient called last: the dialplan gives the whole answer three seconds."""

CELL = "cell"
"""The device of a call that a person makes by other means than a phone of the practice."""


@dataclass(frozen=True, slots=True)
class OutQuestion:
    """What the PBX asks: may `phone` (endpoint name), or `person` (key), call what was `typed`? `started` is aware.

    Exactly one of the two is set: a phone proved who it is by its secret, a person by a PIN. `show` (E.164) is a number
    of the practice that was asked for in another way than by a code.
    """

    call: UUID
    typed: str
    started: datetime
    phone: str | None = None
    person: str | None = None
    show: str | None = None


class CallsOut:
    """`policy` gives the one in force, `today` what is used up; what is decided goes to `recorder`."""

    def __init__(
        self,
        policy: Callable[[], Policy],
        today: CallsToday,
        recorder: DecisionRecorder,
        past: LastCalled | None = None,
    ) -> None:
        self._policy = policy
        self._today = today
        self._recorder = recorder
        self._past = past

    async def look(self, wish: Wish, at: datetime) -> Permission:
        """Whether somebody may call, without a call: nothing is counted or written down."""
        policy = self._policy()
        first = may_call(policy, wish, self._today.usage(wish.person, at))
        if not first.allowed or first.to is None:
            return first
        # The number is known now, and with it what who has it called last.
        known = replace(wish, last_called=wish.last_called or await self._last_called(first.to))
        return may_call(policy, known, self._today.usage(wish.person, at))

    async def ask(self, question: OutQuestion) -> Permission:
        """Whether the call may be placed; one that may counts from now on, and each is written down."""
        person = question.person or self._policy().owner_of(question.phone or "")
        wish = Wish(person, question.typed, question.phone or CELL, question.show)
        permission = await self.look(wish, question.started)
        # Between a look and this line nothing waits, so two calls at one moment do not both take the last place.
        if permission.allowed and person is not None:
            self._today.begin(question.call, person, question.started, permission.seconds)
        self._recorder.put(start_of(question.call, permission, question.typed, question.started), permission)
        return permission

    def ended(self, call: UUID) -> None:
        """The PBX says that a call is over; perhaps one of these."""
        self._today.end(call, datetime.now(UTC))

    def taken_in(self, call: FinishedCall) -> None:
        """A call is in the log: now it is known how long it really took."""
        if call.start.direction is Direction.OUTBOUND:
            self._today.end(call.start.id, call.ended_at, call.answered_at, known=True)
        elif call.start.moved_from and call.answered_at:
            talked = (call.ended_at - call.answered_at).total_seconds()
            self._today.goes_on(call.start.moved_from, call.start.id, max(0.0, talked))

    def still_up(self, calls: Collection[UUID], at: datetime) -> None:
        """Only these calls are up: whatever else was going on ended unheard."""
        self._today.end_all_but(calls, at)

    async def _last_called(self, number: str) -> str | None:
        if self._past is None:
            return None
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._past.last_called(number)
        except (StoreUnavailable, TimeoutError):
            log.info("which number a patient called last cannot be looked up now: the usual one is shown")
            return None


def start_of(call: UUID, permission: Permission, typed: str, at: datetime) -> CallStart:
    """The call as it is written down: from the number that is shown, to the one that is called or what was typed."""
    caller = Caller(NumberKind.E164, permission.shown) if permission.shown else Caller(NumberKind.UNUSABLE)
    return CallStart(
        call, permission.to or typed, caller, at, Direction.OUTBOUND, permission.person, permission.device or None
    )
