"""Callers whom nobody answered get a text, where their line has one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pbx.domain.call import CallRecord, Direction
from pbx.domain.numbers import NumberKind
from pbx.domain.outcome import Outcome
from pbx.domain.policy import Policy
from pbx.domain.routing import Reason
from pbx.domain.texting_rules import decide_missed_call
from pbx.services.ports import CallLog, StoreUnavailable
from pbx.services.text_ports import TextBook

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
FRESH = timedelta(minutes=10)
"""What ended longer ago is let be: a text an hour later, after an outage, would only puzzle."""

LOOKED_AT = 200

MISSED = frozenset({Outcome.HUNG_UP_RINGING, Outcome.HUNG_UP_IN_GREETING, Outcome.HUNG_UP_IN_MENU, Outcome.NO_MESSAGE})


@dataclass(slots=True)
class MissedCalls:
    """`policy` gives what is in force. The log says what was missed, so no restart forgets a call."""

    calls: CallLog
    book: TextBook
    policy: Callable[[], Policy]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _done: set[UUID] = field(default_factory=set)

    async def run(self) -> None:
        """Look after them for ever; meant to be cancelled."""
        while True:
            try:
                await self.answer()
            except StoreUnavailable:
                log.debug("missed calls wait for the database")
            except Exception as error:  # noqa: BLE001 - the edge of a job
                log.error("missed calls could not be answered by text: %s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def answer(self) -> None:
        """Write the texts down that are due. Raises StoreUnavailable."""
        policy, now = self.policy(), self.now()
        lines = {line for line, texts in policy.texting.lines.items() if texts.missed_call is not None}
        if not lines:
            return
        recent = await self.calls.calls(now - timedelta(hours=1), None, LOOKED_AT)
        missed = missed_calls(recent, lines, now)
        for call in missed:
            if call.id not in self._done:
                await self._answer(policy, call, now)
        self._done = {call.id for call in missed}

    async def _answer(self, policy: Policy, call: CallRecord, now: datetime) -> None:
        patient = call.caller.number or ""
        await self.book.answer_call(
            call.id,
            call.dialled,
            patient,
            now,
            lambda known: decide_missed_call(policy, call.dialled, patient, now, known),
        )


def missed_calls(calls: Sequence[CallRecord], lines: Collection[str], now: datetime) -> list[CallRecord]:
    """Those that just ended with nobody having talked to the caller, who has not called again since."""
    return [
        call
        for call in calls
        if call.direction is Direction.INBOUND
        and call.dialled in lines
        and call.outcome in MISSED
        and call.reason is not Reason.BLOCKED
        and call.caller.kind is NumberKind.E164
        and call.ended_at is not None
        and now - call.ended_at < FRESH
        and not any(other.caller.number == call.caller.number and other.started_at > call.started_at for other in calls)
    ]
