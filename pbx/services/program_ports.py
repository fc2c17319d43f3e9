"""What the interface for programs and the webhooks need of the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from pbx.domain.call import CallRecord, Direction
from pbx.domain.events import Delivery, Subscription
from pbx.domain.inbox import Who
from pbx.domain.texting import TextRecord
from pbx.services.ports import Backlog, Verdict


@dataclass(frozen=True, slots=True)
class CallsWanted:
    """Which calls are asked for: of these `lines` of the practice (None: all) and those that `made_by` (a person's key)
    made, from `since` until before `until`, to or from `number` (E.164), at most `limit`; `after` (when it began, its
    id): only what comes behind that one.
    """

    lines: tuple[str, ...] | None = None
    made_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    direction: Direction | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


class CallBook(Protocol):
    """The call log for those who read it. Each method raises `StoreUnavailable` when the database is away."""

    async def page(self, wanted: CallsWanted) -> Sequence[CallRecord]:
        """The newest calls first."""

    async def call(self, call: UUID) -> CallRecord | None:
        """One call, or None if there is no such call."""

    async def boxes(self, messages: Collection[UUID]) -> Mapping[UUID, str]:
        """In which mailbox each of these messages is."""

    async def shown(self, calls: Sequence[UUID], who: Who, *, one: bool = False) -> None:
        """Note in the audit that `who` was shown these calls: one row. `one`: a single call was asked for."""


@dataclass(frozen=True, slots=True)
class TextsWanted:
    """Which texts are asked for: of these `lines` of the practice (None: all), of one `line`, with a `patient` (E.164);
    the rest as in `CallsWanted`.
    """

    lines: tuple[str, ...] | None = None
    line: str | None = None
    patient: str | None = field(default=None, repr=False)
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


class TextPages(Protocol):
    """Texts for those who read them. Each method raises `StoreUnavailable` when the database is away."""

    async def page(self, wanted: TextsWanted) -> Sequence[TextRecord]:
        """The newest first."""

    async def text(self, text: UUID) -> TextRecord | None:
        """One text, or None if there is no such text."""

    async def line_with(self, patient: str, lines: Sequence[str]) -> str | None:
        """Of `lines`, the one that last had a text to or from a patient."""

    async def listed(self, texts: Sequence[UUID], by: str, account: str) -> None:
        """Note in the audit that somebody was shown these texts."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a request that was made before: its hash, and its answer (`status` None: not known yet)."""

    sha256: bytes
    status: int | None
    body: str = ""
    location: str | None = None


class AnswerBook(Protocol):
    """Answers that are given again for a day. Each method raises `StoreUnavailable` when the database is away."""

    async def begin(self, token: int, key: str, sha256: bytes) -> Kept | None:
        """Write a request down before it is carried out. None if the key is new, else what is known of it."""

    async def keep(self, token: int, key: str, kept: Kept) -> None:
        """Keep the answer, for whoever asks again."""

    async def drop(self, token: int, key: str) -> None:
        """Nothing was done: the key is as good as new."""


class HookBook(Protocol):
    """Events and their way to programs. Each method raises `StoreUnavailable` when the database is away."""

    async def spread(self, hooks: Sequence[Subscription]) -> int:
        """Give each fresh event to the hooks that want it; gives how many events there were."""

    async def take(self, hook: str) -> Delivery | None:
        """What is due for a hook, the attempt being written down. Nobody else is given it for a while."""

    async def begin_test(self, hook: str) -> Delivery:
        """An event that says nothing, on its way to one hook alone; whoever asks for it sends and settles it."""

    async def settle(self, delivery: Delivery, verdict: Verdict, again: timedelta, *, disclosed: bool = False) -> None:
        """Write down what became of an attempt; `disclosed`: it said something of a patient, so the audit tells."""

    async def let_go(self) -> None:
        """Whoever had taken something is gone: it is due at once."""

    async def backlogs(self) -> Mapping[str, Backlog]:
        """Every hook that has something to tell of, by its key."""

    async def forget(self) -> None:
        """Events of more than 30 days ago go, with their deliveries and the log of them."""
