"""What the dialplan does when the controller cannot be asked, as files that it reads: one a number, a line a stretch.

A line is `v1|from|until|opening|rings|greeting|`: seconds since 1970 in UTC, prompts joined by `&`, and rings joined by
`+`, each `phones/legs/seconds`. `sl-plan` in `dialplan/safe.conf` reads it. Where no line holds the present, as a day
after the last was written, the dialplan knows nothing and takes a message.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbx.asterisk.state import write_private
from pbx.domain.dialled import dialled
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.domain.safe_plan import SafePlan, plans
from pbx.domain.steps import RingStep

log = logging.getLogger(__name__)

AHEAD = timedelta(hours=24)
"""How far the dialplan can go by itself. Later nobody knows whether the rota still holds, so nobody is rung."""

RENEW = timedelta(minutes=10)
LOOK_SECONDS = 1.0
MOST_LINES = 300
"""As many as the dialplan reads."""

_NAME = re.compile(r"-?[a-z0-9][a-z0-9-]{0,80}")


class Plans:
    """Keeps the files of `folder` in step with what decides; `problem` says in a sentence why it cannot.

    `calm` is awaited before each number: callers go first.
    """

    def __init__(
        self,
        folder: Path,
        policy: Callable[[], Policy],
        facts: Callable[[], Facts],
        calm: Callable[[], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._facts = facts
        self._calm = calm
        self._now = now
        self.problem: str | None = None
        self._written_from: tuple[object, ...] = ()
        self._written_at = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Keep them for ever; meant to be cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the edge of a job: calls go on, and the next look tries again
                problem = f"what is done without the controller could not be written down ({type(error).__name__})"
                if self.problem is None:
                    log.error("%s", problem)
                self.problem = problem
            else:
                self.problem = None
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Write them if something changed, if they are getting old, or if the clock was set; whether it did.

        Raises OSError.
        """
        policy, facts, now = self._policy(), self._facts(), self._now()
        made_from = (policy, facts.swaps, facts.overrides, facts.greetings)
        fresh = timedelta() <= now - self._written_at < RENEW
        if fresh and policy is self._written_from[0] and made_from[1:] == self._written_from[1:]:
            return False
        for number in policy.numbers.values():
            await self._calm()
            found = plans(policy, number, now, now + AHEAD, facts)
            write_private(self._folder / file_of(number.e164), text_of(found), durable=False)
        self._forget_others(policy)
        self._written_from, self._written_at = made_from, now
        return True

    def _forget_others(self, policy: Policy) -> None:
        wanted = {file_of(number) for number in policy.numbers}
        for path in self._folder.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)


def file_of(number: str) -> str:
    """The name of a number's file: its digits."""
    return number.removeprefix("+")


def text_of(found: Iterable[SafePlan]) -> str:
    """The file of one number. Raises ValueError for a name that the dialplan cannot take."""
    return "".join([_line(plan) for plan in found][:MOST_LINES])


def _line(plan: SafePlan) -> str:
    course = plan.course
    fields = (
        "v1",
        str(_second(plan.start)),
        str(_second(plan.end)),
        _joined(course.opening),
        "+".join(_ring(ring) for ring in course.rings),
        _joined(course.greeting),
    )
    return "|".join(fields) + "|\n"


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _ring(step: RingStep) -> str:
    rung = dialled(step)
    return f"{_joined(rung.phones)}/{_joined(rung.legs)}/{rung.seconds}"


def _joined(names: Iterable[str]) -> str:
    found = tuple(names)
    if not all(_NAME.fullmatch(name) for name in found):
        raise ValueError("a plan names a phone or prompt that the dialplan cannot take")
    return "&".join(found)
