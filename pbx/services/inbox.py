"""The mailboxes as people use them, on whichever way they come: who sees what, and what they do with a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pbx.domain import inbox
from pbx.domain.callback import CallBackReport, Overdue, overdue, report
from pbx.domain.inbox import Case, Change, Deed, Event, Item, Refused, Who, Why
from pbx.domain.policy import Policy
from pbx.services.ports import InboxBook, Wanted

__all__ = ["Inbox", "Look", "Refused", "Who", "Why"]

MOST = 1000
"""Messages given at once, the newest."""

Step = Callable[[Case, datetime], Change | None]


@dataclass(frozen=True, slots=True)
class Look:
    """Which messages somebody asks for: their own claims alone, open ones alone, deleted ones instead of the rest.

    `after` (when it was received, its id) is the last of the page before.
    """

    mine: bool = False
    open: bool = False
    deleted: bool = False
    limit: int = MOST
    after: tuple[datetime, UUID] | None = None


class Inbox:
    """Every method raises `Refused` with a sentence for people, and `StoreUnavailable`.

    A message that is not there and one in a mailbox that somebody does not see are refused alike (`Why.UNKNOWN`).
    """

    def __init__(self, book: InboxBook, policy: Callable[[], Policy]) -> None:
        self._book = book
        self._policy = policy

    def mailboxes(self, who: Who) -> tuple[str, ...] | None:
        """The mailboxes that somebody sees: their own and those of their teams; None: an operator sees all."""
        if who.key is None:
            return who.only
        own = (box for box, members in self._policy().members.items() if who.key in members)
        return tuple(box for box in own if who.only is None or box in who.only)

    async def messages(self, mailbox: str | None, who: Who, look: Look | None = None) -> Sequence[Item]:
        """The newest first, of one mailbox or of all that `who` sees. Whoever shows their words says so: `listed`."""
        look, seen = look or Look(), self.mailboxes(who)
        if mailbox is not None:
            seen = (mailbox,) if seen is None or mailbox in seen else ()
        owner = who.name if look.mine else None
        return await self._book.items(Wanted(seen, owner, look.open, look.deleted, look.limit, look.after))

    async def message(self, message: UUID, who: Who) -> Item:
        """One message, without a note in the audit: whoever shows, plays or copies it says so first."""
        found = await self._book.item(message)
        if found is None or not self._sees(who, found.message.mailbox):
            raise _unknown(message)
        return found

    async def history(self, message: UUID, who: Who) -> Sequence[Event]:
        """Who did what with a message and when, the oldest first: listings that showed its words are in it."""
        await self.message(message, who)
        return await self._book.history(message)

    async def listed(self, items: Sequence[Item], who: Who) -> None:
        """Note that `who` was shown the words of all these: one row for the listing, none for an empty one."""
        if items:
            await self._book.listed([item.message.id for item in items], who)

    async def heard(self, message: UUID, who: Who) -> None:
        """`who` listens to it."""
        await self._do(message, who, lambda case, _: inbox.opened(case, Deed.LISTENED))

    async def read(self, message: UUID, who: Who) -> None:
        """`who` reads its words."""
        await self._do(message, who, lambda case, _: inbox.opened(case, Deed.READ))

    async def exported(self, message: UUID, who: Who) -> None:
        """`who` takes a copy of its sound."""
        await self._do(message, who, lambda case, _: inbox.opened(case, Deed.EXPORTED))

    async def save(self, message: UUID, who: Who) -> None:
        await self._do(message, who, lambda case, _: inbox.saved(case))

    async def claim(self, message: UUID, who: Who) -> None:
        """`who` takes care of it; of many at once exactly one does."""
        await self._do(message, who, lambda case, at: inbox.claimed(case, who, at))

    async def release(self, message: UUID, who: Who) -> None:
        """Nobody takes care of it any more."""
        await self._do(message, who, lambda case, _: inbox.released(case))

    async def done(self, message: UUID, who: Who, called_back_at: datetime | None = None) -> None:
        """It is finished with; `called_back_at` (aware) is when the patient was called, None if no call was needed."""
        await self._do(message, who, lambda case, at: inbox.done(case, who, at, called_back_at))

    async def reopen(self, message: UUID, who: Who) -> None:
        """Take a `done` back."""
        await self._do(message, who, lambda case, _: inbox.reopened(case))

    async def note(self, message: UUID, who: Who, text: str) -> None:
        """Write something to it that its readers see."""
        await self._do(message, who, lambda case, _: inbox.noted(case, text))

    async def forward(self, message: UUID, to_mailbox: str, who: Who, text: str = "") -> None:
        """Move it to another mailbox, whoever's it is, with a note."""
        if to_mailbox not in self._policy().mailboxes:
            raise Refused(Why.NO_MAILBOX, f"there is no mailbox {to_mailbox!r}: name a person or a team of the file")
        await self._do(message, who, lambda case, _: inbox.forwarded(case, who, to_mailbox, text))

    async def delete(self, message: UUID, who: Who) -> None:
        """Take it out of sight; nothing of it is erased."""
        await self._do(message, who, lambda case, at: inbox.deleted(case, who, at))

    async def undelete(self, message: UUID, who: Who) -> None:
        """Take a deletion back, within the practice's days."""
        within = timedelta(days=self._policy().undelete_days)
        await self._do(message, who, lambda case, at: inbox.undeleted(case, at, within))

    async def overdue(self, at: datetime) -> list[Overdue]:
        """What nobody finished with within the practice's limit, seen at `at` (aware); the longest first."""
        return overdue(await self._book.waits(still_open=True), self._policy().call_back, at)

    async def callbacks(self, since: datetime | None, mailbox: str | None, at: datetime) -> CallBackReport:
        """How calling back went for messages from `since` on, of one mailbox or of all. It tells of no patient."""
        waits = await self._book.waits(since=since)
        mine = [wait for wait in waits if mailbox in (None, wait.mailbox)]
        return report(mine, self._policy().call_back, at)

    def due(self, item: Item) -> datetime | None:
        """Until when (UTC) an open message is to be done; None for one that is closed or has no limit."""
        if not item.standing.open:
            return None
        return self._policy().call_back.due(item.message.mailbox, item.message.received_at)

    def _sees(self, who: Who, mailbox: str) -> bool:
        seen = self.mailboxes(who)
        return seen is None or mailbox in seen

    async def _do(self, message: UUID, who: Who, step: Step) -> None:
        at = datetime.now(UTC)

        def judge(case: Case | None) -> Change | None:
            if case is None or not self._sees(who, case.mailbox):
                raise _unknown(message)
            return step(case, at)

        await self._book.change(message, who, at, judge)


def _unknown(message: UUID) -> Refused:
    return Refused(Why.UNKNOWN, f"there is no message {message}: `secondline voicemail list` shows the ids")
