"""What the practice's own call to one of its numbers must hear. Pure."""

from __future__ import annotations

from pbx.domain.routing import advance
from pbx.domain.steps import MenuStep, RecordStep, Result, RingStep, SayStep, Step

_PASSED_BY = {RingStep: Result.NO_ANSWER, SayStep: Result.SAID}


def prompts_heard(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The prompts, in order, up to the tone or the first menu, for a caller whom nobody answers."""
    position, result, heard = -1, Result.START, list[str]()
    for _ in steps:
        position = advance(steps, position, result)
        step = steps[position]
        if isinstance(step, SayStep):
            heard += step.prompts
        elif isinstance(step, MenuStep):
            return (*heard, *step.opening, *step.prompts)
        elif isinstance(step, RecordStep):
            break
        result = _PASSED_BY.get(type(step), Result.FAILED)
    return tuple(heard)
