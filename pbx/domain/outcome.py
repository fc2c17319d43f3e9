"""How a call ended: a closed list, told from the facts that were written down, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a call, as the log says it."""

    IN_PROGRESS = "in-progress"
    ANSWERED = "answered"
    MESSAGE = "message"
    HUNG_UP_RINGING = "hung-up-while-ringing"
    HUNG_UP_IN_GREETING = "hung-up-during-greeting"
    HUNG_UP_IN_MENU = "hung-up-in-menu"
    NO_MESSAGE = "no-message"
    NOT_SERVED = "not-served"
    LOST = "lost"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    RETURNED = "returned"

    @property
    def in_words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Outcome.IN_PROGRESS: "in progress",
    Outcome.ANSWERED: "answered",
    Outcome.MESSAGE: "left a message",
    Outcome.HUNG_UP_RINGING: "hung up while it rang",
    Outcome.HUNG_UP_IN_GREETING: "hung up during the greeting",
    Outcome.HUNG_UP_IN_MENU: "hung up in a menu",
    Outcome.NO_MESSAGE: "left no message",
    Outcome.NOT_SERVED: "not served",
    Outcome.LOST: "lost: the telephone system stopped during the call",
    Outcome.NO_ANSWER: "nobody answered",
    Outcome.BUSY: "busy",
    Outcome.UNREACHABLE: "could not be reached",
    Outcome.REFUSED: "not allowed",
    Outcome.RETURNED: "a colleague was asked, and did not take it",
}


class Stage(StrEnum):
    """How far a call got, as its end sidecar says: the last dialplan context that it entered (without `sl-`)."""

    IN = "in"
    NEXT = "next"
    RING = "ring"
    SAY = "say"
    MENU = "menu"
    RECORD = "record"
    SAFE = "safe"
    END = "end"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The end of a call as the PBX wrote it down. `answered_by` is the SIP endpoint that took the call.

    For a number outside it is `outside.` and its name.
    """

    at: datetime
    stage: Stage
    answered_by: str | None
    safe: bool


def outcome_of(end: CallEnd | None, has_message: bool) -> Outcome:
    """Tell the outcome from the end sidecar (None: the PBX died before it could write one) and the recording.

    A message that was kept counts, however the call ended.
    """
    if end is not None and end.answered_by is not None:
        return Outcome.ANSWERED
    if has_message:
        return Outcome.MESSAGE
    if end is None:
        return Outcome.LOST
    return _UNANSWERED[end.stage]


_UNANSWERED = {
    Stage.IN: Outcome.NOT_SERVED,
    Stage.NEXT: Outcome.NOT_SERVED,
    Stage.RING: Outcome.HUNG_UP_RINGING,
    Stage.SAY: Outcome.HUNG_UP_IN_GREETING,
    Stage.MENU: Outcome.HUNG_UP_IN_MENU,
    Stage.SAFE: Outcome.HUNG_UP_IN_GREETING,
    Stage.RECORD: Outcome.NO_MESSAGE,
    Stage.END: Outcome.NO_MESSAGE,
    Stage.ASKED: Outcome.RETURNED,
}


@dataclass(frozen=True, slots=True)
class OutEnd:
    """The end of a call that went out, as the PBX wrote it down.

    `placed`: the carrier was asked for it; `answered_at` is UTC; `status` is Asterisk's DIALSTATUS, or empty.
    """

    at: datetime
    placed: bool
    answered_at: datetime | None
    status: str


def outcome_of_out(end: OutEnd | None, allowed: bool | None) -> Outcome:
    """Tell the outcome of a call that went out. `allowed` is None where nobody decided: the controller was away."""
    if end is None:
        return Outcome.LOST
    if end.answered_at is not None:
        return Outcome.ANSWERED
    if not end.placed:
        return Outcome.REFUSED if allowed is False else Outcome.NOT_SERVED
    return _OF_STATUS.get(end.status, Outcome.UNREACHABLE)


_OF_STATUS = {
    "NOANSWER": Outcome.NO_ANSWER,
    "BUSY": Outcome.BUSY,
    "CANCEL": Outcome.HUNG_UP_RINGING,
    "": Outcome.HUNG_UP_RINGING,
}
