"""A decision says what is done with a call, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import FALLBACK_GREETING, Ring, Voicemail
from pbx.domain.legs import at_once
from pbx.domain.policy import UNASSIGNED_MAILBOX, Greeting, Number, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, THANKS_PROMPT, Reason, State, advance, decide
from pbx.domain.schedule import Range, Schedule
from pbx.domain.steps import EndStep, RecordStep, Result, RingStep, SayStep

OFFICE = Schedule(
    "office",
    "America/New_York",
    {day: (Range(time(9), time(17)),) for day in range(5)},
    {date(2026, 12, 25): "Christmas Day"},
)
LINE = Number(
    "+17175550100",
    "Dr. Rictor",
    OFFICE,
    opened=(Ring("rictor", ("desk", "home"), 25), Voicemail("rictor", "busy")),
    closed=(Voicemail("rictor", "after-hours"),),
)
ALWAYS = Number("+17175550101", "Refills", None, opened=(Voicemail("rictor"),), closed=(Voicemail("rictor"),))
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={LINE.e164: LINE, ALWAYS.e164: ALWAYS},
    greetings={name: Greeting(name, "...") for name in ("busy", "after-hours")},
    mailboxes={"rictor": "Dr. Kenneth Rictor", UNASSIGNED_MAILBOX: "Unassigned"},
    max_message_seconds=120,
)
IN_HOURS = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
AT_NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
AT_CHRISTMAS = datetime(2026, 12, 25, 15, 0, tzinfo=UTC)


def test_in_hours_a_call_rings_then_leaves_a_message() -> None:
    decision = decide(POLICY, LINE.e164, IN_HOURS)
    assert (decision.state, decision.reason, decision.rule) == (State.OPEN, Reason.IN_HOURS, "schedules.office")
    assert decision.steps == (
        RingStep("rictor", at_once("desk", "home"), 25),
        SayStep(("busy",)),
        RecordStep("rictor", 120),
        SayStep((THANKS_PROMPT,)),
        EndStep(),
    )
    assert decision.until == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert (decision.mailbox, decision.policy_version) == ("rictor", "v1")


def test_a_closed_line_always_says_the_emergency_sentence_first() -> None:
    decision = decide(POLICY, LINE.e164, AT_NIGHT)
    assert (decision.state, decision.reason) == (State.CLOSED, Reason.OUTSIDE_HOURS)
    assert decision.steps[0] == SayStep((EMERGENCY_PROMPT, "after-hours"))


def test_the_general_greeting_says_it_on_an_open_line_too() -> None:
    decision = decide(POLICY, ALWAYS.e164, IN_HOURS)
    assert (decision.reason, decision.rule, decision.until) == (Reason.ALWAYS_OPEN, 'numbers."+17175550101"', None)
    assert decision.steps[0] == SayStep((EMERGENCY_PROMPT, FALLBACK_GREETING))


def test_a_closed_date_is_its_own_reason() -> None:
    decision = decide(POLICY, LINE.e164, AT_CHRISTMAS)
    assert decision.reason is Reason.CLOSED_DATE
    assert "Christmas Day" in decision.why[0]


def test_a_number_that_is_not_in_the_file_still_takes_a_message() -> None:
    decision = decide(POLICY, "+17175550199", IN_HOURS)
    assert (decision.state, decision.reason, decision.rule) == (State.CLOSED, Reason.UNKNOWN_NUMBER, "numbers")
    assert decision.mailbox == UNASSIGNED_MAILBOX
    assert decision.steps[0] == SayStep((EMERGENCY_PROMPT, FALLBACK_GREETING))


def test_why_is_told_in_sentences_with_local_times() -> None:
    assert decide(POLICY, LINE.e164, IN_HOURS).why == (
        "Dr. Rictor is open at Mon 23 Nov 2026 10:00 America/New_York (Mon 09:00-17:00), "
        "until Mon 23 Nov 2026 17:00 America/New_York.",
        "Ring rictor (desk, home) for 25 seconds.",
        "Play the greeting 'busy' and take a message for Dr. Kenneth Rictor.",
    )


def test_the_fail_safe_mailbox_is_that_of_the_closed_line() -> None:
    assert LINE.fallback_voicemail == Voicemail("rictor", "after-hours")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        decide(POLICY, LINE.e164, datetime(2026, 11, 23, 9))  # noqa: DTZ001 a naive time is what is tested


STEPS = decide(POLICY, LINE.e164, IN_HOURS).steps


def test_a_call_goes_through_its_steps_in_order() -> None:
    results = [Result.START, Result.NO_ANSWER, Result.SAID, Result.RECORDED, Result.SAID]
    position, seen = -1, []
    for result in results:
        position = advance(STEPS, position, result)
        seen.append(position)
    assert seen == [0, 1, 2, 3, 4]


def test_an_answered_call_is_over_at_once() -> None:
    assert STEPS[advance(STEPS, 0, Result.ANSWERED)] == EndStep()


@given(position=st.integers(-100, 100), result=st.sampled_from(Result))
def test_every_position_and_result_leads_forward_to_a_step(position: int, result: Result) -> None:
    after = advance(STEPS, position, result)
    assert 0 <= after < len(STEPS)
    assert after > position or after == len(STEPS) - 1


@given(
    dialled=st.sampled_from([LINE.e164, ALWAYS.e164, "+17175550199"]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 bounds are naive
)
def test_every_call_ends_in_a_message_or_with_a_person(dialled: str, at: datetime) -> None:
    decision = decide(POLICY, dialled, at)
    assert any(isinstance(step, RecordStep) for step in decision.steps)
    assert isinstance(decision.steps[-1], EndStep)
    assert decision == decide(POLICY, dialled, at)
    if decision.state is State.CLOSED:
        first = decision.steps[0]
        assert isinstance(first, SayStep) and first.prompts[0] == EMERGENCY_PROMPT


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first = decide(POLICY, LINE.e164, datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
    again = decide(POLICY, LINE.e164, datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    assert "Sun 01 Nov 2026 01:30 EDT America/New_York" in first.why[0]
    assert "Sun 01 Nov 2026 01:30 EST America/New_York" in again.why[0]


def test_a_state_that_never_changes_says_so() -> None:
    never = replace(LINE, schedule=replace(OFFICE, week={}))
    assert "and that never changes" in decide(replace(POLICY, numbers={LINE.e164: never}), LINE.e164, IN_HOURS).why[0]
    assert "and that never changes" in decide(POLICY, ALWAYS.e164, IN_HOURS).why[0]
