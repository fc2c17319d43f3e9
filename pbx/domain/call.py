"""A call and its message as they are written down and read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from pbx.domain.numbers import Caller
from pbx.domain.outbound import OutReason
from pbx.domain.outcome import Outcome
from pbx.domain.routing import Reason
from pbx.domain.sealed import WrappedKey
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.domain.tree import Choice
from pbx.domain.urgent import UrgentRequest, UrgentState


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call as it came in. `dialled` is the practice number (E.164), `at` is UTC.

    One that goes out is to `dialled` (E.164, or what was typed where that is no number) and from `caller`, the number
    of the practice that was shown; `made_by` is the person's key, `device` the endpoint's name or `cell`, `about` the
    message that is called back about. `moved_from` is the call of which this is a further part, passed on by
    `moved_by`, a person's key.
    """

    id: UUID
    dialled: str
    caller: Caller
    at: datetime
    direction: Direction = Direction.INBOUND
    made_by: str | None = None
    device: str | None = None
    about: UUID | None = None
    moved_from: UUID | None = None
    moved_by: str | None = None


class Label(StrEnum):
    """What is unusual about a recording. It is kept with its caller's number like any other."""

    SHORT = "short"
    SILENT = "silent"
    NOISE_ONLY = "noise-only"

    @property
    def in_words(self) -> str:
        return {
            Label.SHORT: "less than 2 seconds of speech",
            Label.SILENT: "silent",
            Label.NOISE_ONLY: "noise only",
        }[self]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded message as it lies in the message folder.

    `id` is derived from the call and the recording's tag in the spool: taking the same recording twice gives the same
    id. `file` is a name in the message folder; `seconds` is counted from the samples, never from the header;
    `repaired` tells that the header did not match the file (the PBX died while it recorded); `key` is what the file is
    sealed with.
    """

    id: UUID
    mailbox: str
    file: str
    seconds: float
    sha256: str
    repaired: bool
    label: Label | None = None
    key: WrappedKey | None = None


def recording_id(call: UUID, tag: str) -> UUID:
    """The message id of recording `tag` of `call`: the same for every attempt to take it in."""
    return uuid5(call, tag)


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A call that is over, put together from what the PBX wrote down.

    `reason` is None when the controller's own decision is to be kept; otherwise it says why there is none. `choices`
    are those that the caller made in menus, in order. `urgent` is what a call on the urgent path asks for. `safe`: it
    went, from some step on, the way that needs no controller.
    """

    start: CallStart
    ended_at: datetime
    outcome: Outcome
    reason: Reason | OutReason | None
    answered_by: str | None
    answered_at: datetime | None
    recordings: tuple[Recording, ...] = ()
    choices: tuple[Choice, ...] = ()
    urgent: UrgentRequest | None = None
    safe: bool = False


@dataclass(frozen=True, slots=True)
class SeenCall:
    """What the PBX's own event record tells of a call: less than a sidecar, but written by other means.

    `last_at` is the time of its last event, `over` whether that was its end, `answered` whether somebody talked.
    """

    id: UUID
    first_at: datetime
    last_at: datetime
    over: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of the call log."""

    id: UUID
    direction: Direction
    caller: Caller
    dialled: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome
    reason: Reason | OutReason | None
    why: tuple[str, ...]
    answered_by: str | None
    message_id: UUID | None
    choices: tuple[Choice, ...] = ()
    urgent: UrgentState | None = None
    made_by: str | None = None
    device: str | None = None
    moved_from: UUID | None = None
    moved_by: str | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One voicemail message with what is known of its words.

    `transcript` is None until one is done; `state` tells why. `failure` is one sentence for people when it failed.
    `read_at` is when it was first opened, `held_at` since when it is on legal hold.
    """

    id: UUID
    call_id: UUID
    mailbox: str
    caller: Caller
    dialled: str
    received_at: datetime
    seconds: float
    file: str
    state: TranscriptState
    transcript: Transcript | None
    failure: str | None
    label: Label | None = None
    read_at: datetime | None = None
    held_at: datetime | None = None
    transcribed_at: datetime | None = None
    key: WrappedKey | None = None
