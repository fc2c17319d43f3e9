"""What a phone hears after a code: what holds now, until when, and how to take it back. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pbx.domain.codes import CODES, CodeName
from pbx.domain.facts import Facts
from pbx.domain.overridden import rings_person, whose_line
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import numbers_of, zone_of
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import Decision, State, decide
from pbx.domain.spoken import spoken_moment

NAMED_AT_MOST = 4
"""Lines that are called by their names in one sentence."""

_MODES = {
    Mode.CLOSED: "closed",
    Mode.OPEN: "open",
    Mode.VOICEMAIL: "on voicemail only",
    Mode.SNOW_DAY: "closed for a snow day",
}
_BACK = next(code for code in CODES if code.name is CodeName.SCHEDULE)

HOW_TO_UNDO = f"To go back to the schedule before that, dial {_BACK.spoken}."


def own_lines(policy: Policy, person: str) -> tuple[Number, ...]:
    """The lines that a person may close or open: those that ring this person alone."""
    return tuple(number for number in policy.numbers.values() if whose_line(policy, number) == person)


def nothing_to_set(policy: Policy, person: str, mode: Mode) -> str | None:
    """Why `mode` for a person would change nothing, in a sentence; None where it does."""
    if own_lines(policy, person):
        return None
    if mode is Mode.OPEN:
        return "No line rings you alone, so there is none that you can open."
    if not numbers_of(policy, Scope.PERSON, person):
        return "No line rings you, so there is nothing to change."
    return None


def confirmation(policy: Policy, one: Override, facts: Facts, now: datetime) -> tuple[str, ...]:
    """What is said to whoever set an override by phone: the state and its end, and how to take it back."""
    return (*_set_in_words(policy, one, now), *_still_on_call(policy, one, facts), HOW_TO_UNDO)


def practice_in_words(policy: Policy, one: Override, now: datetime) -> str:
    """What is set for the whole practice, and until when."""
    return f"The whole practice is {_MODES[one.mode]} until {_moment(policy, one, now)}."


def state_in_words(policy: Policy, person: str, facts: Facts, now: datetime) -> tuple[str, ...]:
    """What holds now for the lines of a person, and for the person."""
    return tuple(_state(policy, person, facts, now)) or ("Nothing is set, and no line rings you.",)


def _set_in_words(policy: Policy, one: Override, now: datetime) -> Iterator[str]:
    if one.scope is Scope.PRACTICE:
        yield practice_in_words(policy, one, now)
        return
    until = _moment(policy, one, now)
    if lines := own_lines(policy, one.target):
        yield f"{_called(lines)} {'is' if len(lines) == 1 else 'are'} {_MODES[one.mode]} until {until}."
    if not lines or (one.mode is not Mode.OPEN and _shared(policy, one.target)):
        yield f"On lines that ring others too, you are left out until {until}."


def _shared(policy: Policy, person: str) -> bool:
    """Whether lines that are not this person's own ring this person too."""
    others = (number for number in policy.numbers.values() if whose_line(policy, number) != person)
    return any(rings_person(policy, number, person) for number in others)


def _still_on_call(policy: Policy, one: Override, facts: Facts) -> Iterator[str]:
    if one.scope is not Scope.PERSON or one.mode is Mode.OPEN:
        return
    for rota in policy.rotas.values():
        if any(one.target in now.people for _, now in rota.stretches(one.starts, one.ends, facts.swaps)):
            yield "You stay on call in that time, and are rung for that."
            return


def _state(policy: Policy, person: str, facts: Facts, now: datetime) -> Iterator[str]:
    for number in numbers_of(policy, Scope.PERSON, person):
        decision = decide(policy, number.e164, now, facts)
        yield _line_in_words(policy, number, decision, facts, now)
    away = [
        one
        for one in facts.overrides
        if one.scope is Scope.PERSON and one.target == person and one.holds(now) and not own_lines(policy, person)
    ]
    if away:
        yield f"You are left out of ringing until {_moment(policy, away[-1], now)}."


def _line_in_words(policy: Policy, number: Number, decision: Decision, facts: Facts, now: datetime) -> str:
    zone = number.schedule.timezone if number.schedule else policy.timezone
    one = next((one for one in facts.overrides if one.rule == decision.rule), None)
    if one is not None and (one.scope is not Scope.PERSON or whose_line(policy, number) == one.target):
        return f"{_called((number,))} is {_MODES[one.mode]} until {spoken_moment(one.ends, now, zone)}. {_by(one)}"
    state = "open" if decision.state is State.OPEN else "closed"
    if decision.until is None:
        return f"{_called((number,))} is {state}, and no change is in sight."
    return f"{_called((number,))} is {state} until {spoken_moment(decision.until, now, zone)}, by the schedule."


def _by(one: Override) -> str:
    return f"That was set by {one.by}."


def _called(lines: tuple[Number, ...]) -> str:
    if len(lines) == 1:
        return f"{lines[0].label}'s line"
    if len(lines) > NAMED_AT_MOST:
        return f"Your {len(lines)} lines"
    *others, last = [number.label for number in lines]
    return f"The lines {', '.join(others)} and {last}"


def _moment(policy: Policy, one: Override, now: datetime) -> str:
    return spoken_moment(one.ends, now, zone_of(policy, one.scope, one.target))
