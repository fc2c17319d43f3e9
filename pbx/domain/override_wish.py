"""An override as somebody asks for it, and what is answered: the override that it makes, or why there is none. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pbx.domain.actions import RingOnCall, Urgent, leaves_in
from pbx.domain.facts import Facts
from pbx.domain.numbers import for_people
from pbx.domain.overridden import whose_line
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import check_end, default_end, numbers_of, zone_of
from pbx.domain.override_words import target_in_words
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.domain.routing import State, decide

LONGEST_NOTE = 200
"""Characters of `by` and of `reason`."""


class Refused(Exception):
    """No override can be made of what was asked for; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`mode` for a number (E.164), a person's key or the practice (an empty `target`).

    `ends` is aware; None asks for the next scheduled change. `by` says who, for people; `reason` may be empty.
    """

    mode: Mode
    scope: Scope
    target: str
    ends: datetime | None
    by: str
    reason: str = ""


def override_of(policy: Policy, wanted: Wanted, at: datetime) -> Override:
    """The override, from `at` on. Raises Refused and `pbx.domain.override_end.BadEnd`."""
    _check_target(policy, wanted)
    for name, note in (("who sets it", wanted.by), ("the reason", wanted.reason)):
        if (note and not note.isprintable()) or len(note) > LONGEST_NOTE:
            raise Refused(f"{name} must be one line of at most {LONGEST_NOTE} characters")
    if not wanted.by.strip():
        raise Refused("say who sets it")
    # To the second before: the PBX tells to the second when a call came.
    starts = at.astimezone(UTC).replace(microsecond=0)
    ends = wanted.ends or default_end(policy, wanted.scope, wanted.target, at, wanted.mode)
    check_end(at, ends)
    by, reason = wanted.by.strip(), wanted.reason.strip()
    return Override(None, wanted.scope, wanted.target, wanted.mode, starts, ends.astimezone(UTC), by, reason)


def _check_target(policy: Policy, wanted: Wanted) -> None:
    target = wanted.target
    if wanted.scope is Scope.NUMBER and target not in policy.numbers:
        known = ", ".join(for_people(e164, policy.country) for e164 in policy.numbers)
        raise Refused(f"{target!r} is not a number of this practice (there are: {known})")
    if wanted.scope is not Scope.PERSON:
        return
    people = sorted(
        {phone.owner for phone in policy.phones} | {key for key, person in policy.people.items() if person.can_ring}
    )
    if target not in people:
        raise Refused(f"{target!r} is nobody with a phone (there are: {', '.join(people)})")
    if wanted.mode is Mode.SNOW_DAY:
        raise Refused("a snow day closes the practice or a number: for a person say closed")


def answer_in_words(policy: Policy, override: Override, facts: Facts) -> tuple[str, ...]:
    """What is said to whoever set an override: state and end, what comes then, and whom it does not touch.

    `facts` are those before it, or with it.
    """
    return tuple(_answer(policy, override, facts))


def _answer(policy: Policy, one: Override, facts: Facts) -> Iterator[str]:
    zone = zone_of(policy, one.scope, one.target)
    who = target_in_words(policy, one.scope, one.target)
    yield f"{who[0].upper()}{who[1:]}: {one.mode.in_words} until {clock(one.ends, zone)}."
    yield from _lines(policy, one, facts)
    if one.scope is Scope.PERSON and one.mode is not Mode.OPEN:
        own = any(whose_line(policy, number) == one.target for number in policy.numbers.values())
        yield f"{'On lines that ring others too they' if own else 'They'} are left out of ringing until then."
    if one.mode is not Mode.OPEN:
        yield from _still_on_call(policy, one, facts)


def _lines(policy: Policy, one: Override, facts: Facts) -> Iterator[str]:
    """What becomes of each line whose state is the override's, where that is not plain."""
    others = Facts(facts.swaps, tuple(other for other in facts.overrides if other.id != one.id))
    known = Facts(facts.swaps, (*others.overrides, one))
    noticed = False
    for number in numbers_of(policy, one.scope, one.target):
        now = decide(policy, number.e164, one.starts, known)
        if now.rule != one.rule:
            continue
        noticed = noticed or now.steps != decide(policy, number.e164, one.starts, others).steps
        after = decide(policy, number.e164, one.ends, known)
        until = f" until {clock(after.until, zone_of(policy, Scope.NUMBER, number.e164))}" if after.until else ""
        yield f"Then {number.label} is {_state(after.state)}{until}."
    if not noticed:
        yield "Callers notice nothing of it now: their calls are treated so already."


def _state(state: State) -> str:
    return "open" if state is State.OPEN else "closed"


def _still_on_call(policy: Policy, one: Override, facts: Facts) -> Iterator[str]:
    """An override takes nobody off call: whoever thought so is told."""
    if one.scope is not Scope.PERSON:
        for name in dict.fromkeys(_rotas_rung(policy, one)):
            yield f"Whoever is on call in {name!r} is rung as ever."
        return
    for rota in policy.rotas.values():
        for begins, now in rota.stretches(one.starts, one.ends, facts.swaps):
            if one.target in now.people:
                ends = min(now.until or one.ends, one.ends)
                yield (
                    f"{target_in_words(policy, one.scope, one.target)} stays on call in {rota.name!r} from "
                    f"{clock(begins, rota.timezone)} until {clock(ends, rota.timezone)}, and is rung for that: "
                    f"`secondline oncall swap {rota.name}` hands it over."
                )


def _rotas_rung(policy: Policy, one: Override) -> Iterator[str]:
    for number in numbers_of(policy, one.scope, one.target):
        actions = (*number.opened, *number.closed) if one.mode is Mode.VOICEMAIL else number.closed
        yield from (action.rota for action in leaves_in(actions) if isinstance(action, RingOnCall | Urgent))
