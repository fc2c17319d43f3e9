"""What a call meets, in the words of the practice's file: `ring rictor`, `greeting after-hours`, `voicemail rictor`.

Tests in the file compare with it, and so does the difference between two files. A new step kind gets its words here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pbx.domain.callers import NOT_TAKEN_PROMPT
from pbx.domain.languages import original_of
from pbx.domain.legs import in_words as legs_in_words
from pbx.domain.routing import EMERGENCY_PROMPT, THANKS_PROMPT
from pbx.domain.steps import EndStep, MenuStep, RecordStep, RingStep, SayStep, Step
from pbx.domain.urgent_path import OWN_PROMPTS as URGENT_PROMPTS
from pbx.domain.urgent_path import asks_for_help

_OWN_PROMPTS = frozenset({EMERGENCY_PROMPT, THANKS_PROMPT, NOT_TAKEN_PROMPT}) | URGENT_PROMPTS


class Verb(StrEnum):
    RING = "ring"
    GREETING = "greeting"
    MENU = "menu"
    VOICEMAIL = "voicemail"
    URGENT = "urgent"
    HANG_UP = "hang up"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a call meets. `names` are keys of the file; what follows belongs to a ring.

    `rung` are the keys of those whose own rules say what rings, `legs` says in words what rings when.
    """

    verb: Verb
    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    seconds: int | None = None
    rung: tuple[str, ...] = ()
    legs: str = ""

    def __str__(self) -> str:
        return " ".join([self.verb.value, ", ".join(self.names)]).strip()

    @property
    def in_full(self) -> str:
        """With the phones and for how long."""
        if self.verb is Verb.RING:
            return f"{self} ({self.legs}) for {self.seconds} s"
        return str(self)


def outline(steps: Sequence[Step]) -> tuple[Event, ...]:
    """What the steps do, without the prompts that the program adds by itself; of a menu, every option in turn."""
    found = tuple(steps)
    return tuple(event for place in range(len(found)) if (event := _urgent(found, place) or _event(found[place])))


def in_words(events: Sequence[Event], *, seconds: bool = False) -> str:
    """`ring rictor, greeting busy, voicemail rictor`, as a test in the file would say it."""
    return ", ".join(f"{event} for {event.seconds} s" if seconds and event.seconds else str(event) for event in events)


def _urgent(steps: tuple[Step, ...], place: int) -> Event | None:
    """The urgent path by its name, before the message that it begins with; who is paged changes with the rota."""
    terms = asks_for_help(steps, place + 1)
    return Event(Verb.URGENT, (terms.rota,)) if terms else None


def _event(step: Step) -> Event | None:
    match step:
        case RingStep():
            rung = tuple(dict.fromkeys(leg.who for leg in step.legs))
            names = tuple(step.who.split(", "))
            return Event(Verb.RING, names, step.phones, step.seconds, rung, legs_in_words(step.legs))
        case SayStep():
            names = tuple(name for prompt in step.prompts if (name := original_of(prompt)) not in _OWN_PROMPTS)
            return Event(Verb.GREETING, names) if names else None
        case MenuStep():
            return Event(Verb.MENU, (step.menu,))
        case RecordStep():
            return Event(Verb.VOICEMAIL, (step.mailbox,))
        case EndStep():
            return Event(Verb.HANG_UP)
        case _:
            return None
