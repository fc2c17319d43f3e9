"""Decisions and words as JSON-able values and back, for the place where they are stored.

Reading is strict: a missing, unknown or wrongly typed field raises ValueError, so that a stored value is either
understood wholly or not at all. The texts of the errors name fields, never values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from pbx.domain.legs import Leg, OutsideTarget, PhoneTarget, at_once
from pbx.domain.routing import Decision, Reason, State
from pbx.domain.steps import (
    EndStep,
    HoldStep,
    MenuKey,
    MenuStep,
    NumberAskedStep,
    PageStep,
    RecordStep,
    RingStep,
    SayStep,
    Step,
    StepKind,
)
from pbx.domain.transcript import Word
from pbx.domain.tree import Choice

Json = dict[str, object]

FORMAT = 3
"""Counts up when a stored decision changes its shape."""

READABLE = (1, 2, 3)
"""Formats that are understood. The first had no menus; the first two rang phones at once and had no legs."""


def decision_to_dict(decision: Decision) -> Json:
    """Write a decision as a JSON-able dict; times are RFC 3339 in UTC."""
    return {
        "format": FORMAT,
        "number": decision.number,
        "at": _time_to_text(decision.at),
        "state": decision.state.value,
        "reason": decision.reason.value,
        "rule": decision.rule,
        "until": None if decision.until is None else _time_to_text(decision.until),
        "steps": [_step_to_dict(step) for step in decision.steps],
        "why": list(decision.why),
        "policy_version": decision.policy_version,
    }


def decision_from_dict(value: object) -> Decision:
    """Read what `decision_to_dict` wrote. Raises ValueError for anything else."""
    fields = _Fields(value, Decision.__slots__, "format")
    if fields.whole("format") not in READABLE:
        raise ValueError("format is not one that this version reads")
    return Decision(
        number=fields.text("number"),
        at=fields.time("at"),
        state=State(fields.text("state")),
        reason=Reason(fields.text("reason")),
        rule=fields.text("rule"),
        until=None if fields.raw("until") is None else fields.time("until"),
        steps=tuple(_step_from_dict(step) for step in fields.list("steps")),
        why=fields.texts("why"),
        policy_version=fields.text("policy_version"),
    )


def choices_to_list(choices: Sequence[Choice]) -> list[Json]:
    """Write what a caller chose in menus as JSON-able dicts."""
    return [{"menu": c.menu, "key": c.key, "to": c.to} for c in choices]


def choices_from_list(value: object) -> tuple[Choice, ...]:
    """Read what `choices_to_list` wrote. Raises ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("choices is not a list")
    return tuple(_choice(_Fields(item, Choice.__slots__)) for item in value)


def _choice(fields: _Fields) -> Choice:
    return Choice(fields.text("menu"), fields.text("key"), fields.text("to"))


def words_to_list(words: Sequence[Word]) -> list[Json]:
    """Write the words of a transcript as JSON-able dicts; times in seconds."""
    return [{"text": w.text, "start": w.start, "end": w.end, "confidence": w.confidence} for w in words]


