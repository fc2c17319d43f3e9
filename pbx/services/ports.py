"""What the use cases need of the world: the store and the PBX adapters provide it, `pbx.assembly` joins them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from pbx.domain.call import CallRecord, CallStart, FinishedCall, MessageRecord
from pbx.domain.callback import Waiting
from pbx.domain.inbox import Case, Change, Event, Item, Who
from pbx.domain.notices import Notice, Standing
from pbx.domain.oncall import Swap, SwapRecord
from pbx.domain.outbound import Permission
from pbx.domain.override import Override, OverrideRecord
from pbx.domain.pin import Lockout, PinRecord
from pbx.domain.routing import Decision
from pbx.domain.token import NewToken, Token
from pbx.domain.transcript import Transcript
from pbx.domain.urgent import Attempt, AttemptResult, UrgentCase


class StoreUnavailable(Exception):
    """The database cannot be reached now. Nothing is lost: what was to be written stays in the spool. Try again."""


class CallLog(Protocol):
    """The record of every call. Each method raises `StoreUnavailable` when the database is away."""

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        """Write a call and its decision down. A second time changes nothing."""

    async def decision_of(self, call: UUID) -> Decision | None:
        """The decision stored with a call, or None if there is no such call or it has none."""

    async def finish_call(self, call: FinishedCall) -> bool:
        """In one transaction: end the call, keep its messages, note them in the audit, queue their transcription.

        The row is made if the controller never saw the call. Repeating is harmless; False when nothing was new.
        """

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        """Which of `calls` have no row."""

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        """The newest calls first, from `since` on, to or from `number` (E.164)."""


class PastCalls(Protocol):
    """The calls that were logged, as rules by caller count them."""

    async def callers_since(self, since: datetime, limit: int) -> Sequence[tuple[str, datetime]]:
        """Who called and when, the newest first. Raises `StoreUnavailable`."""


class LastCalled(Protocol):
    """Which of the practice's numbers patients know."""

    async def last_called(self, number: str) -> str | None:
        """The practice number that `number` (E.164) called last, if it did. Raises `StoreUnavailable`."""


class MessageBox(Protocol):
    """The messages. Each method raises `StoreUnavailable` when the database is away."""

    async def messages(self, mailbox: str | None, limit: int) -> Sequence[MessageRecord]:
        """The newest messages first, of one mailbox or of all."""

    async def message(self, message: UUID) -> MessageRecord | None: ...

    async def keep_transcript(self, message: UUID, transcript: Transcript) -> None:
        """Keep a finished transcription; it replaces an earlier one."""

    async def transcription_failed(self, message: UUID, failure: str) -> None:
        """Set the state to failed, with one sentence for people that holds no patient data."""


class PagerDown(Exception):
    """Nobody can be rung now: the telephone system cannot be reached."""


@dataclass(frozen=True, slots=True)
class Page:
    """Ring `legs` (as the dialplan takes them) of `person` for `seconds`, about an urgent call to `dialled` (E.164)."""

    call: UUID
    attempt: UUID
    person: str
    dialled: str
    legs: tuple[str, ...]
    seconds: int


class Pager(Protocol):
    """Rings the practice's own people."""

    @property
    def ready(self) -> bool:
        """Whether somebody could be rung now."""

    async def page(self, page: Page) -> None:
        """Begin to ring; it ends with an event. Raises PagerDown."""


class UrgentBook(Protocol):
    """The urgent requests. Each method raises `StoreUnavailable` when the database is away."""

    async def unsettled(self) -> Sequence[UrgentCase]:
        """Every request that nobody has taken."""

    async def of_call(self, call: UUID) -> UrgentCase | None:
        """The request of a call, if it made one."""

    async def begin(self, call: UUID, attempt: Attempt) -> bool:
        """Write an attempt down before anybody is rung. False if the request is settled."""

    async def end(self, attempt: UUID, result: AttemptResult, at: datetime) -> None:
        """Note how an attempt ended, if that is not known yet."""

    async def take(self, call: UUID, attempt: UUID, person: str, at: datetime) -> bool:
        """`person` takes it by `attempt`. False if somebody else has."""

    async def exhaust(self, call: UUID) -> bool:
        """All rounds are over. False if that was known before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are asked for: of these mailboxes (None: all) and this owner (None: whoever), at most `limit`.

    `open`: only what somebody still has to take care of; `deleted`: what is deleted, instead of what is not. `after`
    (when it was received, its id): only what comes behind that one.
    """

    mailboxes: tuple[str, ...] | None = None
    owner: str | None = None
    open: bool = False
    deleted: bool = False
    limit: int = 1000
    after: tuple[datetime, UUID] | None = None


