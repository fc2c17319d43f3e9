"""The call log in PostgreSQL."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pbx.domain.call import CallRecord, CallStart, Direction, FinishedCall
from pbx.domain.events import EventKind
from pbx.domain.inbox import Who
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outcome import Outcome
from pbx.domain.routing import Decision, Reason
from pbx.domain.serial import choices_from_list, choices_to_list, decision_from_dict, decision_to_dict
from pbx.domain.urgent import UrgentState
from pbx.services.program_ports import CallsWanted
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql
from pbx.store.queue import enqueue
from pbx.store.urgent import keep_urgent

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session

log = logging.getLogger(__name__)


class PgCallLog:
    """`pbx.services.ports.CallLog` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_call(self, start: CallStart, decision: Decision) -> None:
        """Write a call and its decision down. A second time changes nothing."""
        async with self._database.session() as connection:
            await sql.open_call(
                connection,
                **_start(start),
                reason=decision.reason.value,
                decision=json.dumps(decision_to_dict(decision)),
            )

    async def decision_of(self, call: UUID) -> Decision | None:
        """The decision stored with a call; None if there is none or if another version of this program wrote it."""
        async with self._database.session() as connection:
            stored: str | None = await sql.decision_of(connection, id=call)
        if stored is None:
            return None
        try:
            return decision_from_dict(json.loads(stored))
        except ValueError:
            log.warning("the stored decision of call %s is not readable by this version: deciding again", call)
            return None

    async def finish_call(self, call: FinishedCall) -> bool:
        """End the call, keep its messages, note them, queue their transcription and have them followed, all or nothing.

        Repeating is harmless, so a lost answer to COMMIT is cured by asking again. False when nothing was new. A
        message that turns up after the call was finished is kept, and then the outcome is told anew.
        """
        async with self._database.transaction() as connection:
            reason = None if call.reason is None else call.reason.value
            await sql.ensure_call(connection, **_start(call.start), reason=reason)
            was_over = await sql.lock_call(connection, id=call.start.id)
            new = await _keep_messages(connection, call)
            urgent = call.urgent is not None and await keep_urgent(connection, call.urgent)
            if was_over and not new:
                return urgent
            await sql.end_call(
                connection,
                id=call.start.id,
                ended_at=call.ended_at,
                outcome=call.outcome.value,
                reason=reason,
                answered_by=call.answered_by,
                answered_at=call.answered_at,
                choices=json.dumps(choices_to_list(call.choices)),
            )
            await note(connection, SYSTEM, "finished", f"call/{call.start.id}", outcome=call.outcome.value)
            await happened(connection, EventKind.CALL_ENDED, call.start.id, outcome=call.outcome.value)
            await enqueue(connection, new)
        return True

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        """Which of `calls` have no row."""
        async with self._database.session() as connection:
            known = {row["id"] async for row in sql.known_calls(connection, ids=list(calls))}
        return frozenset(calls) - known

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        """The newest calls first, from `since` on, to or from `number` (E.164)."""
        return await _calls(self._database, CallsWanted(since=since, number=number, limit=limit))


class PgCallBook:
    """`pbx.services.program_ports.CallBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: CallsWanted) -> Sequence[CallRecord]:
        """The newest calls first."""
        return await _calls(self._database, wanted)

    async def call(self, call: UUID) -> CallRecord | None:
        """One call, or None if there is no such call."""
        found = await _calls(self._database, CallsWanted(limit=1), [call])
        return found[0] if found else None

    async def boxes(self, messages: Collection[UUID]) -> Mapping[UUID, str]:
        """In which mailbox each of these messages is."""
        async with self._database.session() as connection:
            return {row["id"]: row["mailbox"] async for row in sql.message_boxes(connection, ids=list(messages))}

    async def shown(self, calls: Sequence[UUID], who: Who, *, one: bool = False) -> None:
        """Note in the audit that `who` was shown these calls: one row."""
        by = {"by": who.name, "how": who.how.value}
        async with self._database.transaction() as connection:
            if one:
                await note(connection, who.account, "read", f"call/{calls[0]}", **by)
            else:
                await note(connection, who.account, "listed", "calls", **by, calls=[str(call) for call in calls])


class PgPastCalls:
    """`pbx.services.ports.PastCalls` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def callers_since(self, since: datetime, limit: int) -> Sequence[tuple[str, datetime]]:
        """Who called and when, the newest first."""
        async with self._database.session() as connection:
            rows = sql.callers_since(connection, since=since, limit=limit)
            return [(row["caller_number"], row["started_at"]) async for row in rows]


async def _calls(database: Database, wanted: CallsWanted, ids: list[UUID] | None = None) -> list[CallRecord]:
    async with database.session() as connection:
        rows = sql.calls(
            connection,
            since=wanted.since,
            until=wanted.until,
            number=wanted.number,
            direction=wanted.direction and wanted.direction.value,
            lines=None if wanted.lines is None else list(wanted.lines),
            ids=ids,
            after_at=wanted.after and wanted.after[0],
            after_id=wanted.after and wanted.after[1],
            limit=wanted.limit,
        )
        return [_record(row) async for row in rows]


async def _keep_messages(connection: Session, call: FinishedCall) -> list[UUID]:
    new: list[UUID] = []
    for recording in call.recordings:
        added = await sql.add_message(
            connection,
            id=recording.id,
            call_id=call.start.id,
            mailbox=recording.mailbox,
            received_at=call.ended_at,
            seconds=recording.seconds,
            file=recording.file,
            sha256=recording.sha256,
            repaired=recording.repaired,
            label=None if recording.label is None else recording.label.value,
        )
        if added is not None:
            new.append(recording.id)
            await sql.follow_message(connection, message_id=recording.id)
            about = {"mailbox": recording.mailbox, "call": str(call.start.id)}
            await happened(connection, EventKind.MESSAGE_RECEIVED, recording.id, **about)
            await note(
                connection,
                SYSTEM,
                "kept",
                f"message/{recording.id}",
                sha256=recording.sha256,
                repaired=recording.repaired,
            )
    return new


def _start(start: CallStart) -> dict[str, Any]:
    return {
        "id": start.id,
        "direction": Direction.INBOUND.value,
        "caller_kind": start.caller.kind.value,
        "caller_number": start.caller.number,
        "dialled": start.dialled,
        "started_at": start.at,
        "outcome": Outcome.IN_PROGRESS.value,
    }


def _record(row: Record) -> CallRecord:
    return CallRecord(
        id=row["id"],
        direction=Direction(row["direction"]),
        caller=caller_of(row),
        dialled=row["dialled"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        why=tuple(json.loads(row["why"] or "[]")),
        answered_by=row["answered_by"],
        message_id=row["message_id"],
        choices=choices_from_list(json.loads(row["choices"])),
        urgent=None if row["urgent"] is None else UrgentState(row["urgent"]),
    )


def caller_of(row: Record) -> Caller:
    """The caller of a row with `caller_kind` and `caller_number`."""
    return Caller(NumberKind(row["caller_kind"]), row["caller_number"])
