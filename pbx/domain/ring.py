"""Ring somebody: the step for one call, and the sentence that says what rings when, and what does not and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pbx.domain.actions import Ring
from pbx.domain.facts import Facts
from pbx.domain.legs import absent, in_words, legs_of_ring, length_of
from pbx.domain.policy import Policy
from pbx.domain.steps import RingStep


def ring(policy: Policy, action: Ring, at: datetime, facts: Facts) -> tuple[RingStep, ...]:
    """The step; none where nothing is left that could ring, so the call goes on at once."""
    legs = legs_of_ring(policy, action, at, facts)
    seconds = length_of(legs, action.seconds) if action.callees else action.seconds
    return (RingStep(action.who, legs, seconds),) if legs else ()


def ring_in_words(policy: Policy, action: Ring, at: datetime, facts: Facts) -> str:
    """What rings for how long, by which rules, and for which phones nobody waits."""
    steps = ring(policy, action, at, facts)
    people = [person for callee in action.callees for person in callee.people]
    rules = [policy.people[person].rule_in_words(at) for person in people if person in policy.people]
    done = (
        f"Ring {action.who} ({in_words(steps[0].legs)}) for {steps[0].seconds} seconds."
        if steps
        else f"Ring nobody: nothing of {action.who} can ring now."
    )
    away = absent_in_words(steps, facts)
    return " ".join([done, *(f"By {rule}." for rule in dict.fromkeys(rules) if rule), *away])


def absent_in_words(steps: Iterable[RingStep], facts: Facts) -> list[str]:
    """For which phones nobody waits, and why: a sentence, if there are any."""
    phones = list(dict.fromkeys(phone for step in steps for phone in absent(step.legs, facts)))
    if not phones:
        return []
    them = "them" if len(phones) > 1 else "it"
    return [f"Not registered now, so that nobody waits for {them}: {', '.join(phones)}."]