class InboxBook(Protocol):
    """What people made of the messages. Each method raises `StoreUnavailable` when the database is away."""

    async def items(self, wanted: Wanted) -> Sequence[Item]:
        """The newest first."""

    async def item(self, message: UUID) -> Item | None:
        """One message, or None if there is no such message."""

    async def history(self, message: UUID) -> Sequence[Event]:
        """Everything that was done with a message, the oldest first."""

    async def listed(self, messages: Sequence[UUID], who: Who) -> None:
        """Note in the audit that `who` was shown the words of these messages: one row."""

    async def change(
        self, message: UUID, who: Who, at: datetime, judge: Callable[[Case | None], Change | None]
    ) -> None:
        """Change a message as `judge` says, which is given the case (None: no such message) while nobody else can.

        Standing, history and audit are written in one transaction, or nothing where `judge` gives None or raises.
        """

    async def waits(self, since: datetime | None = None, *, still_open: bool = False) -> Sequence[Waiting]:
        """The wait of each patient who left a message from `since` on; `still_open`: only of those who wait now."""


class SwapBook(Protocol):
    """The record of swaps on a rota. Each method raises `StoreUnavailable` when the database is away."""

    async def add(self, swap: Swap, actor: str) -> Swap:
        """Keep a swap and note in the audit that `actor` made it; gives it with its id."""

    async def undo(self, swap: int, by: str, actor: str) -> bool:
        """Take a swap back and note it. False if there is none of that number, or if it was undone before."""

    async def swaps(self, rota: str | None = None, *, undone: bool = False) -> Sequence[SwapRecord]:
        """Every swap of one rota or of all, in the order in which they were made; `undone`: those taken back too."""


class PinBook(Protocol):
    """The PINs of the practice's people, as hashes. Each method raises `StoreUnavailable` when the database is away."""

    async def keep(self, person: str, hashed: str, actor: str) -> None:
        """Keep a person's PIN instead of an earlier one, and note in the audit that `actor` set it."""

    async def remove(self, person: str, actor: str) -> bool:
        """Take a person's PIN away and note it. False if there was none."""

    async def note_lockout(self, lockout: Lockout) -> None:
        """Note in the audit that wrong tries locked a PIN."""

    async def pins(self) -> Sequence[PinRecord]:
        """Everybody's."""


class OverrideBook(Protocol):
    """The record of overrides. Each method raises `StoreUnavailable` when the database is away."""

    async def add(self, override: Override, actor: str) -> Override:
        """Keep an override and note in the audit that `actor` made it; gives it with its id."""

    async def end(self, override: int, by: str, actor: str) -> Override | None:
        """End an override before its time and note it. None if there is none of that number that has not ended."""

    async def overrides(self, *, over: bool = False) -> Sequence[OverrideRecord]:
        """Those that have not ended, the newest first; `over`: those that have, too."""


class TokenBook(Protocol):
    """The tokens of programs. Each method raises `StoreUnavailable` when the database is away."""

    async def add(self, new: NewToken, actor: str) -> bool:
        """Keep a token and note in the audit that `actor` made it. False if a token of that name is in use."""

    async def revoke(self, name: str, actor: str) -> bool:
        """Let a token be used no more, and note it. False if there is none of that name in use."""

    async def tokens(self) -> Sequence[Token]:
        """All tokens, those that were revoked too, in the order in which they were made."""


class Fate(StrEnum):
    """What became of an attempt to tell somebody. HELD: nobody was there to be told, and no attempt was used up."""

    SENT = "sent"
    HELD = "held"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fate, and `why` in one sentence without patient data."""

    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent, under the same `id` at every attempt. `to` is a mail address, a phone's name, or empty."""

    id: UUID
    to: str
    subject: str
    text: str
    data: Mapping[str, Any]


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, parcel: Parcel) -> Verdict:
        """Try once, for a bounded time. Raises nothing that is known to happen."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Notices of one reader that are sent as one, for the `attempt`-th time; the oldest was written at `since`."""

    id: UUID
    attempt: int
    since: datetime
    notices: tuple[tuple[Notice, Standing], ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How a channel fares: what waits, what failed for good within a week, and the last failure of either."""

    channel: str
    waiting: int
    failed: int
    failure: str


class Outbox(Protocol):
    """The notices to be sent. Each method raises `StoreUnavailable` when the database is away."""

    async def followed(self) -> Sequence[Standing]:
        """Where every message stands that somebody still has to take care of (`overdue_at` is not filled in)."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write notices down; those that were written before stay as they are, but for dropped ones."""

    async def take(self, channel: str, most: int) -> Bundle | None:
        """What is due for one reader of a channel, at most `most` notices. Nobody else is given it for a while."""

    async def settle(self, bundle: UUID, verdict: Verdict, again: timedelta) -> None:
        """Write down what became of it; one that is not settled for good is due `again`."""

    async def drop(self, notices: Sequence[UUID]) -> None:
        """Notices that have no reason any more."""

    async def let_go(self) -> None:
        """Whoever had taken something is gone: it is due at once."""

    async def backlogs(self) -> Sequence[Backlog]:
        """Every channel that has something to tell of."""

    async def counts(self) -> Mapping[str, tuple[int, int]]:
        """By mailbox, how many messages are new and how many are not."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A call to place: `person` (key) is rung by `legs` (as the dialplan names them) for so many seconds, then `to` is
    called, showing `shown` (E.164).
    """

    person: str
    legs: tuple[str, ...]
    seconds: int
    to: str
    shown: str


class PlacerDown(Exception):
    """The telephone system did not say that it took a call; perhaps it rings all the same."""
