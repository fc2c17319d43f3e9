"""Calls, decisions and recordings as tests need them: plain ones, each with its own id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pbx.domain.call import CallStart, FinishedCall, Label, Recording, recording_id
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outcome import Outcome
from pbx.domain.routing import Decision, Reason, State
from pbx.domain.steps import EndStep, RecordStep, SayStep

LINE = "+17175550100"
PATIENT = "+17175550142"
MORNING = datetime(2026, 3, 2, 15, tzinfo=UTC)


def a_start(at: datetime = MORNING, dialled: str = LINE, caller: str = PATIENT) -> CallStart:
    """A call that came in at `at`."""
    return CallStart(uuid4(), dialled, Caller(NumberKind.E164, caller), at)


def a_decision(number: str = LINE, at: datetime = MORNING) -> Decision:
    """A closed line that takes a message."""
    steps = (SayStep(("emergency", "default")), RecordStep("rictor", 180), SayStep(("thanks",)), EndStep())
    why = ("The line is closed.", "Take a message.")
    return Decision(number, at, State.CLOSED, Reason.OUTSIDE_HOURS, "schedules.office", None, steps, why, "0" * 64)


def a_recording(call: UUID, tag: str = "1", mailbox: str = "rictor", label: Label | None = None) -> Recording:
    """A message of call `call` of twelve seconds and a half."""
    message = recording_id(call, tag)
    return Recording(message, mailbox, f"{message}.sealed", 12.5, "ab" * 32, repaired=False, label=label)


def a_message_call(start: CallStart, *recordings: Recording) -> FinishedCall:
    """The call of `start`, ended after a minute with a message (`recordings`, or one of its own)."""
    kept = recordings or (a_recording(start.id),)
    return FinishedCall(start, start.at + timedelta(minutes=1), Outcome.MESSAGE, None, None, None, kept)


def an_answered_call(start: CallStart, endpoint: str = "rictor-desk") -> FinishedCall:
    """The call of `start`, answered after ten seconds by `endpoint`."""
    ended, answered = start.at + timedelta(minutes=5), start.at + timedelta(seconds=10)
    return FinishedCall(start, ended, Outcome.ANSWERED, None, endpoint, answered)
