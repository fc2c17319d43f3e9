"""To whom a call in progress can be passed on by keys: the practice's own people, each by a short number."""

from __future__ import annotations

from dataclasses import dataclass

from pbx.domain.policy import Policy

WHOM_PROMPT, NOBODY_PROMPT = "moving-whom", "moving-nobody"
"""What who passes a call on hears: the question for the short number, and that nobody has the one that was keyed."""

RING_SECONDS = 25
"""How long a colleague is rung: shorter than the dialplan waits in all (`dialplan/moving.conf`)."""


@dataclass(frozen=True, slots=True)
class Movable:
    """Somebody who can be given a call: the `keys` of the short number, the person's key, and what rings.

    `legs` are those of the dialplan, joined by `&`: kind-after-seconds-name each.
    """

    keys: str
    person: str
    legs: str


def movables(policy: Policy, *, outside: bool) -> tuple[Movable, ...]:
    """Everybody who has a telephone, in the order of the file. `outside`: cells can be rung."""
    able = [(key, legs) for key in _people(policy) if (legs := _legs(policy, key, outside))]
    width = max(2, len(str(len(able))))
    return tuple(Movable(str(place).zfill(width), key, legs) for place, (key, legs) in enumerate(able, 1))


def _people(policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*policy.people, *(phone.owner for phone in policy.phones))))


def _legs(policy: Policy, key: str, outside: bool) -> str:
    phones = [f"p-0-{RING_SECONDS}-{phone}" for phone in policy.phones_of(key)]
    person = policy.people.get(key)
    cell = [f"o-0-{RING_SECONDS}-{key}"] if outside and person is not None and person.cell else []
    return "&".join((*phones, *cell))
