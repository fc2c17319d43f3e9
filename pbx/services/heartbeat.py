"""Call one of the practice's numbers now and then, and listen whether its greeting is the right one.

The call goes the way of a patient's: dialplan, question, decision, prompts. It rings nobody, leaves no message and is
in no log; nothing but what was heard tells how it went, so whatever is broken on that way shows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from pbx.domain.callers import Verdict
from pbx.domain.facts import Facts
from pbx.domain.heartbeat import prompts_heard
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision, advance, decide
from pbx.domain.steps import Step
from pbx.services.health import Health, Part, Watched
from pbx.services.route import Question

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
AGAIN_SECONDS = 20.0
"""A call that heard the wrong thing is made once more: Asterisk may just have taken in new files."""


class NothingHeard(Exception):
    """The call could not be made or was not answered; the text is a sentence."""


class Ear(Protocol):
    """Makes the call and listens."""

    async def missing(self, number: str, beat: UUID, prompts: Sequence[str]) -> Sequence[str]:
        """Call `number` and give those of `prompts` that were not heard in their order. Raises NothingHeard."""


class Router(Protocol):
    async def next(self, question: Question) -> tuple[int, Step]: ...


class BeatRouter:
    """Answers the questions of heartbeat calls by itself, so that none of them is remembered or written down."""

    def __init__(self, router: Router, policy: Callable[[], Policy], facts: Callable[[], Facts]) -> None:
        self._router = router
        self._policy = policy
        self._facts = facts

    async def next(self, question: Question) -> tuple[int, Step]:
        """The position and the step that follows."""
        if question.verdict is not Verdict.BEAT:
            return await self._router.next(question)
        steps = decide(self._policy(), question.did, question.started, self._facts()).steps
        position = advance(steps, question.position, question.result)
        return position, steps[position]


@dataclass(slots=True)
class Heartbeat:
    """`policy` and `facts` give what is in force."""

    policy: Callable[[], Policy]
    facts: Callable[[], Facts]
    ear: Ear
    health: Health
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    again_seconds: float = AGAIN_SECONDS
    _turn: int = 0

    async def run(self) -> None:
        """Call one number after the other for ever; meant to be cancelled."""
        last = self.now()
        while True:
            every = self.policy().watch.heartbeat
            # A clock that was set back must not mean a long silence.
            due = every is not None and not last <= self.now() < last + every
            if due and self.health.parts[Part.ASTERISK].ok:
                await self.beat(self.next_number())
                last = self.now()
            await asyncio.sleep(LOOK_SECONDS)

    def next_number(self) -> str:
        """The numbers in turn."""
        numbers = list(self.policy().numbers)
        self._turn += 1
        return numbers[self._turn % len(numbers)]

    async def beat(self, number: str, *, again: bool = True) -> str | None:
        """Call `number` (E.164, one of the practice's), twice where need be; what was wrong with it, in a sentence."""
        problem = await self._listen(number)
        if problem is not None and again:
            await asyncio.sleep(self.again_seconds)
            problem = await self._listen(number)
        if problem is not None:
            log.error("heartbeat: %s", problem)
        self.health.watch(Watched.HEARTBEAT, problem)
        return problem

    async def _listen(self, number: str) -> str | None:
        label = self.policy().numbers[number].label
        expected = prompts_heard(self._decided(number).steps)
        try:
            missing = await self.ear.missing(number, uuid4(), expected)
        except NothingHeard as error:
            return f"a call to {label!r} {error}"
        if not missing or expected != prompts_heard(self._decided(number).steps):
            return None  # heard, or the line opened or closed just then
        return f"a call to {label!r} did not hear {' and '.join(repr(prompt) for prompt in missing)}"

    def _decided(self, number: str) -> Decision:
        facts = replace(self.facts(), unregistered=frozenset())
        return decide(self.policy(), number, self.now(), facts)
