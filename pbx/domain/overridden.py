"""What overrides make of a call: the course that the schedule gives it, changed.

A line's own override (for the practice, the number, or the person whose line it is) says whether it is open. A person
who is closed or takes voicemail only is left out of ringing on every other line too. Nobody is ever taken off call by
an override: a rota that is rung stays rung, because what is urgent must reach somebody; a swap hands it over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pbx.domain.actions import Action, Callee, Jump, Menu, Option, Ring, RingOnCall, Urgent, Voicemail, leaves_in
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, Override, Scope, newest
from pbx.domain.policy import Number, Policy

_AWAY = (Mode.CLOSED, Mode.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class Course:
    """What is done with a call: `actions` of an open or closed line, until `until` (UTC; None: no change in sight)."""

    open: bool
    actions: tuple[Action, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Overridden:
    """A course after overrides. `line` decided about the line, if any did; `away` are left out of its ringing.

    `kept_on_call` are rung by a rota although an override of theirs says that they are away; `absent` are all people
    who are away, whether this course would ring them or not.
    """

    course: Course
    line: Override | None = None
    away: tuple[Override, ...] = ()
    kept_on_call: tuple[Override, ...] = ()
    absent: frozenset[str] = frozenset()

    @property
    def decided_by(self) -> Override | None:
        return self.line or (self.away[0] if self.away else None)

    @property
    def needs_emergency_sentence(self) -> bool:
        """Whether a caller reaches fewer people than the file says."""
        return bool(self.away) or (self.line is not None and self.line.mode is not Mode.OPEN)


def overridden(policy: Policy, number: Number, at: datetime, facts: Facts, planned: Course) -> Overridden:
    """What overrides make of the `planned` course of a call to `number` at `at`; the same course without any."""
    if not facts.overrides:
        return Overridden(planned)
    concerned = [one for one in facts.overrides if concerns_line(policy, number, one)]
    line = newest(one for one in concerned if one.holds(at))
    course = _of_line(policy, number, line, planned)
    absent = _absent(facts.overrides, at)
    away = tuple(absent[person] for person in absent if _is_rung(policy, course.actions, person))
    gone = {one.target for one in away}
    actions = _without(policy, course.actions, gone) if away else course.actions
    later = [one.starts for one in concerned if at < one.starts]
    changes = [*later, *(one.ends for one in away), *([course.until] if course.until else [])]
    return Overridden(
        Course(course.open, actions, min(changes, default=None)),
        line,
        away,
        tuple(_on_call(policy, at, facts, actions, absent)),
        frozenset(absent),
    )


def as_overridden(policy: Policy, changed: Overridden, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """`actions` that another rule puts in the course's place, without what the overrides take out of any course."""
    if changed.line and changed.line.mode is Mode.VOICEMAIL:
        return _without_rings(actions)
    return _without(policy, actions, changed.absent) if changed.absent else actions


def concerns_line(policy: Policy, number: Number, override: Override) -> bool:
    """Whether an override is about the whole line: for all lines, for this one, or for the person whose line it is."""
    match override.scope:
        case Scope.PRACTICE:
            return True
        case Scope.NUMBER:
            return override.target == number.e164
        case Scope.PERSON:
            return whose_line(policy, number) == override.target


def whose_line(policy: Policy, number: Number) -> str | None:
    """The person whose own line it is: the only one whom it rings when open, with nobody outside beside."""
    rung = [one for ring in _rings(number.opened) for one in _rung(policy, ring)]
    return rung[0] if rung and len(set(rung)) == 1 else None


def rings_person(policy: Policy, number: Number, person: str) -> bool:
    """Whether the line ever rings a person by name or team (not by a rota)."""
    return _is_rung(policy, (*number.opened, *number.closed), person)


def with_greeting(actions: tuple[Action, ...], greeting: str | None) -> tuple[Action, ...]:
    """The same actions with another greeting in every voicemail; None changes nothing."""
    if greeting is None:
        return actions
    return _each(
        actions, lambda action: replace(action, greeting=greeting) if isinstance(action, Voicemail) else action
    )


