"""What a ring is for the dialplan: the phones that it dials directly, and the legs that have a channel of their own."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.domain.legs import Leg, OutsideTarget
from pbx.domain.steps import RingStep

ASKING_SECONDS = 22
"""How much longer the caller waits where somebody outside may just be asked to press 1: the sentence and 15 s."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """`phones` are endpoints that ring at once; `legs` are kind-after-seconds-name each; `seconds` is the most that it
    takes.

    The kind is o for a number outside and p for a phone.
    """

    phones: tuple[str, ...]
    legs: tuple[str, ...]
    seconds: int


def dialled(step: RingStep) -> Dialled:
    """Phones that ring at once are dialled directly: the common case costs no channel more.

    Where a number outside rings too, each leg has its own time, so that the other phones fall silent while somebody
    who took the call outside is still being asked. Raises ValueError for a step that rings nothing.
    """
    if not step.legs:
        raise ValueError("a step rings nothing")
    asks = any(leg.is_outside for leg in step.legs)
    plain = [leg for leg in step.legs if not asks and not leg.after_seconds]
    legs = tuple(_leg(leg, step.seconds - leg.after_seconds) for leg in step.legs if leg not in plain)
    return Dialled(tuple(str(leg.target) for leg in plain), legs, step.seconds + (ASKING_SECONDS if asks else 0))


def _leg(leg: Leg, seconds: int) -> str:
    kind, name = ("o", leg.target.name) if isinstance(leg.target, OutsideTarget) else ("p", leg.target.endpoint)
    return f"{kind}-{leg.after_seconds}-{seconds}-{name}"
