"""What texts need of the world besides the carriers: the practice's phones, the spool, and the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pbx.domain.texting import Arrived, ConsentRecord, Conversation, TextRecord
from pbx.domain.texting_rules import ConsentChange, TextDecision
from pbx.domain.texting_words import Showing
from pbx.services.text_carriers import Posted, Report


class TextPhones(Protocol):
    """The practice's phones. What cannot be done now raises PhonesUnreachable."""

    async def is_there(self, phone: str) -> bool: ...

    async def show(self, phone: str, sender: str, parts: Sequence[str]) -> None:
        """Show a text from `sender` (a number, or a name of ours)."""


class PhonesUnreachable(Exception):
    """The telephone system cannot be asked now."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A text as the dialplan wrote it down: from `phone` (an endpoint), or from `patient` over the trunk (phone empty).

    `to` is what it was sent to. `cut` tells that it was longer than the telephone system takes, so its words are lost.
    """

    id: UUID
    at: datetime
    phone: str
    patient: str = field(repr=False)
    to: str = field(repr=False)
    body: str = field(repr=False)
    cut: bool = False
    ref: str = ""
    pictures: int = 0
    said: str = ""


class TextSpool(Protocol):
    """Texts that the controller has not taken in yet."""

    def waiting(self) -> Sequence[Spooled]:
        """All that are whole, the oldest first. Raises OSError."""

    def taken(self, text: UUID) -> None:
        """It is written down elsewhere now. Raises OSError."""

    def keep(self, text: Arrived) -> None:
        """Keep a text that cannot be written down elsewhere now. Raises OSError."""


class DeliveryKind(StrEnum):
    """Who of the practice is told: a phone, a person over a channel of notices, or a program."""

    PHONE = "phone"
    NOTICE = "notice"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One telling of a text. `event` says of what a program is told."""

    id: UUID
    text: TextRecord
    kind: DeliveryKind
    channel: str = ""
    person: str = ""
    phone: str = ""
    showing: Showing = Showing.TEXT
    note: str = ""
    event: str = ""
    attempts: int = 0
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told of a text, before it is written down. The id follows from what it is."""

    id: UUID
    kind: DeliveryKind
    channel: str = ""
    person: str = ""
    phone: str = ""
    showing: Showing = Showing.TEXT
    note: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class NewText:
    """A text of the practice's, as it is to be written down. `state` is WAITING, or REFUSED with its `failure`."""

    id: UUID
    line: str
    patient: str = field(repr=False)
    body: str = field(repr=False)
    at: datetime
    person: str
    account: str
    phone: str = ""
    code_hash: str = field(default="", repr=False)
    """Set where it goes as a link: of the code that opens the page."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who wrote down what a number said of texts: `by` for people, `account` for the audit; `note` says how it was."""

    by: str = "system"
    account: str = "system"
    note: str = ""


BY_ITSELF = Said()


class TextBook(Protocol):
    """The texts. Each method raises `StoreUnavailable` when the database is away."""

    async def take(
        self,
        text: Arrived,
        judge: Callable[[Conversation], TextDecision],
        tell: Callable[[TextRecord, TextDecision], Sequence[Telling]],
    ) -> TextDecision | None:
        """Write a patient's text down with what follows from it, in one transaction; None if it was taken before."""

    async def compose(
        self,
        text: NewText,
        judge: Callable[[Conversation], None],
        tell: Callable[[TextRecord], Sequence[Telling]],
    ) -> TextRecord | None:
        """Write a text of the staff down, to be sent; one that `judge` raises NotSent for is kept as refused.

        None if it was written down before.
        """

    async def answer_call(
        self, call: UUID, line: str, patient: str, at: datetime, judge: Callable[[Conversation], TextDecision]
    ) -> bool:
        """Write the text for a missed call down, once a call. False if there is none to be sent."""

    async def line_with(self, patient: str, lines: Sequence[str]) -> str | None:
        """Of `lines`, the one that last had a text to or from a patient."""

    async def texts(
        self, *, line: str | None = None, patient: str | None = None, limit: int = 100
    ) -> Sequence[TextRecord]:
        """The newest first."""

    async def text(self, text: UUID) -> TextRecord | None: ...

    async def conversation(self, line: str, patient: str) -> Conversation: ...

    async def consents(self, patient: str) -> Sequence[ConsentRecord]:
        """The record of a number, the oldest first."""

    async def set_consent(self, patient: str, change: ConsentChange, said: Said) -> None:
        """Write down what somebody said about texts."""

    async def listed(self, texts: Sequence[UUID], by: str, account: str) -> None:
        """Note in the audit that somebody was shown these texts."""


