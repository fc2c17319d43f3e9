"""What the dialplan does with a call when the controller cannot be asked, worked out before it comes to that. Pure.

Each plan holds for a stretch of time and is read off the decision that a call in it would get. So hours, rotas, swaps
and overrides stay what they are, and the dialplan only looks at the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

from pbx.domain.actions import FALLBACK_GREETING
from pbx.domain.dependence import asks_of
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.languages import original_of, translation_of
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, advance, decide
from pbx.domain.steps import MenuStep, NumberAskedStep, PageStep, RecordStep, Result, RingStep, SayStep, Step

_PASSED_BY = {RingStep: Result.NO_ANSWER, SayStep: Result.SAID, MenuStep: Result.NO_INPUT}
"""What a step ends with for a caller whom nobody answers and who presses nothing."""


@dataclass(frozen=True, slots=True)
class SafeCourse:
    """What is done: play `opening`, ring `rings` one after the other, play `greeting`, take a message for `mailbox`.

    The emergency sentence is always in `opening` or in `greeting`.
    """

    opening: tuple[str, ...]
    rings: tuple[RingStep, ...]
    greeting: tuple[str, ...]
    mailbox: str


@dataclass(frozen=True, slots=True)
class SafePlan:
    """The `course` of every call from `start` until just before `end` (UTC)."""

    start: datetime
    end: datetime
    course: SafeCourse


def plans(policy: Policy, number: Number, start: datetime, end: datetime, facts: Facts) -> Iterator[SafePlan]:
    """The plans of `number` from `start` until `end` (aware), in order and without a gap."""
    known = _known_ahead(facts)
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    edges = sorted({first, *_edges(policy, number, first, last, known), last})
    held: SafePlan | None = None
    for at, until in pairwise(edges):
        course = course_at(policy, number, at, known)
        if held and held.course == course:
            held = replace(held, end=until)
            continue
        if held:
            yield held
        held = SafePlan(at, until, course)
    if held:
        yield held


def course_at(policy: Policy, number: Number, at: datetime, facts: Facts = NO_FACTS) -> SafeCourse:
    """What is done with a call that comes at `at` (aware) while the controller cannot be asked.

    Rules by caller do not count, a phone tree is gone through as by one who presses nothing, and on the urgent path
    whoever is on call is rung at once: both would need the controller.
    """
    steps = decide(policy, number.e164, at, _known_ahead(facts)).steps
    course = _Reader(steps).course(number)
    if any(original_of(prompt) == EMERGENCY_PROMPT for prompt in (*course.opening, *course.greeting)):
        return course
    return replace(course, greeting=(_emergency(policy, number), *course.greeting))


def _known_ahead(facts: Facts) -> Facts:
    """Without what is only known of this minute: which phones are registered, and who called."""
    return Facts(swaps=facts.swaps, overrides=facts.overrides, greetings=facts.greetings)


def _emergency(policy: Policy, number: Number) -> str:
    translated = translation_of(EMERGENCY_PROMPT, number.language or policy.languages[0])
    return translated if translated in policy.translations else EMERGENCY_PROMPT


def _edges(policy: Policy, number: Number, start: datetime, end: datetime, facts: Facts) -> Iterator[datetime]:
    """Every instant at which a decision may become another one; more of them do no harm."""
    if number.schedule:
        yield from number.schedule.edges(start, end)
    asks = asks_of((*number.opened, *number.closed))
    for rota in asks.rotas:
        yield from (at for at, _ in policy.rotas[rota].stretches(start, end, facts.swaps))
    for person in sorted(policy.reached_by_hours):
        for rule in policy.people[person].reach:
            yield from rule.hours.edges(start, end) if rule.hours else ()
    yield from _between(start, end, (edge for one in facts.overrides for edge in (one.starts, one.ends)))
    yield from _between(start, end, (one.ends for one in facts.greetings if one.ends))


def _between(start: datetime, end: datetime, instants: Iterable[datetime]) -> Iterator[datetime]:
    return (at.astimezone(UTC) for at in instants if start < at < end)


@dataclass(slots=True)
class _Reader:
    """Follows the steps of a decision as far as its message."""

    steps: tuple[Step, ...]
    opening: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    rings: list[RingStep] = field(default_factory=list)

    def course(self, number: Number) -> SafeCourse:
        position, result = -1, Result.START
        for _ in self.steps:
            position = advance(self.steps, position, result)
            step = self.steps[position]
            if isinstance(step, RecordStep):
                return self._at_message(position, step)
            self._take(step)
            result = _PASSED_BY.get(type(step), Result.FAILED)
        return SafeCourse(self.opening, tuple(self.rings), (FALLBACK_GREETING,), number.fallback_voicemail.mailbox)

    def _take(self, step: Step) -> None:
        if isinstance(step, SayStep):
            self.said += step.prompts
        elif isinstance(step, MenuStep) and not self.rings and step.opening:
            self.opening = step.opening
        elif isinstance(step, RingStep):
            # What was said to a caller before it rings is said now; what comes after the last ring leads to the tone.
            self.opening, self.said = (*self.opening, *self.said), ()
            self.rings.append(step)

    def _at_message(self, position: int, step: RecordStep) -> SafeCourse:
        after = self.steps[position + 1 :]
        if not after or not isinstance(after[0], NumberAskedStep):
            return SafeCourse(self.opening, tuple(self.rings), self.said or (FALLBACK_GREETING,), step.mailbox)
        # The urgent path: what it says to the caller tells of a call back number, which nobody asks for now.
        emergency = tuple(prompt for prompt in self.said if original_of(prompt) == EMERGENCY_PROMPT)
        return SafeCourse(
            (*self.opening, *emergency), (*self.rings, *_paged(after)), (FALLBACK_GREETING,), step.mailbox
        )


def _paged(steps: tuple[Step, ...]) -> tuple[RingStep, ...]:
    """Everybody who would be fetched, once."""
    pages = {step.who: step for step in reversed(steps) if isinstance(step, PageStep)}
    return tuple(RingStep(page.who, page.legs, page.seconds) for page in reversed(pages.values()))
