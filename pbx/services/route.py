"""Answer the PBX's question "what next?" for a call: decide the first time, advance afterwards.

The answer never waits for the database: it is made of the policy in memory. A decision is remembered for the call's
life and written down on the side; a controller that was restarted in mid-call reads it back, and where it cannot,
decides again for the instant at which the call came, which gives the same answer under the same policy.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pbx.domain.call import CallStart
from pbx.domain.callers import Verdict
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.numbers import parse_caller
from pbx.domain.outbound import Permission
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision, advance, decide
from pbx.domain.steps import Result, Step
from pbx.services.history import CallHistory
from pbx.services.ports import CallLog, StoreUnavailable

log = logging.getLogger(__name__)

REMEMBERED_CALLS = 5000
"""Decisions kept in memory: far more than calls that a practice can have at once."""

READ_BACK_SECONDS = 1.0
"""How long a question may wait for a decision in the database: the dialplan gives the whole answer three seconds."""

RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """What the PBX asks: `position` (-1 before the first step) ended with `result`; `caller` is the filtered number."""

    call: UUID
    did: str
    caller: str
    started: datetime
    position: int
    result: Result
    verdict: Verdict = Verdict.NONE


class DecisionRecorder:
    """Writes decisions down in order and on the side; while the database is away they wait in memory.

    What waits is bounded: past `REMEMBERED_CALLS` the oldest is let go. The call itself stays on record all the same,
    because it is taken from the spool.
    """

    def __init__(self, call_log: CallLog) -> None:
        self._call_log = call_log
        self._waiting: deque[tuple[CallStart, Decision | Permission]] = deque(maxlen=REMEMBERED_CALLS)
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, start: CallStart, decision: Decision | Permission) -> None:
        self._waiting.append((start, decision))
        self._wake.set()

    async def flush(self) -> None:
        """Write what waits. Raises StoreUnavailable; what was not written waits on."""
        while self._waiting:
            await self._write(*self._waiting[0])

    async def run(self) -> None:
        """Write for ever; meant to be cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def _write(self, start: CallStart, decision: Decision | Permission) -> None:
        try:
            await self._call_log.open_call(start, decision)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a call: it must not hold up the others
            log.error("call %s: its decision cannot be written down (%s)", start.id, type(error).__name__)
        if self._waiting and self._waiting[0][0] is start:
            self._waiting.popleft()


class CallRouter:
    """Gives each call its next step.

    `policy` and `facts` are asked once a call, so neither a reload nor a swap touches calls in progress. `history`
    knows the callers' earlier calls.
    """

    def __init__(
        self,
        policy: Callable[[], Policy],
        call_log: CallLog,
        recorder: DecisionRecorder,
        facts: Callable[[], Facts] = lambda: NO_FACTS,
        history: CallHistory | None = None,
    ) -> None:
        self._policy = policy
        self._facts = facts
        self._history = history or CallHistory(policy)
        self._call_log = call_log
        self._recorder = recorder
        self._decisions: OrderedDict[UUID, Decision] = OrderedDict()

    async def next(self, question: Question) -> tuple[int, Step]:
        """The position and the step that follows."""
        decision = await self._decision(question)
        position = advance(decision.steps, question.position, question.result)
        return position, decision.steps[position]

    async def _decision(self, question: Question) -> Decision:
        known = self._decisions.get(question.call)
        if known is not None:
            return known
        if question.result is not Result.START:
            stored = await self._stored(question.call)
            if stored is not None:
                return self._remember(question.call, stored)
            self._history.must_be_known(question.did)
        policy = self._policy()
        caller = parse_caller(question.caller, policy.country)
        recent = self._history.before(caller, question.started)
        facts = replace(self._facts(), recent=recent, verdict=question.verdict)
        decision = decide(policy, question.did, question.started, facts, caller)
        self._history.add(caller, question.started)
        self._recorder.put(CallStart(question.call, question.did, caller, question.started), decision)
        return self._remember(question.call, decision)

    async def _stored(self, call: UUID) -> Decision | None:
        try:
            async with asyncio.timeout(READ_BACK_SECONDS):
                return await self._call_log.decision_of(call)
        except (StoreUnavailable, TimeoutError):
            log.warning("call %s: its decision cannot be read back now; deciding again", call)
            return None

    def _remember(self, call: UUID, decision: Decision) -> Decision:
        self._decisions[call] = decision
        if len(self._decisions) > REMEMBERED_CALLS:
            self._decisions.popitem(last=False)
        return decision