class TextOutbox(Protocol):
    """What is to be sent and told. Each method raises `StoreUnavailable` when the database is away."""

    async def next_text(self) -> TextRecord | None:
        """A text to be sent now, marked as being sent: nobody else is given it, and it is never given twice."""

    async def attempts(self, text: UUID) -> int:
        """How often a text was handed over."""

    async def settle(self, text: UUID, posted: Posted, again: timedelta, tell: Sequence[Telling]) -> None:
        """Write down what became of handing it over; `tell` where it was not reported otherwise meanwhile."""

    async def report(self, report: Report, tell: Callable[[TextRecord], Sequence[Telling]]) -> TextRecord | None:
        """Write down what a carrier says; None where it changes nothing."""

    async def let_go(self) -> None:
        """Whoever was sending is gone: what was being sent is unsure now, what was being told is due at once."""

    async def doubtful(self, before: datetime, besides: Collection[UUID] = ()) -> Sequence[TextRecord]:
        """The staff's texts that are unsure since before `before`, and nobody was told; `besides` are left out."""

    async def unseen(self, before: datetime, besides: Collection[UUID] = ()) -> Sequence[TextRecord]:
        """Patients' texts from before `before` that no phone has shown, and of which nobody was told otherwise."""

    async def tell(self, text: UUID, tellings: Sequence[Telling]) -> None:
        """Write more tellings down; those that were written before stay as they are."""

    async def next_delivery(self, kind: DeliveryKind) -> Delivery | None:
        """One that is due, in the order in which they were made. Nobody else is given it for a while."""

    async def delivered(self, delivery: UUID, *, sent: bool) -> None:
        """It is told, or will not be: for good."""

    async def not_delivered(self, delivery: UUID, why: str, again: timedelta | None, *, counts: bool = True) -> None:
        """It was not told: it is due `again` (None: never), and the attempt `counts` or was none."""

    async def told_alike(self, delivery: Delivery) -> None:
        """What waits for the same reader over the same channel says the same: it is told too."""

    async def erase(self, before: datetime, limit: int = 500) -> int:
        """Erase texts from before `before` with their keys, at most `limit`; how many there were."""

    async def forget_keys(self) -> None:
        """Have the keys of erased texts gone from the disk too."""

    async def waiting(self) -> Mapping[str, int]:
        """How many texts wait to be sent, and how many failed within a week."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page that shows one text, once it is opened with the right code. `person` opens it with a PIN instead."""

    text: UUID
    person: str
    code_hash: str = field(repr=False)
    wrong: int


class LinkBook(Protocol):
    """The links. Each method raises `StoreUnavailable` when the database is away."""

    async def add(self, token: bytes, text: UUID, person: str, expires_at: datetime) -> None:
        """Keep a link under the SHA-256 of its token. With a `person` that one's PIN opens it, else the text's code."""

    async def link(self, token: bytes) -> Link | None:
        """What is kept, unless it is over."""

    async def count_try(self, token: bytes, most: int) -> bool:
        """Count a try as wrong before it is looked at; False if all are used up or the link is over."""

    async def opened(self, token: bytes, who: str) -> None:
        """The code was right: that try was none, and the audit has who saw which text."""

    async def refused(self, text: UUID, who: str) -> None:
        """Note a wrong code in the audit."""
