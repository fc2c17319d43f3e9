"""What became of a call is told from what was written down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbx.domain.outcome import CallEnd, Outcome, Stage, outcome_of

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def ended(stage: Stage, answered_by: str | None = None, safe: bool = False) -> CallEnd:
    return CallEnd(AT, stage, answered_by, safe)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("has_message", [True, False])
def test_an_answered_call_is_answered_wherever_it_ended(stage: Stage, has_message: bool) -> None:
    assert outcome_of(ended(stage, "desk"), has_message) is Outcome.ANSWERED


@pytest.mark.parametrize("stage", Stage)
def test_a_message_counts_however_the_call_ended(stage: Stage) -> None:
    assert outcome_of(ended(stage), has_message=True) is Outcome.MESSAGE
    assert outcome_of(None, has_message=True) is Outcome.MESSAGE


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        (Stage.IN, Outcome.NOT_SERVED),
        (Stage.NEXT, Outcome.NOT_SERVED),
        (Stage.RING, Outcome.HUNG_UP_RINGING),
        (Stage.SAY, Outcome.HUNG_UP_IN_GREETING),
        (Stage.MENU, Outcome.HUNG_UP_IN_MENU),
        (Stage.SAFE, Outcome.HUNG_UP_IN_GREETING),
        (Stage.RECORD, Outcome.NO_MESSAGE),
        (Stage.END, Outcome.NO_MESSAGE),
    ],
)
def test_without_a_message_the_stage_tells(stage: Stage, outcome: Outcome) -> None:
    assert outcome_of(ended(stage), has_message=False) is outcome


def test_a_call_of_which_no_end_was_written_is_lost() -> None:
    assert outcome_of(None, has_message=False) is Outcome.LOST


def test_every_outcome_has_words() -> None:
    assert all(outcome.in_words for outcome in Outcome)
