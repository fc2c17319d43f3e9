"""What messages look like to programs."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from pbx.domain.call import Label
from pbx.domain.hints import HintKind
from pbx.domain.inbox import Deed, How, State
from pbx.domain.numbers import NumberKind
from pbx.domain.transcript import TranscriptState
from pbx.domain.urgent import AttemptResult, UrgentState
from pbx.web.api.fields import Flag, Key, Limit, Model, Note, Time, patient
from pbx.web.api.paging import Cursor


class Hint(Model):
    """What a program takes words to mean; `start` and `end` are characters of the transcript's text."""

    kind: HintKind
    value: str = patient()
    said: str = patient()
    start: int
    end: int
    note: str = patient()
    confidence: float | None
    unsure: bool


class Transcript(Model):
    """The words as a recogniser heard them, and why there are none."""

    state: TranscriptState
    text: str | None = patient()
    confidence: float | None
    engine: str | None
    model: str | None
    failure: str | None
    made_at: Time | None


class Word(Model):
    """A word with its times in seconds and the recogniser's confidence."""

    text: str = patient()
    start: float
    end: float
    confidence: float | None


class TranscriptInWords(Transcript):
    """The transcript with each word."""

    words: list[Word]


class Standing(Model):
    """How a message stands among its readers. `owner` takes care of it: `person/<key>`, or who else acted."""

    state: State
    owner: str | None
    claimed_at: Time | None
    done_at: Time | None
    done_by: str | None
    called_back_at: Time | None
    deleted_at: Time | None
    deleted_by: str | None


class Stands(Standing):
    """What became of a message."""

    id: UUID
    mailbox: str


class Message(Standing):
    """A message; `seconds` is the length of the recording, `call_back_due` null where nobody waits."""

    id: UUID
    call_id: UUID
    mailbox: str
    from_: str | None = patient(alias="from")
    from_kind: NumberKind
    to: str
    received_at: Time
    seconds: float
    label: Label | None
    read_at: Time | None
    held_at: Time | None
    urgency: str
    hints_line: str = patient()
    hints: list[Hint]
    transcript: Transcript
    call_back_due: Time | None


class Event(Model):
    """Something that somebody did with a message; a note is an event with a text."""

    at: Time
    by: str
    how: How
    deed: Deed
    text: str | None = patient()
    about: dict[str, str]


class UrgentAttempt(Model):
    """Somebody who was asked to take it."""

    person: str
    begun_at: Time
    ended_at: Time | None
    result: AttemptResult | None
    caller_waited: bool


class Urgent(Model):
    """What a call on the urgent path asks for; `callback` is null for the number that the call came from."""

    call_id: UUID
    rota: str
    mailbox: str
    from_: str | None = patient(alias="from")
    callback: str | None = patient()
    opened_at: Time
    state: UrgentState
    settled_by: str | None
    settled_at: Time | None
    attempts: list[UrgentAttempt]


class MessageDetail(Message):
    """A message with each word and its history."""

    transcript: TranscriptInWords
    history: list[Event]
    urgent: Urgent | None


class Messages(Model):
    """A page, the newest first; `next` leads to the one after it, null where this is the last."""

    messages: list[Message]
    next: str | None


class MessagesQuery(Model):
    """Which messages: of a mailbox, what the asker claimed, what is not done, what is deleted instead."""

    mailbox: Key | None = None
    mine: Flag = False
    open: Flag = False
    deleted: Flag = False
    limit: Limit = 50
    cursor: Cursor | None = None


class Mailbox(Model):
    """A mailbox and the name that people read."""

    key: str
    name: str


class Mailboxes(Model):
    """The mailboxes that the token sees."""

    mailboxes: list[Mailbox]


class DoneWanted(Model):
    """Finish with a message; without `called_back_at` no call was needed."""

    called_back_at: Time | None = Field(None, description="When the patient was called.")


class NoteWanted(Model):
    """Something that its readers see."""

    text: Note


class ForwardWanted(Model):
    """Move it to another mailbox, with a note."""

    mailbox: Key
    note: Note | None = None
