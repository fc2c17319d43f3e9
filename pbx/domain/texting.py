"""Texts between patients and the practice: what a text is, what is known of a conversation, and what the file says.

A conversation is that of one patient's number with one practice number. Nothing here is ever logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

QUIET = timedelta(minutes=15)
"""Within so long after an automatic text, or one of the staff, a patient gets no other automatic one."""

MOST_AUTOMATIC_A_DAY = 6
"""Where the other side is a machine that answers too, the two would talk for ever, four times an hour."""

TELL_AFTER = timedelta(minutes=5)
"""So long a patient's text may wait for a phone before people are told another way."""

LINK_LASTS = timedelta(days=7)


class Cause(StrEnum):
    """Why there is a text. `patient` is the one kind that comes in."""

    PATIENT = "patient"
    STAFF = "staff"
    LINK = "link"
    AUTO_REPLY = "auto-reply"
    MISSED_CALL = "missed-call"
    KEYWORD = "keyword"

    @property
    def automatic(self) -> bool:
        return self in (Cause.AUTO_REPLY, Cause.MISSED_CALL, Cause.KEYWORD)


class State(StrEnum):
    """What became of a text. `sent`: the carrier took it; `delivered`: the carrier says that the phone has it.

    `unsure`: it reached the carrier's door, and nobody said what became of it there. It is never sent again.
    """

    RECEIVED = "received"
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNSURE = "unsure"
    REFUSED = "refused"

    @property
    def in_words(self) -> str:
        return _STATES[self]


_STATES = {
    State.RECEIVED: "received",
    State.WAITING: "waits to be sent",
    State.SENDING: "being sent",
    State.SENT: "taken by the carrier",
    State.DELIVERED: "delivered",
    State.FAILED: "not delivered",
    State.UNSURE: "not known whether it was delivered",
    State.REFUSED: "not sent",
}


class Consent(StrEnum):
    """Whether a number wants texts: `none` is known of it, it is `given`, or it is `revoked`."""

    NONE = "none"
    GIVEN = "given"
    REVOKED = "revoked"


class ConsentHow(StrEnum):
    """How the practice came to know."""

    TEXTED = "texted"
    CALLED = "called"
    KEYWORD = "keyword"
    CARRIER = "carrier"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One entry of the record: what a number said of texts, when and how; `by` is who wrote it down."""

    at: datetime
    consent: Consent
    how: ConsentHow
    line: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineTexts:
    """What the file says of one practice number's texts.

    `to` is the person or team whose they are, `people` are the keys of those people. What stands in `auto_reply_open`,
    `auto_reply_closed` and `missed_call` is sent by itself; None: nothing is.
    """

    to: str
    people: tuple[str, ...]
    auto_reply_open: str | None = None
    auto_reply_closed: str | None = None
    missed_call: str | None = None


@dataclass(frozen=True, slots=True)
class Texting:
    """What the file says of texts. `lines` are the practice numbers (E.164) that have them.

    `emergency_sentence` ends every automatic text. `staff_may_begin`: the staff may write to a number of which no
    consent is known. `answers_keywords`: STOP, START and HELP are answered here and not by the carrier. `public_url`
    is where the carrier and patients find this machine. `events` are channels (keys, webhooks) that hear of each text.
    Texts are erased when they are older than `keep` (None: never).
    """

    lines: Mapping[str, LineTexts] = field(default_factory=dict)
    emergency_sentence: str = "In an emergency, call 911."
    staff_may_begin: bool = False
    answers_keywords: bool = True
    tell_after: timedelta = TELL_AFTER
    public_url: str | None = None
    link_lasts: timedelta = LINK_LASTS
    events: tuple[str, ...] = ()
    keep: timedelta | None = None


NO_TEXTS = Texting()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text that came from a patient. `patient` is E.164 or a short code, `line` the practice number.

    `ref` is what its carrier calls it (with the carrier's name before it), so that it is taken once; `pictures` were
    with it. `said` is set where the carrier itself took it for STOP, START or HELP.
    """

    id: UUID
    line: str
    patient: str = field(repr=False)
    body: str = field(repr=False)
    at: datetime
    ref: str
    pictures: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation. `automatic_today` counts the automatic texts of the last 24 hours.

    `last_automatic` and `last_staff` are the times of the last text of that kind.
    """

    consent: Consent = Consent.NONE
    last_automatic: datetime | None = None
    last_staff: datetime | None = None
    automatic_today: int = 0


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A text as it is kept. `person` wrote it (a key; empty: nobody's), `phone` is where it was written."""

    id: UUID
    line: str
    patient: str = field(repr=False)
    body: str = field(repr=False)
    cause: Cause
    state: State
    at: datetime
    person: str = ""
    phone: str = ""
    account: str = ""
    failure: str = ""
    reason: str = ""
    why: tuple[str, ...] = ()
    pictures: int = 0
    settled_at: datetime | None = None
    delivered_to: tuple[str, ...] = ()
    """The practice's phones that have it."""

    @property
    def inbound(self) -> bool:
        return self.cause is Cause.PATIENT
