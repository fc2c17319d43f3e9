"""Say by which keys a call goes to a colleague, and everybody's short number."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config.load import Practice
from pbx.domain.moving import movables


def moving_in_words(practice: Practice) -> Iterator[str]:
    """One sentence; nothing where there are no two people with telephones."""
    policy = practice.policy
    able = movables(policy, outside=practice.settings.trunk is not None)
    if len(able) < 2:
        return
    people = policy.people
    named = ", ".join(f"{one.keys} {people[one.person].name if one.person in people else one.person}" for one in able)
    yield f"During a call, *2 asks a colleague first and *3 hands the call over: {named}."
