"""The audit's chain in PostgreSQL: read, told of what happened elsewhere, and shortened by its owner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pbx.domain.audit import Head, Link
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session

PORTION = 1000
"""Rows read at once."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A row of the audit as people see it."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows are asked for; None: any. `since` and `until` are aware."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    object: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`pbx.auditing.verify.Rows`: what a transaction sees."""

    head: Head
    connection: Session
    portion: int

    async def after(self, seq: int) -> AsyncGenerator[Sequence[Any]]:
        """The rows after `seq` up to the head in their order, in portions; whoever stops before the end closes it."""
        reading = asyncio.ensure_future(self._read(seq))
        try:
            while rows := await reading:
                # The server looks for the next ones while these are looked at.
                reading = asyncio.ensure_future(self._read(rows[-1]["seq"]))
                await asyncio.sleep(0)
                yield rows
        finally:
            await asyncio.wait([reading])

    async def _read(self, seq: int) -> Sequence[Record]:
        # Without aiosql, which gives rows one by one: it takes as long as verifying them.
        rows: Sequence[Record] = await self.connection.fetch(sql.entries.sql, seq, self.head.end.seq, self.portion)
        return rows


class PgAudit:
    """The chain. Each method raises `StoreUnavailable` when the database is away."""

    def __init__(self, database: Database, portion: int = PORTION) -> None:
        self._database = database
        self._portion = portion

    async def head(self) -> Head:
        """Where the chain begins and ends now."""
        async with self._database.session() as connection:
            return await _head(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """The chain as it is now, whatever is appended or let go meanwhile."""
        async with (
            self._database.session() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Snapshot(await _head(connection), connection, self._portion)

    async def found(self, sought: Sought, most: int) -> Sequence[Noted]:
        """Rows, the newest first."""
        async with self._database.session() as connection:
            rows = sql.entries_about(
                connection,
                since=sought.since,
                until=sought.until,
                actor=sought.actor,
                action=sought.action,
                object=sought.object,
                most=most,
            )
            return [
                Noted(row["seq"], row["at"], row["actor"], row["action"], row["object"], json.loads(row["detail"]))
                async for row in rows
            ]

    async def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int] | None:
        """The first and the last row of a time; None if there is none."""
        async with self._database.session() as connection:
            row = await sql.range_of_entries(connection, since=since, until=until)
        return None if row is None or row["first"] is None else (row["first"], row["last"])

    async def note(self, actor: str, action: str, thing: str, **detail: Any) -> None:
        """Append one row that stands for itself; `detail` holds no patient data."""
        async with self._database.session() as connection:  # one statement is a transaction
            await note(connection, actor, action, thing, **detail)

    async def tell(self, event: UUID, actor: str, action: str, thing: str, detail: dict[str, Any]) -> None:
        """Append a row about something that happened beside the database; asking again with its id changes nothing."""
        async with self._database.transaction() as connection:
            if await sql.tell_once(connection, id=event) is not None:
                await sql.forget_told(connection)
                await note(connection, actor, action, thing, **detail)

    async def last_before(self, moment: datetime) -> int:
        """The last row of the chain's beginning that holds nothing of `moment` (aware) or later."""
        async with self._database.session() as connection:
            seq: int = await sql.last_before(connection, moment=moment)
        return seq

    async def forget(self, upto: int) -> int:
        """Let the rows up to `upto` go, which the database refuses for younger ones than six years; gives how many.

        Only the database's owner can.
        """
        async with self._database.owned() as connection, connection.transaction():
            gone: int = await sql.forget_entries(connection, upto=upto)
        return gone

    async def can_do_more(self) -> bool:
        """Whether the application's role could do more to the chain than append to it."""
        async with self._database.session() as connection:
            row = await sql.audit_rights(connection)
        return bool(row["too_many"])


async def _head(connection: Session) -> Head:
    row = await sql.head_of_chain(connection)
    return Head(Link(row["base_seq"], row["base_hash"]), Link(row["seq"], row["hash"]))
