"""Cells, reach-me rules, numbers outside and the ways to ring, as the practice's file says them."""

from __future__ import annotations

from datetime import datetime

import pytest

from pbx.config.check import in_plain_words
from pbx.domain.actions import Ring
from pbx.domain.legs import in_words
from pbx.domain.people import Outside
from pbx.domain.routing import decide
from pbx.domain.steps import RingStep
from tests.unit.config.conftest import Load, Problems

OPEN = 'open = [{ ring = "rictor", seconds = 20 }, { voicemail = "rictor" }]'
RICTOR = '["rictor-desk", "rictor-home"]'
CELL = '\ncell = "(717) 555-0161"'
SERVICE = '\n[outside.answering-service]\nname = "Answering service"\nnumber = "+17175550160"\n'
RULES = """
[[people.rictor.reach]]
hours = { weekdays = "17:00-22:00", fri = "22:00-mon 08:00" }
ring = ["rictor-home", "cell"]
after = { cell = 15 }

[[people.rictor.reach]]
hours = { daily = "22:00-06:00" }
timezone = "America/Los_Angeles"
ring = []

[people.mills]"""
RULES = RULES.replace('weekdays = "17:00-22:00", fri', 'mon-thu = "17:00-22:00", fri')
ALWAYS = ('schedule = "office"\nopen', "open")


def rung(
    loaded: Load, ring: str, at: str = "2026-11-23T10:00-05:00", *more: tuple[str, str], end: str = ""
) -> list[str]:
    """What rings, a step a text, for a line whose `open` begins with `ring`."""
    policy = loaded(
        (OPEN, f'open = [{{ {ring} }}, {{ voicemail = "rictor" }}]'), (RICTOR, RICTOR + CELL), *more, more=SERVICE
    ).policy
    steps = decide(policy, "+17175550100", datetime.fromisoformat(at)).steps
    return [f"{in_words(step.legs)} for {step.seconds}" for step in steps if isinstance(step, RingStep)]


@pytest.mark.parametrize(
    ("ring", "expected"),
    [
        ('ring = "mills"', ["front-1 for 25"]),
        ('ring = "rictor"', ["rictor-desk, rictor-home, rictor's number outside after 10 s for 35"]),
        ('ring = ["mills", "answering-service"], seconds = 20', ["front-1, answering-service's number outside for 20"]),
        (
            'ring = ["mills", "answering-service"], after = { answering-service = 12 }',
            ["front-1, answering-service's number outside after 12 s for 37"],
        ),
        (
            'ring = ["mills", "answering-service"], one_by_one = true, seconds = 15',
            ["front-1 for 15", "answering-service's number outside for 15"],
        ),
        (
            'ring = ["mills", "rictor"], after = { rictor = 5 }, seconds = 10',
            ["front-1, rictor-desk after 5 s, rictor-home after 5 s, rictor's number outside after 15 s for 25"],
        ),
    ],
)
def test_the_file_says_who_rings_at_once_later_or_one_by_one(ring: str, expected: list[str], loaded: Load) -> None:
    assert rung(loaded, ring) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T16:59:59-05:00", "rictor-desk, rictor-home, rictor's number outside after 10 s for 35"),
        ("2026-11-23T17:00:00-05:00", "rictor-home, rictor's number outside after 15 s for 40"),
        ("2026-11-28T12:00:00-05:00", "rictor-home, rictor's number outside after 15 s for 40"),
        ("2026-11-24T00:59:59-05:00", "rictor-desk, rictor-home, rictor's number outside after 10 s for 35"),
        ("2026-11-24T01:00:00-05:00", None),
        ("2026-11-24T08:59:59-05:00", None),
    ],
)
def test_a_persons_own_rules_decide_by_the_hour_in_their_zone(at: str, expected: str | None, loaded: Load) -> None:
    always = ('schedule = "office"\nopen = [', "open = [")
    closed = ('closed = [{ voicemail = "rictor", greeting = "after-hours" }]\n', "")
    unused = 'because = "The hospital answers at night."', 'because = "x"'
    found = rung(loaded, 'ring = "rictor"', at, ("[people.mills]", RULES.lstrip()), closed, unused, always)
    assert found == ([expected] if expected else [])


