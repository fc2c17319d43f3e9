"""Ring somebody: the step for one call, and the sentence that says what rings when, and what does not and why."""

from __future__ import annotations

from datetime import datetime

from pbx.domain.facts import Facts
from pbx.domain.legs import in_words, legs_of_ring, length_of, skipped
from pbx.domain.policy import Policy, Ring
from pbx.domain.steps import RingStep


def ring(policy: Policy, action: Ring, at: datetime, facts: Facts) -> tuple[RingStep, ...]:
    """The step; none where nothing is left that could ring, so the call goes on at once."""
    legs = legs_of_ring(policy, action, at, facts)
    seconds = length_of(legs, action.seconds) if action.callees else action.seconds
    return (RingStep(action.who, legs, seconds),) if legs else ()


def ring_in_words(policy: Policy, action: Ring, at: datetime, facts: Facts) -> str:
    """What rings for how long, by which rules, and which phones are left out."""
    if not action.callees and not facts.unregistered:
        return f"Ring {action.who} ({', '.join(action.phones)}) for {action.seconds} seconds."
    steps = ring(policy, action, at, facts)
    people = [person for callee in action.callees for person in callee.people]
    rules = [policy.people[person].rule_in_words(at) for person in people if person in policy.people]
    away = skipped(policy, people, at, facts) if people else [p for p in action.phones if p in facts.unregistered]
    done = (
        f"Ring {action.who} ({in_words(steps[0].legs)}) for {steps[0].seconds} seconds."
        if steps
        else f"Ring nobody: nothing of {action.who} can ring now."
    )
    return " ".join([done, *(f"By {rule}." for rule in dict.fromkeys(rules) if rule), *away_in_words(away)])


def away_in_words(phones: list[str]) -> list[str]:
    """Why phones are left out: a sentence, if there are any."""
    if not phones:
        return []
    known = list(dict.fromkeys(phones))
    return [f"Left out because {'they are' if len(known) > 1 else 'it is'} not registered: {', '.join(known)}."]
