"""What the steps and sentences of actions depend on besides the practice's file, as values to compare.

As long as they are the same, a call is told the same: so it is found out once for a stretch of time, not once a call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pbx.domain.actions import Action, Ring, RingOnCall, Urgent, leaves_in
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Asks:
    """Whom actions ask for: keys of rotas, and of people who are named."""

    rotas: tuple[str, ...]
    people: tuple[str, ...]


def asks_of(actions: tuple[Action, ...]) -> Asks:
    """What `actions` ask for, however deep in menus they stand."""
    leaves = list(leaves_in(actions))
    rotas = dict.fromkeys(leaf.rota for leaf in leaves if isinstance(leaf, RingOnCall | Urgent))
    rings = (leaf for leaf in leaves if isinstance(leaf, Ring))
    people = dict.fromkeys(person for ring in rings for callee in ring.callees for person in callee.people)
    return Asks(tuple(rotas), tuple(people))


def depends_on(policy: Policy, asks: Asks, at: datetime, facts: Facts) -> tuple[object, ...]:
    """Who is on call, which phones are away, and the state of the hours by which those people are reached."""
    on_call = [policy.rotas[rota].on_call(at, facts.swaps) for rota in asks.rotas]
    if not policy.reached_by_hours:
        return (facts.unregistered, *on_call)
    people = (*asks.people, *(person for now in on_call for person in now.people))
    return (facts.unregistered, *on_call, *_hours(policy, people, at))


def _hours(policy: Policy, people: Iterable[str], at: datetime) -> Iterable[object]:
    for person in people:
        if person in policy.reached_by_hours:
            yield from (rule.hours.state_at(at) for rule in policy.people[person].reach if rule.hours)
