"""The question of the dialplan as a value, and the answer as channel variables."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.routes import BadQuestion, answer_variables, parse_question
from pbx.domain.callers import Verdict
from pbx.domain.legs import Leg, OutsideTarget, PhoneTarget, at_once
from pbx.domain.steps import (
    EndStep,
    HoldStep,
    MenuKey,
    MenuStep,
    NumberAskedStep,
    PageStep,
    RecordStep,
    Result,
    RingStep,
    SayStep,
    Step,
)
from pbx.services.route import Question

CALL = "5b1f0f0e-7d07-4a5c-9d0a-0d9f6a2f3b11"
TOKEN = "c0c1b7f6-97a0-4a3f-8a7e-9b6f1d2e3f40"
GOOD = (CALL, TOKEN, "+17175550100", "+12025550123", "", "1795443203.125", "-1", "start")


def test_a_question_is_read_whole() -> None:
    question, token = parse_question(GOOD)
    started = datetime(2026, 11, 23, 14, 13, 23, 125000, UTC)
    assert question == Question(UUID(CALL), "+17175550100", "+12025550123", started, -1, Result.START)
    assert token == TOKEN


@pytest.mark.parametrize("caller", ["", "anonymous", "7175550100", "+12025550123"])
def test_a_caller_may_be_withheld(caller: str) -> None:
    assert parse_question((*GOOD[:3], caller, *GOOD[4:]))[0].caller == caller


@pytest.mark.parametrize("verdict", Verdict)
def test_what_the_carrier_says_of_the_number_comes_with_the_question(verdict: Verdict) -> None:
    assert parse_question((*GOOD[:4], verdict.value, *GOOD[5:]))[0].verdict is verdict


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "not-a-call"),
        (0, CALL + "\n"),
        (1, ""),
        (1, f"{TOKEN},SL_STEP=end"),
        (2, "17175550100"),
        (2, ""),
        (3, "Robert"),
        (4, "certainly"),
        (4, "Passed"),
        (5, "yesterday"),
        (5, "1e9"),
        (5, "99999999999"),
        (6, ""),
        (6, "-2"),
        (6, "\u0661"),
        (7, "done"),
        (7, "key-"),
        (7, "key-12"),
        (7, "key-A"),
    ],
)
def test_an_argument_of_another_shape_is_refused_without_naming_its_value(place: int, value: str) -> None:
    arguments = (*GOOD[:place], value, *GOOD[place + 1 :])
    with pytest.raises(BadQuestion) as raised:
        parse_question(arguments)
    assert not value or value not in str(raised.value)


@pytest.mark.parametrize("arguments", [(), GOOD[:7], (*GOOD, "more")])
def test_too_few_and_too_many_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(BadQuestion):
        parse_question(arguments)


@given(st.lists(st.text(), max_size=8).map(tuple))
def test_no_arguments_raise_anything_but_a_bad_question(arguments: tuple[str, ...]) -> None:
    with pytest.raises(BadQuestion):
        parse_question(arguments)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            RingStep("rictor", at_once("desk", "cell-1"), 25),
            {"SL_STEP": "ring", "SL_PHONES": "desk&cell-1", "SL_SECONDS": "25"},
        ),
        (
            RingStep("team", (*at_once("desk"), Leg(PhoneTarget("front-1"), 5)), 30),
            {"SL_STEP": "ring", "SL_PHONES": "desk", "SL_LEGS": "p-5-25-front-1", "SL_SECONDS": "30"},
        ),
        (
            RingStep("team", (*at_once("desk"), Leg(OutsideTarget("rictor"), 10)), 35),
            {"SL_STEP": "ring", "SL_LEGS": "p-0-35-desk&o-10-25-rictor", "SL_SECONDS": "57"},
        ),
        (
            PageStep("rictor", (*at_once("desk"), Leg(OutsideTarget("rictor"), 10)), 35, 3),
            {
                "SL_STEP": "page",
                "SL_WHO": "rictor",
                "SL_LEGS": "p-0-35-desk&o-10-25-rictor",
                "SL_SECONDS": "35",
            },
        ),
        (HoldStep(("urgent-still",), 30), {"SL_STEP": "hold", "SL_PROMPTS": "urgent-still", "SL_SECONDS": "30"}),
        (NumberAskedStep("doctors", 3, 120, 25), {"SL_STEP": "number-asked"}),
        (SayStep(("emergency", "default")), {"SL_STEP": "say", "SL_PROMPTS": "emergency&default"}),
        (
            MenuStep("main", ("emergency",), ("menu-main",), (MenuKey("1", "x", 4), MenuKey("*", "back", 0)), 6),
            {
                "SL_STEP": "menu",
                "SL_OPENING": "emergency",
                "SL_PROMPTS": "menu-main",
                "SL_KEYS": "1*",
                "SL_SECONDS": "6",
            },
        ),
        (
            MenuStep("main", (), ("menu-again", "menu-main"), (MenuKey("#", "x", 4),), 6),
            {"SL_STEP": "menu", "SL_PROMPTS": "menu-again&menu-main", "SL_KEYS": "#", "SL_SECONDS": "6"},
        ),
        (RecordStep("rictor", 180), {"SL_STEP": "record", "SL_SECONDS": "180"}),
        (EndStep(), {"SL_STEP": "end"}),
    ],
)
def test_an_answer_sets_what_its_step_needs_and_the_token_last(step: Step, said: dict[str, str]) -> None:
    variables = answer_variables(step, 3, TOKEN)
    assert list(variables.items()) == [*said.items(), ("SL_POSITION", "3"), ("SL_OK", TOKEN)]


@pytest.mark.parametrize("key", ["", "A", "1,SL_OK=x", "12", "${X}"])
def test_a_key_that_is_none_of_a_telephone_is_refused(key: str) -> None:
    keys = (MenuKey(key, "", 0),) * (7 if key == "12" else 1)
    with pytest.raises(ValueError, match="keys"):
        answer_variables(MenuStep("main", (), ("menu-main",), keys, 6), 0, TOKEN)


@pytest.mark.parametrize("key", "0123456789*#")
def test_a_key_that_was_chosen_comes_as_a_result(key: str) -> None:
    assert parse_question((*GOOD[:7], f"key-{key}"))[0].result.key == key


@pytest.mark.parametrize("name", ["", "a,SL_OK=x", "a&b", "a b", "a\nb", "../x", "${X}"])
def test_a_name_that_would_change_the_assignments_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="phone or prompt"):
        answer_variables(RingStep("rictor", at_once(name), 25), 0, TOKEN)
    with pytest.raises(ValueError, match="phone or prompt"):
        answer_variables(RingStep("rictor", (Leg(OutsideTarget(f"{name}&")),), 25), 0, TOKEN)


def test_a_ring_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rings nothing"):
        answer_variables(RingStep("rictor", (), 25), 0, TOKEN)
