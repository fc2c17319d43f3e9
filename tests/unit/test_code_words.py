"""What a phone hears after a code: what holds, until when, whom it leaves alone, and how to take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pbx.domain.code_words import HOW_TO_UNDO, confirmation, nothing_to_set, own_lines, state_in_words
from pbx.domain.codes import CODES
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import default_end
from tests.unit.test_override import AT_NIGHT, IN_HOURS, POLICY, RICTORS

ON_CALL = "You stay on call in that time, and are rung for that."


def an_override(mode: Mode, scope: Scope, target: str, at: datetime) -> Override:
    return Override(7, scope, target, mode, at, default_end(POLICY, scope, target, at, mode), "Sam Mills", "")


def told(mode: Mode, scope: Scope, target: str, at: datetime) -> tuple[str, ...]:
    one = an_override(mode, scope, target, at)
    return confirmation(POLICY, one, Facts(overrides=(one,)), at)


def test_a_person_may_close_the_lines_that_ring_nobody_else() -> None:
    assert [number.e164 for number in own_lines(POLICY, "rictor")] == [RICTORS]
    assert len(own_lines(POLICY, "mills")) == 2
    assert own_lines(POLICY, "nobody") == ()


def test_closed_says_the_state_and_its_end_and_who_stays_on_call_and_how_to_undo() -> None:
    assert told(Mode.CLOSED, Scope.PERSON, "rictor", IN_HOURS) == (
        "Dr. Rictor's line is closed until today, Monday, November 23, at 5 PM.",
        "On lines that ring others too, you are left out until today, Monday, November 23, at 5 PM.",
        ON_CALL,
        HOW_TO_UNDO,
    )
    assert HOW_TO_UNDO == "To go back to the schedule before that, dial star, then 7, then 4."


def test_open_at_night_ends_in_the_morning_and_leaves_nobody_out() -> None:
    assert told(Mode.OPEN, Scope.PERSON, "rictor", AT_NIGHT) == (
        "Dr. Rictor's line is open until tomorrow, Tuesday, November 24, at 9 AM.",
        HOW_TO_UNDO,
    )


def test_voicemail_only_and_several_lines() -> None:
    first = told(Mode.VOICEMAIL, Scope.PERSON, "mills", IN_HOURS)[0]
    assert first == "The lines Urgent and Tree are on voicemail only until today, Monday, November 23, at 5 PM."


def test_a_snow_day_is_for_all_and_ends_with_the_day() -> None:
    assert told(Mode.SNOW_DAY, Scope.PRACTICE, "", IN_HOURS) == (
        "The whole practice is closed for a snow day until the end of today, Monday, November 23.",
        HOW_TO_UNDO,
    )


@pytest.mark.parametrize(
    ("person", "mode", "sentence"),
    [
        ("rictor", Mode.OPEN, None),
        ("rictor", Mode.CLOSED, None),
        ("nobody", Mode.OPEN, "No line rings you alone, so there is none that you can open."),
        ("nobody", Mode.CLOSED, "No line rings you, so there is nothing to change."),
    ],
)
def test_what_would_change_nothing_is_said(person: str, mode: Mode, sentence: str | None) -> None:
    assert nothing_to_set(POLICY, person, mode) == sentence


def test_the_state_is_that_of_the_schedule_or_of_who_set_it() -> None:
    assert state_in_words(POLICY, "rictor", Facts(), IN_HOURS) == (
        "Dr. Rictor's line is open until today, Monday, November 23, at 5 PM, by the schedule.",
    )
    one = an_override(Mode.CLOSED, Scope.NUMBER, RICTORS, IN_HOURS)
    assert state_in_words(POLICY, "rictor", Facts(overrides=(one,)), IN_HOURS) == (
        "Dr. Rictor's line is closed until today, Monday, November 23, at 5 PM. That was set by Sam Mills.",
    )
    over = one.ends + timedelta(seconds=1)
    assert "by the schedule" in state_in_words(POLICY, "rictor", Facts(overrides=(one,)), over)[0]
    assert state_in_words(POLICY, "nobody", Facts(), IN_HOURS) == ("Nothing is set, and no line rings you.",)
    assert "Tree's line is open, and no change is in sight." in state_in_words(POLICY, "mills", Facts(), IN_HOURS)


def test_a_sentence_is_never_longer_than_what_can_be_spoken() -> None:
    longest = [len(sentence) for mode in Mode for sentence in told(mode, Scope.PRACTICE, "", IN_HOURS)]
    assert max(longest) < 200


def test_codes_are_each_their_own_and_leave_those_of_others_free() -> None:
    dialled = [code.dial for code in CODES]
    assert len(set(dialled)) == len(dialled) == len({code.name for code in CODES})
    assert not {"*43", "*97"} & set(dialled)
    assert all(code.dial[0] == "*" and code.dial[1:].isdigit() for code in CODES)


def test_every_code_stands_in_the_document_for_those_who_run_it() -> None:
    text = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    assert all(f"| `{code.dial}` |" in text for code in CODES)
