"""What happens to a call, as a value that explains itself: `decide` at its start, `advance` after each step.

Both are pure. The same decision drives the call, is stored with it and is printed by `secondline explain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.numbers import for_people
from pbx.domain.policy import (
    FALLBACK_GREETING,
    UNASSIGNED_MAILBOX,
    Number,
    Policy,
    Ring,
    RingOnCall,
    Voicemail,
)
from pbx.domain.ring_oncall import ring_on_call
from pbx.domain.schedule import ScheduleState, Why
from pbx.domain.steps import EndStep, RecordStep, Result, RingStep, SayStep, Step

EMERGENCY_PROMPT = "emergency"
"""The prompt with the emergency sentence; it opens every greeting of a closed line."""

THANKS_PROMPT = "thanks"
"""The prompt after a message."""


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why a call goes where it goes: the closed list that the log and the metrics use."""

    ALWAYS_OPEN = "always-open"
    IN_HOURS = "in-hours"
    OUTSIDE_HOURS = "outside-hours"
    CLOSED_DATE = "closed-date"
    UNKNOWN_NUMBER = "unknown-number"
    SAFE_MODE = "safe-mode"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a call to `number` that came at `at` (aware), and why.

    `rule` names the deciding rule in the practice's file, `until` (UTC) the next change of the state (None: none in
    sight), `why` the reasons in sentences for people.
    """

    number: str
    at: datetime
    state: State
    reason: Reason
    rule: str
    until: datetime | None
    steps: tuple[Step, ...]
    why: tuple[str, ...]
    policy_version: str

    @property
    def mailbox(self) -> str:
        """Where a message of this call goes."""
        return next((s.mailbox for s in self.steps if isinstance(s, RecordStep)), UNASSIGNED_MAILBOX)


def decide(policy: Policy, dialled: str, at: datetime, facts: Facts = NO_FACTS) -> Decision:
    """Decide about a call to `dialled` (E.164) at `at` (aware; raises ValueError for a naive time)."""
    number = policy.numbers.get(dialled)
    if number is None:
        return _unknown_number(policy, dialled, at)
    state, reason, rule, until, why = _line_state(policy, number, at)
    actions = number.opened if state is State.OPEN else number.closed
    done = [
        ring_on_call(policy, action, at, facts)
        if isinstance(action, RingOnCall)
        else (_steps(policy, action, state), _in_words(policy, action))
        for action in actions
    ]
    steps = (*(step for steps, _ in done for step in steps), EndStep())
    sentences = (why, *(words for _, words in done))
    return Decision(dialled, at, state, reason, rule, until, steps, sentences, policy.version)


def advance(steps: tuple[Step, ...], position: int, result: Result) -> int:
    """The position of the step after the one at `position`, which ended with `result`.

    Before the first step `position` is -1 and `result` START. Past the end, the last step (an `EndStep`) comes again.
    """
    last = len(steps) - 1
    if result is Result.ANSWERED:
        return last
    return min(max(position, -1) + 1, last)


def _line_state(policy: Policy, number: Number, at: datetime) -> tuple[State, Reason, str, datetime | None, str]:
    rule = f'numbers."{number.e164}"'
    if number.schedule is None:
        return (
            State.OPEN,
            Reason.ALWAYS_OPEN,
            rule,
            None,
            f"{number.label} has no schedule: the line is always open.",
        )
    now = number.schedule.state_at(at)
    state = State.OPEN if now.open else State.CLOSED
    zone = number.schedule.timezone
    sentence = f"{number.label} is {state} at {_clock(at, zone)} ({_cause(now)}){_until(now, zone)}."
    return state, _REASONS[now.why], f"schedules.{number.schedule.name}", now.until, sentence


def _cause(state: ScheduleState) -> str:
    return f"closed date: {state.detail}" if state.why is Why.CLOSED_DATE else state.detail


def _until(state: ScheduleState, timezone: str) -> str:
    return f", until {_clock(state.until, timezone)}" if state.until else ", with no change in sight"


def _clock(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%a %d %b %Y %H:%M} {timezone}"


_REASONS = {
    Why.HOURS: Reason.IN_HOURS,
    Why.OUTSIDE: Reason.OUTSIDE_HOURS,
    Why.CLOSED_DATE: Reason.CLOSED_DATE,
}


def _steps(policy: Policy, action: Ring | Voicemail, state: State) -> tuple[Step, ...]:
    if isinstance(action, Ring):
        return (RingStep(action.who, action.phones, action.seconds),)
    opening = (EMERGENCY_PROMPT,) if state is State.CLOSED or action.greeting == FALLBACK_GREETING else ()
    return (
        SayStep((*opening, action.greeting)),
        RecordStep(action.mailbox, policy.max_message_seconds),
        SayStep((THANKS_PROMPT,)),
    )


def _in_words(policy: Policy, action: Ring | Voicemail) -> str:
    if isinstance(action, Ring):
        phones = ", ".join(action.phones)
        return f"Ring {action.who} ({phones}) for {action.seconds} seconds."
    mailbox = policy.mailboxes.get(action.mailbox, action.mailbox)
    return f"Play the greeting {action.greeting!r} and take a message for {mailbox}."


def _unknown_number(policy: Policy, dialled: str, at: datetime) -> Decision:
    action = Voicemail(UNASSIGNED_MAILBOX)
    why = f"{for_people(dialled, policy.country)} is not in the practice's file: the caller can leave a message."
    steps = (*_steps(policy, action, State.CLOSED), EndStep())
    return Decision(dialled, at, State.CLOSED, Reason.UNKNOWN_NUMBER, "numbers", None, steps, (why,), policy.version)
