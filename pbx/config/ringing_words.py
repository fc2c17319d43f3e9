"""What rings when, in plain words. The number of a cell is not among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pbx.config.words import week_in_words
from pbx.domain.actions import Callee, Ring
from pbx.domain.people import CELL_AFTER_SECONDS, Person, Stage
from pbx.domain.policy import Policy


def rings_in_words(policy: Policy, action: Ring) -> str:
    """`rings rictor-desk and rictor-home for 25 s`, or who is rung by whose rules and after how long."""
    if not action.callees:
        return f"rings {_list(action.phones)} for {action.seconds} s"
    last = max(callee.after for callee in action.callees)
    since = " from then on" if last else ""
    return f"rings {_list([_callee(policy, callee) for callee in action.callees])} for {action.seconds} s{since}"


def reach_in_words(person: Person) -> Iterator[str]:
    """How somebody with a cell or with rules is reached."""
    if person.is_plain:
        return
    for place, rule in enumerate(person.reach):
        when = f"{week_in_words(rule.hours.week)} ({rule.hours.timezone})" if rule.hours else "at any time"
        what = f"ring {_stages(rule.stages)}" if rule.stages else "ring nothing, unless on call"
        yield f"Reaching {person.name}, rule {place + 1}: {when} {what}."
    if all(rule.hours for rule in person.reach):
        cell = (Stage(None, CELL_AFTER_SECONDS if person.phones else 0),) if person.cell else ()
        otherwise = _stages((*(Stage(phone) for phone in person.phones), *cell))
        yield f"Reaching {person.name}{' otherwise' if person.reach else ''}: ring {otherwise or 'nothing'}."
    if person.cell:
        yield "    Whoever answers the cell presses 1 to take a call; callers never see its number."


def _list(names: Sequence[str]) -> str:
    """`one, two and three`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _callee(policy: Policy, callee: Callee) -> str:
    outside = policy.outside.get(callee.key)
    name = f"{outside.name} (outside, press 1)" if outside else callee.key
    return f"{name} after {callee.after} s" if callee.after else name


def _stages(stages: tuple[Stage, ...]) -> str:
    return ", ".join(_stage(stage) for stage in stages)


def _stage(stage: Stage) -> str:
    return f"{stage.phone or 'the cell'}{f' after {stage.after} s' if stage.after else ''}"
