"""The steps of a call, as they are asked for one at a time, and the results that come back.

One step kind is one generic dialplan context (`sl-ring`, `sl-say`, `sl-record`, `sl-end`): the kind's value is the
context's name without its prefix.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    RING = "ring"
    SAY = "say"
    RECORD = "record"
    END = "end"


class Result(StrEnum):
    """What the dialplan reports of the step before. `START` stands for no step yet."""

    START = "start"
    ANSWERED = "answered"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    SAID = "said"
    RECORDED = "recorded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RingStep:
    """Ring `phones` (endpoint names) at once for `seconds`; `who` is the key of the person or team."""

    who: str
    phones: tuple[str, ...]
    seconds: int
    kind: StepKind = StepKind.RING


@dataclass(frozen=True, slots=True)
class SayStep:
    """Play `prompts` in order: names of sound files in the greetings folder, without their ending."""

    prompts: tuple[str, ...]
    kind: StepKind = StepKind.SAY


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Beep, then record at most `seconds` into a message for `mailbox`."""

    mailbox: str
    seconds: int
    kind: StepKind = StepKind.RECORD


@dataclass(frozen=True, slots=True)
class EndStep:
    """Hang up."""

    kind: StepKind = StepKind.END


Step = RingStep | SayStep | RecordStep | EndStep