def _of_line(policy: Policy, number: Number, line: Override | None, planned: Course) -> Course:
    if line is None:
        return planned
    closed = number.closed if planned.open else planned.actions
    match line.mode:
        case Mode.OPEN:
            return Course(True, number.opened, line.ends)
        case Mode.CLOSED:
            return Course(False, closed, line.ends)
        case Mode.SNOW_DAY:
            return Course(False, with_greeting(closed, policy.snow_day_greeting), line.ends)
        case Mode.VOICEMAIL:
            return Course(False, _without_rings(planned.actions), line.ends)


def _absent(overrides: Iterable[Override], at: datetime) -> dict[str, Override]:
    """By person, the override that says that they are away now."""
    said: dict[str, list[Override]] = {}
    for one in overrides:
        if one.scope is Scope.PERSON and one.holds(at):
            said.setdefault(one.target, []).append(one)
    last = {person: newest(words) for person, words in said.items()}
    return {person: one for person, one in last.items() if one is not None and one.mode in _AWAY}


def _on_call(
    policy: Policy, at: datetime, facts: Facts, actions: tuple[Action, ...], absent: dict[str, Override]
) -> Iterator[Override]:
    if not absent:
        return
    rotas = dict.fromkeys(action.rota for action in leaves_in(actions) if isinstance(action, RingOnCall | Urgent))
    people = dict.fromkeys(p for rota in rotas for p in policy.rotas[rota].on_call(at, facts.swaps).people)
    yield from (absent[person] for person in people if person in absent)


def _rings(actions: tuple[Action, ...]) -> Iterator[Ring]:
    yield from (action for action in leaves_in(actions) if isinstance(action, Ring))


def _is_rung(policy: Policy, actions: tuple[Action, ...], person: str) -> bool:
    return any(person in _rung(policy, ring) for ring in _rings(actions))


def _rung(policy: Policy, ring: Ring) -> list[str | None]:
    """Whom a ring means, by their keys; None for somebody outside who is none of the practice's people."""
    if not ring.callees:
        return [_owner(policy, phone) for phone in ring.phones]
    return [person for callee in ring.callees for person in (callee.people or (None,))]


def _owner(policy: Policy, phone: str) -> str | None:
    return next((known.owner for known in policy.phones if known.name == phone), None)


def _without_rings(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    return _each(actions, lambda action: None if isinstance(action, Ring) else action)


def _without(policy: Policy, actions: tuple[Action, ...], people: Collection[str]) -> tuple[Action, ...]:
    """The same actions without phones and cells of `people`; a ring that is left with nothing falls away."""

    def fewer(action: Action) -> Action | None:
        if not isinstance(action, Ring):
            return action
        phones = tuple(phone for phone in action.phones if _owner(policy, phone) not in people)
        callees = tuple(_callees_without(action.callees, people))
        who = ", ".join(name for name in action.who.split(", ") if name not in people)
        return replace(action, phones=phones, callees=callees, who=who or action.who) if phones or callees else None

    return _each(actions, fewer)


def _callees_without(callees: tuple[Callee, ...], people: Collection[str]) -> Iterator[Callee]:
    for callee in callees:
        left = tuple(person for person in callee.people if person not in people)
        if left or not callee.people:
            yield replace(callee, people=left)


def _each(actions: tuple[Action, ...], change: Callable[[Action], Action | None]) -> tuple[Action, ...]:
    """`change` made to all that is no menu, however deep in menus it stands; None takes it out."""

    def option(one: Option) -> Option:
        return one if isinstance(one.then, Jump) else replace(one, then=_each(one.then, change))

    found: list[Action] = []
    for action in actions:
        if isinstance(action, Menu):
            options = tuple(option(one) for one in action.options)
            found.append(replace(action, options=options, otherwise=_each(action.otherwise, change)))
        elif (changed := change(action)) is not None:
            found.append(changed)
    return tuple(found)
