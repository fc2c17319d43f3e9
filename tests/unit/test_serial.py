"""What is stored of a decision is the decision: nothing lost, nothing guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.legs import Leg, OutsideTarget, PhoneTarget, at_once
from pbx.domain.routing import Decision, Reason, State
from pbx.domain.serial import (
    choices_from_list,
    choices_to_list,
    decision_from_dict,
    decision_to_dict,
    words_from_list,
    words_to_list,
)
from pbx.domain.steps import EndStep, MenuKey, MenuStep, RecordStep, RingStep, SayStep
from pbx.domain.transcript import Word
from pbx.domain.tree import Choice

texts = st.text(max_size=20)
many_texts = st.lists(texts, max_size=3).map(tuple)
seconds = st.integers(0, 600)
times = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("America/New_York")]),
    allow_imaginary=False,
).map(lambda at: at.astimezone(UTC))
targets = st.builds(PhoneTarget, texts) | st.builds(OutsideTarget, texts)
legs = st.lists(st.builds(Leg, targets, seconds, texts), max_size=3).map(tuple)
steps = st.one_of(
    st.builds(RingStep, who=texts, legs=legs, seconds=seconds),
    st.builds(SayStep, prompts=many_texts),
    st.builds(
        MenuStep,
        menu=texts,
        opening=many_texts,
        prompts=many_texts,
        keys=st.lists(st.builds(MenuKey, key=texts, to=texts, target=seconds), max_size=3).map(tuple),
        seconds=seconds,
    ),
    st.builds(RecordStep, mailbox=texts, seconds=seconds),
    st.just(EndStep()),
)
decisions = st.builds(
    Decision,
    number=texts,
    at=times,
    state=st.sampled_from(State),
    reason=st.sampled_from(Reason),
    rule=texts,
    until=st.none() | times,
    steps=st.lists(steps, max_size=6).map(tuple),
    why=many_texts,
    policy_version=texts,
)
share = st.none() | st.floats(0, 1)
words = st.lists(st.builds(Word, text=texts, start=share, end=share, confidence=share), max_size=5).map(tuple)

EXAMPLE = decision_to_dict(
    Decision(
        "+17175550100",
        datetime(2026, 3, 2, 15, tzinfo=UTC),
        State.OPEN,
        Reason.IN_HOURS,
        "schedules.office",
        None,
        (RingStep("rictor", at_once("rictor-desk"), 25), EndStep()),
        ("open",),
        "0" * 64,
    )
)


@given(decisions)
def test_a_decision_comes_back_as_it_was(decision: Decision) -> None:
    assert decision_from_dict(json.loads(json.dumps(decision_to_dict(decision)))) == decision


@given(words)
def test_words_come_back_as_they_were(spoken: tuple[Word, ...]) -> None:
    assert words_from_list(json.loads(json.dumps(words_to_list(spoken)))) == spoken


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(EXAMPLE)), value=json_values)
def test_a_damaged_decision_is_read_or_refused_and_never_anything_else(field: str, value: object) -> None:
    try:
        decision_from_dict(EXAMPLE | {field: value})
    except ValueError:
        return


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 4},
        {"format": True},
        {"number": None},
        {"at": "2026-03-02T15:00:00"},
        {"at": "yesterday"},
        {"state": "ajar"},
        {"reason": "whim"},
        {"steps": {}},
        {"steps": [{"kind": "dance"}]},
        {"steps": [{}]},
        {"steps": ["end"]},
        {"steps": [{"kind": "end", "seconds": 1}]},
        {"steps": [{"kind": "menu", "menu": "main", "opening": [], "prompts": [], "keys": {}, "seconds": 6}]},
        {"steps": [{"kind": "menu", "menu": "main", "opening": [], "prompts": [], "keys": ["1"], "seconds": 6}]},
        {"steps": [{"kind": "ring", "who": "a", "seconds": 9, "legs": ["desk"]}]},
        {
            "steps": [
                {"kind": "ring", "who": "a", "seconds": 9, "legs": [{"number": "1", "after_seconds": 0, "who": ""}]}
            ]
        },
        {"steps": [{"kind": "record", "mailbox": "a", "seconds": "60"}]},
        {"why": "because"},
        {"why": [1]},
        {"surprise": 1},
    ],
)
def test_what_is_not_understood_wholly_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        decision_from_dict(EXAMPLE | damage)


@pytest.mark.parametrize("before", [1, 2])
def test_a_decision_from_before_there_were_menus_or_legs_is_still_read(before: int) -> None:
    ring = {"kind": "ring", "who": "rictor", "phones": ["rictor-desk"], "seconds": 25}
    assert decision_from_dict(EXAMPLE | {"format": before, "steps": [ring, {"kind": "end"}]}) == decision_from_dict(
        EXAMPLE
    )


@given(st.lists(st.builds(Choice, menu=texts, key=texts, to=texts), max_size=5).map(tuple))
def test_choices_come_back_as_they_were(choices: tuple[Choice, ...]) -> None:
    assert choices_from_list(json.loads(json.dumps(choices_to_list(choices)))) == choices


@pytest.mark.parametrize(
    "value", [None, {}, ["1"], [{"menu": "main", "key": "1"}], [{"menu": 1, "key": "1", "to": ""}]]
)
def test_choices_that_are_no_choices_are_refused(value: object) -> None:
    with pytest.raises(ValueError):
        choices_from_list(value)


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(ValueError):
        decision_from_dict({name: value for name, value in EXAMPLE.items() if name != "until"})


def test_a_naive_time_is_never_written() -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001 - that is the point
    decision = Decision("+1", naive, State.OPEN, Reason.IN_HOURS, "", None, (), (), "")
    with pytest.raises(ValueError):
        decision_to_dict(decision)


@pytest.mark.parametrize(
    "value", [None, {}, [1], [{"text": "a"}], [{"text": 1, "start": 0, "end": 1, "confidence": 1}]]
)
def test_words_that_are_not_words_are_refused(value: object) -> None:
    with pytest.raises(ValueError):
        words_from_list(value)
