"""Ring whoever is on call: the steps for one call, and the sentence that says who it is, until when and why."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from pbx.domain.actions import RingOnCall
from pbx.domain.facts import Facts
from pbx.domain.legs import in_words, legs_of, length_of
from pbx.domain.oncall import OnCall
from pbx.domain.policy import Policy
from pbx.domain.ring import absent_in_words
from pbx.domain.steps import RingStep


def ring_on_call(policy: Policy, action: RingOnCall, at: datetime, facts: Facts) -> tuple[tuple[RingStep, ...], str]:
    """One step for each person who is on call at `at` and can be rung, in order; and what is done in a sentence."""
    rota = policy.rotas[action.rota]
    now = rota.on_call(at, facts.swaps)
    legs = {person: legs_of(policy, person, at, facts, on_call=True) for person in now.people}
    steps = tuple(
        RingStep(person, legs[person], length_of(legs[person], action.seconds)) for person in now.people if legs[person]
    )
    done = f"Ring {_rung(steps)}." if steps else "Ring nobody."
    rules = (policy.people[p].rule_in_words(at, on_call=True) for p in now.people if p in policy.people)
    by = [f"By {rule}." for rule in rules if rule]
    missing = [f"{person} has no phone." for person in now.people if not policy.can_ring(person)]
    away = absent_in_words(steps, facts)
    return steps, " ".join([on_call_in_words(policy, rota.name, now), done, *by, *missing, *away])


def _rung(steps: tuple[RingStep, ...]) -> str:
    each = [f"{step.who} ({in_words(step.legs)})" for step in steps]
    if len({step.seconds for step in steps}) > 1:
        return ", then ".join(f"{who} for {step.seconds} seconds" for who, step in zip(each, steps, strict=True))
    return f"{', then '.join(each)} for {steps[0].seconds} seconds{' each' if len(steps) > 1 else ''}"


def on_call_in_words(policy: Policy, rota: str, now: OnCall) -> str:
    """Who is on call, until when, and why: one sentence."""
    zone = policy.rotas[rota].timezone
    names = [policy.mailboxes.get(person, person) for person in now.people]
    who = f"{names[0]} is" if names else "Nobody is"
    backup = f" (backup: {', '.join(names[1:])})" if names[1:] else ""
    until = f"until {clock(now.until, zone)}" if now.until else "with no change in sight"
    return f"{who} on call in {rota!r}{backup} {until} ({now.because})."


def clock(at: datetime, timezone: str) -> str:
    """A time as people of a zone read it."""
    # As UTC, because a cache takes two times in a zone for equal that differ in their fold only.
    return _utc_clock(at.astimezone(UTC), timezone)


@lru_cache(maxsize=1000)
def _utc_clock(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%a %d %b %Y %H:%M} {timezone}"
