"""What rings for one call: the practice's own phones and numbers outside, each at its own second.

An outside leg is named by its key and never by its number: the number stands in the practice's file and in Asterisk's
own files alone, so no question, no channel's name and no stored decision can hold it or put another in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pbx.domain.actions import Callee, Ring
from pbx.domain.facts import Facts
from pbx.domain.people import Person
from pbx.domain.policy import Policy

OFFER_PROMPT, TAKEN_PROMPT, GONE_PROMPT, LATE_PROMPT = "leg-offer", "leg-taken", "leg-gone", "leg-late"
"""What one hears who answers outside: the offer; then that somebody else was faster, that the caller hung up, or that
the caller waits no more."""

MUSIC_PROMPT = "waiting-music"
"""What a caller hears while it rings, where the practice has a recording for that."""

LEG_PROMPTS = (OFFER_PROMPT, TAKEN_PROMPT, GONE_PROMPT, LATE_PROMPT)


@dataclass(frozen=True, slots=True)
class PhoneTarget:
    """A phone of the practice: the name of its endpoint."""

    endpoint: str

    def __str__(self) -> str:
        return self.endpoint


@dataclass(frozen=True, slots=True)
class OutsideTarget:
    """A number outside, by its name: the key of the person whose cell it is, or of an [outside] table."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}'s number outside"


@dataclass(frozen=True, slots=True)
class Leg:
    """Ring `target` from `after_seconds` on; `who` is the key of the person or outside number that is meant."""

    target: PhoneTarget | OutsideTarget
    after_seconds: int = 0
    who: str = ""

    @property
    def is_outside(self) -> bool:
        return isinstance(self.target, OutsideTarget)


@lru_cache(maxsize=1000)
def at_once(*phones: str, who: str = "") -> tuple[Leg, ...]:
    """All of `phones` from the first second on."""
    return tuple(Leg(PhoneTarget(phone), 0, who) for phone in phones)


def legs_of(policy: Policy, person: str, at: datetime, facts: Facts, *, on_call: bool = False) -> tuple[Leg, ...]:
    """What rings for `person` (a key) at `at` (aware), by the own rules; nothing where there is nothing to ring.

    Nobody waits for a phone that is not registered: what would come after it begins at once. It is dialled all the
    same, because that costs nothing, and it may have come back since Asterisk was last asked.
    """
    return _arranged(_legs(policy, person, at, on_call), facts)


def legs_of_ring(policy: Policy, action: Ring, at: datetime, facts: Facts) -> tuple[Leg, ...]:
    """What rings for a whole action: several people and outside numbers, each later by what the action says."""
    if not action.callees:
        return _arranged(at_once(*action.phones), facts)
    legs = (leg for callee in action.callees for leg in _legs_of_callee(policy, callee, at))
    return _arranged(_each_once(legs), facts)


def absent(legs: Iterable[Leg], facts: Facts) -> list[str]:
    """The phones among `legs` that are not registered."""
    return [leg.target.endpoint for leg in legs if isinstance(leg.target, PhoneTarget) and _is_away(leg, facts)]


def length_of(legs: tuple[Leg, ...], seconds: int) -> int:
    """How long a ring lasts: `seconds`, counted from when the last leg begins."""
    return seconds + max((leg.after_seconds for leg in legs), default=0)


def in_words(legs: tuple[Leg, ...]) -> str:
    """`rictor-desk, rictor's number outside after 10 s`: what rings when, for people."""
    return ", ".join(f"{leg.target}{f' after {leg.after_seconds} s' if leg.after_seconds else ''}" for leg in legs)


def _legs_of_callee(policy: Policy, callee: Callee, at: datetime) -> list[Leg]:
    if callee.key in policy.outside:
        return [Leg(OutsideTarget(callee.key), callee.after, callee.key)]
    legs = (leg for person in callee.people for leg in _legs(policy, person, at, on_call=False))
    return [Leg(leg.target, leg.after_seconds + callee.after, leg.who) for leg in legs]


def _legs(policy: Policy, key: str, at: datetime, on_call: bool) -> list[Leg]:
    person = policy.people.get(key) or Person(key, key, policy.phones_of(key))
    return [
        Leg(OutsideTarget(key) if stage.phone is None else PhoneTarget(stage.phone), stage.after, key)
        for stage in person.stages(at, on_call=on_call)
    ]


def _arranged(legs: Iterable[Leg], facts: Facts) -> tuple[Leg, ...]:
    wanted = list(legs)
    if not facts.unregistered:
        return _without_waiting(wanted)
    here = _without_waiting(leg for leg in wanted if not _is_away(leg, facts))
    return (*here, *(Leg(leg.target, 0, leg.who) for leg in wanted if _is_away(leg, facts)))


def _is_away(leg: Leg, facts: Facts) -> bool:
    return isinstance(leg.target, PhoneTarget) and leg.target.endpoint in facts.unregistered


def _without_waiting(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    found = tuple(legs)
    first = min((leg.after_seconds for leg in found), default=0)
    return tuple(Leg(leg.target, leg.after_seconds - first, leg.who) for leg in found) if first else found


def _each_once(legs: Iterable[Leg]) -> list[Leg]:
    """Of a target that is meant twice, the earlier leg."""
    found: dict[PhoneTarget | OutsideTarget, Leg] = {}
    for leg in legs:
        if leg.target not in found or leg.after_seconds < found[leg.target].after_seconds:
            found[leg.target] = leg
    return list(found.values())