def test_check_says_in_plain_words_how_people_are_reached_and_never_a_number(loaded: Load) -> None:
    ring = OPEN.replace('"rictor", seconds = 20', '["rictor", "answering-service"], after = { answering-service = 20 }')
    practice = loaded((OPEN, ring), (RICTOR, RICTOR + CELL), ("[people.mills]", RULES.lstrip()), more=SERVICE)
    assert practice.policy.outside == {
        "answering-service": Outside("answering-service", "Answering service", "+17175550160")
    }
    text = "\n".join(in_plain_words(practice))
    assert "rings rictor and Answering service (outside, press 1) after 20 s for 25 s from then on" in text
    assert "rule 1: " in text
    assert "ring rictor-home, the cell after 15 s." in text
    assert "otherwise: ring rictor-desk, rictor-home, the cell after 10 s." in text
    assert "0161" not in text


def test_who_has_a_cell_alone_can_be_rung(loaded: Load) -> None:
    practice = loaded(('phones = ["front-1"]', 'cell = "+17175550162"'), ('ring = "rictor"', 'ring = "mills"'))
    (ring, _) = practice.policy.numbers["+17175550100"].opened
    assert isinstance(ring, Ring)
    steps = decide(practice.policy, "+17175550100", datetime.fromisoformat("2026-11-23T10:00-05:00")).steps
    assert isinstance(steps[0], RingStep)
    assert in_words(steps[0].legs) == "mills's number outside"


RULE = "\n[[people.rictor.reach]]\n"
WRONG = {
    "premium": ('cell = "+19005550100"', "", "people.rictor.cell: is a premium-rate number", "ordinary"),
    "no number": ('cell = "+17171550100"', "", "people.rictor.cell: is a number that nobody can have", "correct"),
    "emergency": ('cell = "911"', "", "people.rictor.cell: has the wrong number of digits", "+1717"),
    "own number": ('cell = "717-555-0101"', "", "a number of this practice", "outside"),
    "two owners": ('cell = "717-555-0160"', SERVICE, "stands already at people.rictor.cell", "one owner"),
    "said": (
        'cell = "717-555-0161"',
        '\n[greetings.default]\ntext = "Call 717 555 0161."\n',
        "the cell of 'rictor'",
        "",
    ),
    "no cell": ("", RULE + 'ring = "cell"\n', "reach[1].ring[1]: there is no number of a cell", "add cell"),
    "no phone": ("", RULE + 'ring = "rictor-dsk"\n', "'rictor-dsk' is no phone of 'rictor'", "'rictor-desk'"),
    "late": ("", RULE + 'ring = "rictor-desk"\nafter = { rictor-home = 5 }\n', "not in `ring`", ""),
    "never": ("", RULE + "ring = []\n" + RULE + "ring = []\n", "reach[2]: is never used", "put it last"),
    "hours": ("", RULE + 'hours = { mon = "9-5" }\nring = []\n', "not opening hours", "09:00-17:00"),
    "twice": ("", '\n[outside.mills]\nname = "M"\nnumber = "+17175550160"\n', "'mills' is in [people] too", "another"),
    "mailbox": ("", SERVICE + '[numbers."+17175550109"]\nvoicemail = "answering-service"\n', "nobody in [people]", ""),
}


@pytest.mark.parametrize(("cell", "more", "what", "remedy"), WRONG.values(), ids=WRONG)
def test_a_number_that_must_not_be_called_and_a_rule_that_means_nothing_are_refused(
    cell: str, more: str, what: str, remedy: str, problems: Problems
) -> None:
    found = problems((RICTOR, f"{RICTOR}\n{cell}"), more=more)
    assert any(what in problem and remedy in problem for problem in found), found


@pytest.mark.parametrize(
    ("ring", "what"),
    [
        ('ring = "rictor", after = { mills = 5 }', "'mills' is not in `ring`"),
        ('ring = ["rictor", "mills"], after = { mills = 5 }, one_by_one = true', "one by one and later"),
        ('voicemail = "rictor", one_by_one = true', "how to ring to what does not ring"),
        ('ring = ["rictor", "mills"], after = { mills = 61 }', "must be at most 60"),
    ],
)
def test_ways_to_ring_that_mean_nothing_are_refused(ring: str, what: str, problems: Problems) -> None:
    found = problems(('{ ring = "rictor", seconds = 20 }', f"{{ {ring} }}"))
    assert any(what in problem for problem in found), found


def test_a_cell_without_a_carrier_is_refused(problems: Problems) -> None:
    found = problems((RICTOR, RICTOR + CELL), ('[trunk]\nhost = "sip.carrier.example"\n', ""))
    assert any("cannot be called: there is no [trunk]" in problem for problem in found), found
