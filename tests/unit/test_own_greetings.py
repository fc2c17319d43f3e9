"""Greetings recorded by phone: where they are heard, until when, and what they never replace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pbx.domain.actions import Jump, Menu, Option, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.mailbox_words import colleagues, end_of_day, spoken_number
from pbx.domain.own_greetings import GreetingKind, OwnGreeting
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, decide
from pbx.domain.steps import SayStep
from pbx.services.own_greetings import GREETINGS
from tests.kit.asterisk import DID, NIGHT_DID, a_practice

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
NORMAL, CLOSED = (OwnGreeting("rictor", kind) for kind in (GreetingKind.NORMAL, GreetingKind.CLOSED))
AWAY = OwnGreeting("rictor", GreetingKind.TEMPORARY, NOW + timedelta(days=2))
OTHERS = OwnGreeting("garcia", GreetingKind.NORMAL)


def greeting(line: str, *recorded: OwnGreeting, at: datetime = NOW, policy: Policy | None = None) -> tuple[str, ...]:
    steps = decide(policy or a_practice(), line, at, Facts(greetings=recorded)).steps
    return next(step.prompts for step in steps if isinstance(step, SayStep))


@pytest.mark.parametrize(
    ("line", "recorded", "heard"),
    [
        (DID, (), (EMERGENCY_PROMPT, "default")),
        (DID, (NORMAL, CLOSED), (NORMAL.prompt,)),
        (DID, (CLOSED, OTHERS), (EMERGENCY_PROMPT, "default")),
        (DID, (NORMAL, AWAY), (AWAY.prompt,)),
        (NIGHT_DID, (), (EMERGENCY_PROMPT, "after-hours")),
        (NIGHT_DID, (NORMAL,), (EMERGENCY_PROMPT, "after-hours")),
        (NIGHT_DID, (NORMAL, CLOSED), (EMERGENCY_PROMPT, CLOSED.prompt)),
        (NIGHT_DID, (CLOSED, AWAY), (EMERGENCY_PROMPT, AWAY.prompt)),
    ],
)
def test_a_recording_is_heard_where_its_person_takes_the_message(
    line: str, recorded: tuple[OwnGreeting, ...], heard: tuple[str, ...]
) -> None:
    assert greeting(line, *recorded) == heard


def test_a_temporary_one_ends_by_itself() -> None:
    assert greeting(DID, NORMAL, AWAY, at=AWAY.ends or NOW) == (NORMAL.prompt,)


def test_a_recording_is_heard_in_menus_too_and_explained() -> None:
    inner = Menu("main", (Option("1", "1", (Voicemail("rictor", "busy"),)), Option("9", "9", Jump.REPEAT)), 5, 1)
    plain = a_practice()
    number = Number("+17175550150", "Main", None, (inner,), (Voicemail("rictor"),))
    policy = replace(plain, numbers={number.e164: number})
    decision = decide(policy, number.e164, NOW, Facts(greetings=(NORMAL,)))
    assert SayStep((NORMAL.prompt,)) in decision.steps
    assert decision.why[-1].startswith("Dr. Rictor recorded a normal greeting by phone.")


def test_they_are_kept_as_they_are() -> None:
    assert GREETINGS.from_text(GREETINGS.to_text((NORMAL, AWAY))) == (NORMAL, AWAY)
    assert GREETINGS.from_text('[{"person": "rictor", "kind": "temporary", "ends": null}]') == ()


@pytest.mark.parametrize(
    ("keyed", "day"),
    [
        ("1123", "2026-11-24"),
        ("1231", "2027-01-01"),
        ("1122", "2027-11-23"),
        ("0229", None),
        ("1332", None),
        ("112", None),
        ("", None),
    ],
)
def test_the_end_is_the_end_of_the_next_such_day(keyed: str, day: str | None) -> None:
    ends = end_of_day(keyed, NOW, "America/New_York")
    assert (ends.isoformat()[:16] if ends else None) == (f"{day}T00:00" if day else None)


@pytest.mark.parametrize(
    ("number", "said"),
    [("+12155550701", "2 1 5, 5 5 5, 0 7 0 1"), ("+442079460018", "4 4, 2 0, 7 9 4 6, 0 0 1 8"), ("411", "4 1 1")],
)
def test_numbers_are_said_digit_by_digit(number: str, said: str) -> None:
    assert spoken_number(number, "US") == said


def test_everybody_gets_a_number_of_as_many_digits() -> None:
    names = [f"p{n}" for n in range(11)]
    policy = replace(a_practice(), members={name: (name,) for name in names})
    assert colleagues(policy, "p0")[0] == ("01", "p1")
    assert colleagues(policy, "p0")[-1] == ("10", "p10")
