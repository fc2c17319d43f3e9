"""The steps of a call, as they are asked for one at a time, and the results that come back.

One step kind is one generic dialplan context (`sl-ring`, `sl-say`, `sl-menu`, `sl-record`, `sl-end` and so on): the
kind's value is the context's name without its prefix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pbx.domain.legs import Leg, PhoneTarget


class StepKind(StrEnum):
    RING = "ring"
    SAY = "say"
    MENU = "menu"
    RECORD = "record"
    NUMBER_ASKED = "number-asked"
    PAGE = "page"
    HOLD = "hold"
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
    NUMBER_KNOWN = "number-known"
    TAKEN = "taken"
    HELD = "held"
    FAILED = "failed"
    NO_INPUT = "no-input"
    WRONG_KEY = "wrong-key"
    KEY_0 = "key-0"
    KEY_1 = "key-1"
    KEY_2 = "key-2"
    KEY_3 = "key-3"
    KEY_4 = "key-4"
    KEY_5 = "key-5"
    KEY_6 = "key-6"
    KEY_7 = "key-7"
    KEY_8 = "key-8"
    KEY_9 = "key-9"
    KEY_STAR = "key-*"
    KEY_POUND = "key-#"

    @property
    def key(self) -> str | None:
        """The key that was chosen in a menu; None for any other result."""
        return self.value.removeprefix(_KEY) if self.value.startswith(_KEY) else None


_KEY = "key-"


@dataclass(frozen=True, slots=True)
class RingStep:
    """Ring `legs`, each from its own second on, for `seconds` in all; `who` is the key of the person or team."""

    who: str
    legs: tuple[Leg, ...]
    seconds: int
    kind: StepKind = StepKind.RING

    @property
    def phones(self) -> tuple[str, ...]:
        """The endpoints of the practice's own phones that ring."""
        return tuple(leg.target.endpoint for leg in self.legs if isinstance(leg.target, PhoneTarget))


@dataclass(frozen=True, slots=True)
class SayStep:
    """Play `prompts` in order: names of sound files in the greetings folder, without their ending."""

    prompts: tuple[str, ...]
    kind: StepKind = StepKind.SAY


@dataclass(frozen=True, slots=True)
class MenuKey:
    """A key of a menu: `target` is the position that it leads to, `to` names that in short."""

    key: str
    to: str
    target: int


@dataclass(frozen=True, slots=True)
class MenuStep:
    """Play `opening` whole, then `prompts` until a key is pressed, and wait `seconds` for one of `keys`."""

    menu: str
    opening: tuple[str, ...]
    prompts: tuple[str, ...]
    keys: tuple[MenuKey, ...]
    seconds: int
    kind: StepKind = StepKind.MENU

    def find(self, key: str | None) -> MenuKey | None:
        """The option of `key`, if the menu has it."""
        return next((option for option in self.keys if option.key == key), None)


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Beep, then record at most `seconds` into a message for `mailbox`."""

    mailbox: str
    seconds: int
    kind: StepKind = StepKind.RECORD


@dataclass(frozen=True, slots=True)
class NumberAskedStep:
    """Have the caller key a number for the call back, and read it back. It makes the message before it an urgent one.

    What is to be done about that stands here, to be found again with the call: whoever is on call in `rota` is asked
    `rounds` times, each at most once in `interval` seconds, and is rung for `seconds`.
    """

    rota: str
    rounds: int
    interval: int
    seconds: int
    kind: StepKind = StepKind.NUMBER_ASKED


@dataclass(frozen=True, slots=True)
class PageStep:
    """Ring the `legs` of person `who` for `seconds` while the caller waits; who answers is asked for the PIN.

    Where the person takes the message instead of the caller, the call goes on `taken` steps further.
    """

    who: str
    legs: tuple[Leg, ...]
    seconds: int
    taken: int
    kind: StepKind = StepKind.PAGE


@dataclass(frozen=True, slots=True)
class HoldStep:
    """Play `prompts`, then let the caller hear the ring-back tone for `seconds`."""

    prompts: tuple[str, ...]
    seconds: int
    kind: StepKind = StepKind.HOLD


@dataclass(frozen=True, slots=True)
class EndStep:
    """Hang up."""

    kind: StepKind = StepKind.END


Step = RingStep | SayStep | MenuStep | RecordStep | NumberAskedStep | PageStep | HoldStep | EndStep


def prompts_said(steps: Iterable[Step]) -> frozenset[str]:
    """What a call may be played for the words alone: the prompts of every `SayStep`."""
    return frozenset(prompt for step in steps if isinstance(step, SayStep) for prompt in step.prompts)
