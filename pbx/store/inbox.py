"""What people make of messages, in PostgreSQL: standing, history and audit, each change in one transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pbx.domain.callback import Waiting
from pbx.domain.events import EventKind
from pbx.domain.inbox import Case, Change, Deed, Done, Event, How, Item, Refused, Standing, State, Who, Why
from pbx.sealing.vault import Unopenable
from pbx.services.ports import Wanted
from pbx.store.audit import note
from pbx.store.data_keys import NOTE, Keys, key_for, keys_of
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.messages import PgMessageBox
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session


log = logging.getLogger(__name__)

_OPENS = (Deed.READ, Deed.LISTENED, Deed.EXPORTED)
"""From then on the message counts as read, so that it may be erased by rule."""


class PgInbox:
    """`pbx.services.ports.InboxBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages = PgMessageBox(database)

    async def items(self, wanted: Wanted) -> Sequence[Item]:
        """The newest first."""
        async with self._database.session() as connection:
            rows = sql.standings(
                connection,
                mailboxes=None if wanted.mailboxes is None else list(wanted.mailboxes),
                owner=wanted.owner,
                open=wanted.open,
                deleted=wanted.deleted,
                limit=wanted.limit,
                after_at=wanted.after and wanted.after[0],
                after_id=wanted.after and wanted.after[1],
            )
            found = {row["id"]: row async for row in rows}
        records = await self._messages.messages(None, len(found), ids=list(found))
        return [Item(record, _standing(found[record.id]), found[record.id]["held"]) for record in records]

    async def item(self, message: UUID) -> Item | None:
        """One message, or None if there is no such message."""
        async with self._database.session() as connection:
            row = await sql.standing(connection, id=message)
        record = await self._messages.message(message)
        return None if row is None or record is None else Item(record, _standing(row), row["held"])

    async def history(self, message: UUID) -> Sequence[Event]:
        """Everything that was done with a message, the oldest first."""
        async with self._database.session() as connection:
            rows = [row async for row in sql.history(connection, id=message)]
            keys = await keys_of(connection, self._database.vault, [message])
        return [_event(row, message, keys) for row in rows]

    async def listed(self, messages: Sequence[UUID], who: Who) -> None:
        """Note in the audit that `who` was shown the words of these messages: one row."""
        ids = [str(message) for message in messages]
        async with self._database.transaction() as connection:
            await note(
                connection, who.account, Deed.LISTED.value, "messages", by=who.name, how=who.how.value, messages=ids
            )

    async def change(
        self, message: UUID, who: Who, at: datetime, judge: Callable[[Case | None], Change | None]
    ) -> None:
        """Change a message as `judge` says, while nobody else can. What it raises undoes everything.

        An attempt at a message that is not there or not `who`'s to see is noted, in a transaction of its own.
        """
        try:
            await self._change(message, who, at, judge)
        except Refused as refused:
            if refused.why is Why.UNKNOWN:
                async with self._database.transaction() as connection:
                    await note(connection, who.account, "refused", f"message/{message}", by=who.name, how=who.how.value)
            raise

    async def _change(
        self, message: UUID, who: Who, at: datetime, judge: Callable[[Case | None], Change | None]
    ) -> None:
        async with self._database.transaction() as connection:
            await sql.hold_still(connection, id=message)
            # Only now, in a statement of its own: one that waits for a lock sees joined rows as they were before.
            row = await sql.standing(connection, id=message)
            change = judge(None if row is None else _case(row))
            if change is not None:
                await _keep(connection, message, change)
                sealed = await self._sealed(connection, message, change.text)
                await _tell(connection, message, change, sealed, _By(who, at))

    async def _sealed(self, connection: Session, message: UUID, text: str) -> bytes | None:
        """What somebody wrote, under the key of the message."""
        if not text:
            return None
        return (await key_for(connection, self._database.vault, message)).seal_text(NOTE, text)

    async def waits(self, since: datetime | None = None, *, still_open: bool = False) -> Sequence[Waiting]:
        """The wait of each patient who left a message from `since` on; `still_open`: only of those who wait now."""
        async with self._database.session() as connection:
            rows = sql.waits(connection, since=since, still_open=still_open)
            return [_waiting(row) async for row in rows]


@dataclass(frozen=True, slots=True)
class _By:
    who: Who
    at: datetime


async def _keep(connection: Session, message: UUID, change: Change) -> None:
    if change.mailbox is not None:
        await sql.move_message(connection, id=message, mailbox=change.mailbox)
    now = change.standing
    await sql.keep_standing(
        connection,
        id=message,
        state=now.state.value,
        owner=now.owner,
        claimed_at=now.claimed_at,
        done_at=now.done and now.done.at,
        done_by=now.done and now.done.by,
        called_back_at=now.done and now.done.called_back_at,
        deleted_at=now.deleted_at,
        deleted_by=now.deleted_by,
    )


async def _tell(connection: Session, message: UUID, change: Change, sealed: bytes | None, by: _By) -> None:
    who = by.who
    await sql.add_event(
        connection,
        message_id=message,
        at=by.at,
        by_whom=who.name,
        how=who.how.value,
        deed=change.deed.value,
        sealed=sealed,
        about=json.dumps(dict(change.about)),
    )
    if change.deed in _OPENS:
        await sql.set_read(connection, id=message)
    detail: dict[str, Any] = {"by": who.name, "how": who.how.value, **change.about}
    await note(connection, who.account, change.deed.value, f"message/{message}", **detail)
    if change.deed is Deed.DONE:
        await happened(connection, EventKind.MESSAGE_DONE, message, by=who.name)


def _case(row: Record) -> Case:
    return Case(row["id"], row["mailbox"], row["received_at"], row["held"], _standing(row))


def _standing(row: Record) -> Standing:
    done = None if row["done_at"] is None else Done(row["done_by"], row["done_at"], row["called_back_at"])
    return Standing(
        state=State.NEW if row["state"] is None else State(row["state"]),
        owner=row["owner"],
        claimed_at=row["claimed_at"],
        done=done,
        deleted_at=row["deleted_at"],
        deleted_by=row["deleted_by"],
    )


def _event(row: Record, message: UUID, keys: Keys) -> Event:
    try:
        text = keys.text(message, NOTE, row["sealed"])
    except Unopenable as problem:
        log.error("a note on message %s cannot be read: %s", message, problem)
        text = str(problem)
    return Event(
        at=row["at"],
        by=row["by_whom"],
        how=How(row["how"]),
        deed=Deed(row["deed"]),
        text=row["text"] if text is None else text,
        about=json.loads(row["about"]),
    )


def _waiting(row: Record) -> Waiting:
    return Waiting(
        message=row["id"],
        mailbox=row["mailbox"],
        received_at=row["received_at"],
        owner=row["owner"],
        called_back_at=row["called_back_at"],
        closed_at=row["closed_at"],
    )
