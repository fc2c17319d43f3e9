"""The call log in PostgreSQL."""

from __future__ import annotations

import asyncio
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
from pbx.domain.outbound import OutReason, Permission, permission_to_dict
from pbx.domain.outcome import Outcome
from pbx.domain.routing import Decision, Reason
from pbx.domain.serial import choices_from_list, choices_to_list, decision_from_dict, decision_to_dict
from pbx.domain.urgent import UrgentState
from pbx.services.program_ports import CallsWanted
from pbx.store.audit import SYSTEM, note
from pbx.store.callers import caller_of, sealed_caller
from pbx.store.data_keys import Keys, keep_key, key_for, keys_of
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql
from pbx.store.queue import enqueue
from pbx.store.urgent import keep_urgent

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.sealing.vault import Vault
    from pbx.store.session import Session

log = logging.getLogger(__name__)


class PgCallLog:
    """`pbx.services.ports.CallLog` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        """Write a call and its decision down. A second time changes nothing."""
        async with self._database.transaction() as connection:
            await sql.open_call(
                connection,
                **await _start(connection, self._database.vault, start),
                reason=decision.reason.value,
                decision=json.dumps(_written(decision)),
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
        vault = self._database.vault
        async with self._database.transaction() as connection:
            reason = None if call.reason is None else call.reason.value
            await sql.ensure_call(connection, **await _start(connection, vault, call.start), reason=reason)
            was_over = await sql.lock_call(connection, id=call.start.id)
            new = await _keep_messages(connection, vault, call)
            urgent = call.urgent is not None and await keep_urgent(connection, vault, call.urgent)
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
            await _note_end(connection, call)
            await _tell_end(connection, call)
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
            rows = [row async for row in sql.callers_since(connection, since=since, limit=limit)]
            # One call of each number is opened: equal numbers have equal indexes.
            one = {row["caller_index"]: row for row in rows if row["caller_index"]}
            keys = await keys_of(connection, self._database.vault, (row["id"] for row in one.values()))
        return await asyncio.to_thread(_callers, rows, one, keys)

    async def last_called(self, number: str) -> str | None:
        """The practice number that `number` (E.164) called last, if it did."""
        async with self._database.session() as connection:
            found: str | None = await sql.last_called(connection, index=self._database.vault.index(number))
            return found


def _callers(rows: Sequence[Record], one: Mapping[bytes, Record], keys: Keys) -> list[tuple[str, datetime]]:
    known = {index: caller_of(row, keys, row["id"]).number for index, row in one.items()}
    numbers = ((known.get(row["caller_index"], row["caller_number"]), row["started_at"]) for row in rows)
    return [(number, at) for number, at in numbers if number is not None]


async def _calls(database: Database, wanted: CallsWanted, ids: list[UUID] | None = None) -> list[CallRecord]:
    vault = database.vault
    async with database.session() as connection:
        found = sql.calls(
            connection,
            since=wanted.since,
            until=wanted.until,
            number=wanted.number,
            index=None if wanted.number is None else vault.index(wanted.number),
            direction=wanted.direction and wanted.direction.value,
            lines=None if wanted.lines is None else list(wanted.lines),
            made_by=wanted.made_by,
            ids=ids,
            after_at=wanted.after and wanted.after[0],
            after_id=wanted.after and wanted.after[1],
            limit=wanted.limit,
        )
        rows = [row async for row in found]
        keys = await keys_of(connection, vault, (row["id"] for row in rows))
    return [_record(row, keys) for row in rows]


async def _keep_messages(connection: Session, vault: Vault, call: FinishedCall) -> list[UUID]:
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
        if recording.key is not None:
            # Also for a message that is there already: it must be the key that the audio on the disk is sealed with.
            await keep_key(connection, vault, recording.key)
        else:
            await key_for(connection, vault, recording.id)
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


async def _note_end(connection: Session, call: FinishedCall) -> None:
    thing, outcome = f"call/{call.start.id}", call.outcome.value
    if call.start.moved_from or call.start.moved_by:
        mover = f"person/{call.start.moved_by}" if call.start.moved_by else SYSTEM
        before = f"call/{call.start.moved_from}" if call.start.moved_from else ""
        await note(connection, mover, "transferred", thing, outcome=outcome, before=before, to=call.answered_by or "")
    elif call.start.direction is Direction.INBOUND:
        await note(connection, SYSTEM, "finished", thing, outcome=outcome, **({"safe": True} if call.safe else {}))
    else:
        await _note_out(connection, call, thing)


async def _note_out(connection: Session, call: FinishedCall, thing: str) -> None:
    made_by = f"person/{call.start.made_by}" if call.start.made_by else SYSTEM
    about = {"device": call.start.device or "", "reason": call.reason.value if call.reason else ""}
    await note(connection, made_by, "called", thing, outcome=call.outcome.value, **about)


async def _tell_end(connection: Session, call: FinishedCall) -> None:
    about = {"direction": call.start.direction.value, "outcome": call.outcome.value}
    await happened(connection, EventKind.CALL_ENDED, call.start.id, **about)


def _written(decision: Decision | Permission) -> dict[str, Any]:
    return permission_to_dict(decision) if isinstance(decision, Permission) else decision_to_dict(decision)


def _reason(text: str | None) -> Reason | OutReason | None:
    if text is None:
        return None
    return Reason(text) if text in set(Reason) else OutReason(text)


def _called(number: str) -> Caller:
    """Whom a call outside went to, or what was typed where that is no whole number."""
    return Caller(NumberKind.E164 if number.startswith("+") else NumberKind.UNUSABLE, number or None)


async def _start(connection: Session, vault: Vault, start: CallStart) -> dict[str, Any]:
    """The number of whoever is outside is sealed, and found by its index; that of the practice is not."""
    came_in = start.direction is Direction.INBOUND
    outside, ours = (start.caller, start.dialled) if came_in else (_called(start.dialled), start.caller.number or "")
    sealed, index = await sealed_caller(connection, vault, start.id, outside)
    return {
        "id": start.id,
        "direction": start.direction.value,
        "made_by": start.made_by,
        "device": start.device,
        "moved_from": start.moved_from,
        "moved_by": start.moved_by,
        "caller_kind": outside.kind.value,
        "caller_sealed": sealed,
        "caller_index": index,
        "dialled": ours,
        "started_at": start.at,
        "outcome": Outcome.IN_PROGRESS.value,
    }


def _record(row: Record, keys: Keys) -> CallRecord:
    outside, ours = caller_of(row, keys, row["id"]), row["dialled"]
    came_in = row["direction"] == Direction.INBOUND
    shown = Caller(NumberKind.E164, ours) if ours else Caller(NumberKind.UNUSABLE)
    return CallRecord(
        id=row["id"],
        direction=Direction(row["direction"]),
        caller=outside if came_in else shown,
        dialled=ours if came_in else outside.number or "",
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]),
        reason=_reason(row["reason"]),
        why=tuple(json.loads(row["why"] or "[]")),
        answered_by=row["answered_by"],
        message_id=row["message_id"],
        choices=choices_from_list(json.loads(row["choices"])),
        urgent=None if row["urgent"] is None else UrgentState(row["urgent"]),
        made_by=row["made_by"],
        device=row["device"],
        moved_from=row["moved_from"],
        moved_by=row["moved_by"],
    )
