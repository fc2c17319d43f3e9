"""The notices to be sent, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.inbox import State, person_in
from pbx.domain.notices import Cause, Notice, Standing
from pbx.services.ports import Backlog, Bundle, Fate, Verdict
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

TAKEN_SECONDS = 60.0
"""How long a notice that was taken is left alone: longer than any attempt may last."""


class OutboxState(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


_FOR_GOOD = {Fate.SENT: OutboxState.SENT, Fate.PERMANENT: OutboxState.FAILED}


class PgOutbox:
    """`pbx.services.ports.Outbox` on PostgreSQL."""

    def __init__(self, database: Database, taken_seconds: float = TAKEN_SECONDS) -> None:
        self._database = database
        self._taken_seconds = taken_seconds

    async def followed(self) -> Sequence[Standing]:
        """Where every message stands that somebody still has to take care of, the oldest first."""
        async with self._database.session() as connection:
            return [_standing(row) async for row in sql.followed(connection)]

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write notices down; those that were written before stay as they are, but for dropped ones."""
        rows = [
            {
                "id": one.id,
                "message_id": one.message,
                "cause": one.cause.value,
                "step": one.step,
                "person": one.person,
                "channel": one.channel,
                "phone": one.phone,
            }
            for one in notices
        ]
        async with self._database.transaction() as connection:
            await sql.add_notice(connection, rows)

    async def take(self, channel: str, most: int) -> Bundle | None:
        """What is due for one reader of a channel. Nobody else is given it for `TAKEN_SECONDS`."""
        async with self._database.transaction() as connection:
            first = await sql.next_notice(connection, channel=channel)
            if first is None:
                return None
            bundle: UUID = first["bundle"] or first["id"]
            if first["bundle"] is None:
                reader = {"person": first["person"], "phone": first["phone"]}
                await sql.bundle_up(connection, bundle=bundle, channel=channel, most=most, **reader)
            await sql.take_bundle(connection, seconds=self._taken_seconds, bundle=bundle)
            rows = [row async for row in sql.bundle(connection, bundle=bundle)]
        notices = tuple((_notice(row), _standing(row)) for row in rows)
        return Bundle(bundle, rows[0]["attempts"], rows[0]["made_at"], notices)

    async def settle(self, bundle: UUID, verdict: Verdict, again: timedelta) -> None:
        """Write down what became of it, and in the audit whom a message was told to."""
        async with self._database.transaction() as connection:
            state = _FOR_GOOD.get(verdict.fate)
            if state is None:
                counts = verdict.fate is Fate.TEMPORARY
                seconds = again.total_seconds()
                await sql.put_bundle_back(
                    connection, seconds=seconds, failure=verdict.why, counts=counts, bundle=bundle
                )
                return
            action = "notified" if state is OutboxState.SENT else "not-notified"
            rows = [r async for r in sql.settle_bundle(connection, state=state, failure=verdict.why, bundle=bundle)]
            for row in rows:
                detail = {"cause": row["cause"], "person": row["person"], "channel": row["channel"]}
                await note(connection, SYSTEM, action, f"message/{row['message_id']}", **detail)

    async def drop(self, notices: Sequence[UUID]) -> None:
        """Notices that have no reason any more."""
        async with self._database.session() as connection:
            await sql.drop_notices(connection, ids=list(notices))

    async def let_go(self) -> None:
        """Whoever had taken something is gone: it is due at once."""
        async with self._database.session() as connection:
            await sql.let_notices_go(connection)

    async def backlogs(self) -> Sequence[Backlog]:
        """Every channel that has something to tell of."""
        async with self._database.session() as connection:
            return [Backlog(**row) async for row in sql.backlogs(connection)]

    async def counts(self) -> Mapping[str, tuple[int, int]]:
        """By mailbox, how many messages are new and how many are not."""
        async with self._database.session() as connection:
            return {row["mailbox"]: (row["fresh"], row["old"]) async for row in sql.lamp_counts(connection)}


def _notice(row: Record) -> Notice:
    cause = Cause(row["cause"])
    return Notice(row["message_id"], cause, row["step"], row["person"], row["channel"], row["phone"])


def _standing(row: Record) -> Standing:
    owner: str | None = row["owner"]
    return Standing(
        message=row["message_id"],
        mailbox=row["mailbox"],
        received_at=row["received_at"],
        unread=row["inbox_state"] in (None, State.NEW.value),
        owner=None if owner is None else person_in(owner) or "",
        done=row["done_at"] is not None or row["deleted_at"] is not None,
    )
