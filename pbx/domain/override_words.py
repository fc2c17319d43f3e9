"""Overrides in sentences for people: who set them, until when, and what they leave as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pbx.domain.numbers import for_people
from pbx.domain.overridden import Overridden
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.policy import Number, Policy

Clock = Callable[[datetime], str]
"""Writes an instant as people of the zone concerned read it."""


def target_in_words(policy: Policy, scope: Scope, target: str) -> str:
    """`the practice`, `Dr. Kenneth Rictor`, `Main line (717) 555-0100`."""
    if scope is Scope.PRACTICE:
        return "the practice"
    if scope is Scope.PERSON:
        return policy.mailboxes.get(target, target)
    number = policy.numbers.get(target)
    return f"{number.label}, {for_people(target, policy.country)}" if number else for_people(target, policy.country)


def record_in_words(override: Override) -> str:
    """`override 3, set by Sam Mills: roads are closed`."""
    number = f"override {override.id}" if override.id is not None else "an override"
    by = f", set by {override.by}" if override.by else ""
    return f"{number}{by}{f': {override.reason}' if override.reason else ''}"


def line_in_words(number: Number, changed: Overridden, now: str, clock: Clock) -> str:
    """What holds for the line now; only where an override of the line holds."""
    one = changed.line
    if one is None:
        raise ValueError("no override of the line")
    state = "open" if changed.course.open else "closed"
    whose = {Scope.PRACTICE: "for the practice", Scope.NUMBER: "for this number", Scope.PERSON: f"for {one.target}"}
    said = f"{one.mode.in_words} {whose[one.scope]}"
    nobody = " Nobody is rung but those on call." if one.mode is Mode.VOICEMAIL else ""
    return f"{number.label} is {state} at {now} ({said}; {record_in_words(one)}), until {clock(one.ends)}.{nobody}"


def left_out_in_words(policy: Policy, changed: Overridden, clock: Clock) -> tuple[str, ...]:
    """Who is not rung, and who is rung all the same because they are on call."""
    out = (
        f"{target_in_words(policy, one.scope, one.target)} is not rung ({one.mode.in_words}; {record_in_words(one)}), "
        f"until {clock(one.ends)}."
        for one in changed.away
    )
    kept = (
        f"{target_in_words(policy, one.scope, one.target)} is on call, and is rung for that although an override says "
        f"{one.mode.in_words} ({record_in_words(one)}): `secondline oncall swap` hands it over."
        for one in changed.kept_on_call
    )
    return (*out, *kept)
