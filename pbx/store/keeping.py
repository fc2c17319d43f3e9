"""Holds, erasure by rule, and what mailboxes hold, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pbx.domain.keeping import BoxCount, Keeping
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

AT_ONCE = 100
"""Messages erased in one transaction."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold on a message; `released_at` and `released_by` are None while it is in force."""

    message: UUID
    placed_at: datetime
    placed_by: str
    reason: str
    released_at: datetime | None
    released_by: str | None


class PgKeeping:
    """What is kept and what goes. Each method raises `StoreUnavailable` when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, message: UUID, reason: str, by: str) -> bool | None:
        """Put a message on legal hold and note it. False if it is already; None if there is no such message."""
        return await self._set_held(message, True, by, reason)

    async def release(self, message: UUID, by: str) -> bool | None:
        """End a legal hold and note it. False if there is none in force; None if there is no such message."""
        return await self._set_held(message, False, by, "")

    async def holds(self, message: UUID | None = None) -> Sequence[Hold]:
        """Every hold there is or was, of one message or of all, oldest first."""
        async with self._database.session() as connection:
            return [_hold(row) async for row in sql.holds(connection, message_id=message)]

    async def erase_due(self, keeping: Keeping, now: datetime) -> Sequence[UUID]:
        """Erase some of the messages that were kept long enough, each with a note, all or nothing; gives their ids.

        Rows, words and key are gone with it, the audio is not: `files_to_remove` tells which. The note names the key by
        its fingerprint.
        """
        async with self._database.transaction() as connection:
            rows = [row async for row in sql.erase_due(connection, limit=AT_ONCE, **_befores(keeping, now))]
            for row in rows:
                days = keeping.rule_of(row["mailbox"]).keep_days or 0
                about = {"mailbox": row["mailbox"], "sha256": row["sha256"], "key": row["fingerprint"] or "none"}
                await note(connection, SYSTEM, "erased", f"message/{row['id']}", keep_days=days, **about)
        return [row["id"] for row in rows]

    async def forget_keys(self) -> None:
        """Write the table of keys anew, so that those of erased messages are gone from its file too."""
        async with self._database.dedicated() as connection:
            await sql.rewrite_data_key(connection)

    async def files_to_remove(self) -> Sequence[tuple[UUID, str]]:
        """Id and file name of each erased message whose audio is still to go."""
        async with self._database.session() as connection:
            return [(row["id"], row["file"]) async for row in sql.erased_with_file(connection)]

    async def file_removed(self, message: UUID) -> None:
        """The audio of an erased message is gone."""
        async with self._database.session() as connection:
            await sql.file_gone(connection, id=message)

    async def known(self, messages: Collection[UUID]) -> frozenset[UUID]:
        """Which of `messages` are there, or were erased and have their audio yet to go."""
        async with self._database.session() as connection:
            return frozenset([row["id"] async for row in sql.known_messages(connection, ids=list(messages))])

    async def counts(self, keeping: Keeping, now: datetime) -> Sequence[BoxCount]:
        """What each mailbox with messages holds."""
        async with self._database.session() as connection:
            rows = sql.mailbox_counts(connection, **_befores(keeping, now))
            return [BoxCount(**dict(row)) async for row in rows]

    async def _set_held(self, message: UUID, held: bool, by: str, reason: str) -> bool | None:
        async with self._database.transaction() as connection:
            row = await sql.lock_message(connection, id=message)
            if row is None:
                return None
            if (row["held_at"] is not None) == held:
                return False
            if held:
                await sql.place_hold(connection, message_id=message, placed_by=by, reason=reason)
            else:
                await sql.release_hold(connection, message_id=message, released_by=by)
            await sql.set_held(connection, id=message, held=held)
            await note(connection, by, "held" if held else "released", f"message/{message}")
        return True


def _befores(keeping: Keeping, now: datetime) -> dict[str, Any]:
    return {
        "mailboxes": list(keeping.mailboxes),
        "befores": [rule.erases_before(now) for rule in keeping.mailboxes.values()],
        "otherwise": keeping.usual.erases_before(now),
    }


def _hold(row: Record) -> Hold:
    return Hold(
        row["message_id"],
        row["placed_at"],
        row["placed_by"],
        row["reason"],
        row["released_at"],
        row["released_by"],
    )