def words_from_list(value: object) -> tuple[Word, ...]:
    """Read what `words_to_list` wrote. Raises ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("words is not a list")
    return tuple(_word(_Fields(item, Word.__slots__)) for item in value)


def _word(fields: _Fields) -> Word:
    return Word(fields.text("text"), fields.real("start"), fields.real("end"), fields.real("confidence"))


def _step_to_dict(step: Step) -> Json:
    kind: Json = {"kind": step.kind.value}
    match step:
        case RingStep():
            return kind | {"who": step.who, "legs": [_leg_to_dict(leg) for leg in step.legs], "seconds": step.seconds}
        case SayStep():
            return kind | {"prompts": list(step.prompts)}
        case MenuStep():
            return kind | {
                "menu": step.menu,
                "opening": list(step.opening),
                "prompts": list(step.prompts),
                "keys": [{"key": key.key, "to": key.to, "target": key.target} for key in step.keys],
                "seconds": step.seconds,
            }
        case RecordStep():
            return kind | {"mailbox": step.mailbox, "seconds": step.seconds}
        case NumberAskedStep():
            times: Json = {"rounds": step.rounds, "interval": step.interval, "seconds": step.seconds}
            return kind | {"rota": step.rota} | times
        case PageStep():
            whom: Json = {"who": step.who, "legs": [_leg_to_dict(leg) for leg in step.legs]}
            return kind | whom | {"seconds": step.seconds, "taken": step.taken}
        case HoldStep():
            return kind | {"prompts": list(step.prompts), "seconds": step.seconds}
        case EndStep():
            return kind


def _leg_to_dict(leg: Leg) -> Json:
    named = {"outside": leg.target.name} if isinstance(leg.target, OutsideTarget) else {"phone": leg.target.endpoint}
    return {**named, "after_seconds": leg.after_seconds, "who": leg.who}


def _ring(value: object) -> Step:
    if isinstance(value, dict) and "phones" in value:
        old = _Fields(value, ("kind", "who", "phones", "seconds"))
        return RingStep(old.text("who"), at_once(*old.texts("phones")), old.whole("seconds"))
    fields = _Fields(value, RingStep.__slots__)
    legs = tuple(_leg(leg) for leg in fields.list("legs"))
    return RingStep(fields.text("who"), legs, fields.whole("seconds"))


def _leg(value: object) -> Leg:
    place = "outside" if isinstance(value, dict) and "outside" in value else "phone"
    fields = _Fields(value, (place, "after_seconds", "who"))
    target = OutsideTarget(fields.text(place)) if place == "outside" else PhoneTarget(fields.text(place))
    return Leg(target, fields.whole("after_seconds"), fields.text("who"))


def _say(value: object) -> Step:
    return SayStep(_Fields(value, SayStep.__slots__).texts("prompts"))


def _menu(value: object) -> Step:
    fields = _Fields(value, MenuStep.__slots__)
    keys = tuple(_menu_key(_Fields(item, MenuKey.__slots__)) for item in fields.list("keys"))
    opening, prompts = fields.texts("opening"), fields.texts("prompts")
    return MenuStep(fields.text("menu"), opening, prompts, keys, fields.whole("seconds"))


def _menu_key(fields: _Fields) -> MenuKey:
    return MenuKey(fields.text("key"), fields.text("to"), fields.whole("target"))


def _record(value: object) -> Step:
    fields = _Fields(value, RecordStep.__slots__)
    return RecordStep(fields.text("mailbox"), fields.whole("seconds"))


def _number_asked(value: object) -> Step:
    fields = _Fields(value, NumberAskedStep.__slots__)
    rounds, interval, seconds = (fields.whole(name) for name in ("rounds", "interval", "seconds"))
    return NumberAskedStep(fields.text("rota"), rounds, interval, seconds)


def _page(value: object) -> Step:
    fields = _Fields(value, PageStep.__slots__)
    legs = tuple(_leg(leg) for leg in fields.list("legs"))
    return PageStep(fields.text("who"), legs, fields.whole("seconds"), fields.whole("taken"))


def _hold(value: object) -> Step:
    fields = _Fields(value, HoldStep.__slots__)
    return HoldStep(fields.texts("prompts"), fields.whole("seconds"))


def _end(value: object) -> Step:
    _Fields(value, EndStep.__slots__)
    return EndStep()


_STEPS: Mapping[StepKind, Callable[[object], Step]] = {
    StepKind.RING: _ring,
    StepKind.SAY: _say,
    StepKind.MENU: _menu,
    StepKind.RECORD: _record,
    StepKind.NUMBER_ASKED: _number_asked,
    StepKind.PAGE: _page,
    StepKind.HOLD: _hold,
    StepKind.END: _end,
}


def _step_from_dict(value: object) -> Step:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise ValueError("a step has no kind")
    return _STEPS[StepKind(kind)](value)


def _time_to_text(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time without its zone cannot be stored")
    return at.astimezone(UTC).isoformat()


class _Fields:
    """A dict with exactly the expected keys, read with a check of each value's type."""

    def __init__(self, value: object, names: object, *more: str) -> None:
        expected = {*cast("tuple[str, ...]", names), *more}
        if not isinstance(value, dict) or value.keys() != expected:
            raise ValueError(f"expected a JSON object with {', '.join(sorted(expected))}")
        self._values = cast("Json", value)

    def raw(self, name: str) -> object:
        return self._values[name]

    def text(self, name: str) -> str:
        value = self._values[name]
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
        return value

    def whole(self, name: str) -> int:
        value = self._values[name]
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} is not a whole number")
        return value

    def real(self, name: str) -> float | None:
        value = self._values[name]
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError(f"{name} is not a number")
        return float(value)

    def list(self, name: str) -> Sequence[object]:
        value = self._values[name]
        if not isinstance(value, list):
            raise ValueError(f"{name} is not a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.list(name)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{name} is not a list of texts")
        return tuple(cast("Sequence[str]", values))

    def time(self, name: str) -> datetime:
        at = datetime.fromisoformat(self.text(name))
        if at.tzinfo is None:
            raise ValueError(f"{name} has no zone")
        return at
