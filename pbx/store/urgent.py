"""The urgent requests in PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.urgent import Attempt, AttemptResult, UrgentCase, UrgentRequest, UrgentState
from pbx.sealing.vault import Unopenable
from pbx.store.audit import SYSTEM, note
from pbx.store.callers import caller_of
from pbx.store.data_keys import CALLBACK, Keys, key_for, keys_of
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.sealing.vault import Vault
    from pbx.store.session import Session

log = logging.getLogger(__name__)

MOST = 1000
"""Open requests that are looked at in one go."""


class PgUrgentBook:
    """`pbx.services.ports.UrgentBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unsettled(self) -> Sequence[UrgentCase]:
        """Every request that nobody has taken."""
        return await self._cases(None, unsettled=True, limit=MOST)

    async def of_call(self, call: UUID) -> UrgentCase | None:
        """The request of a call, if it made one."""
        return next(iter(await self._cases(call, unsettled=False, limit=1)), None)

    async def requests(self, limit: int, *, unsettled: bool = False) -> Sequence[UrgentCase]:
        """The newest requests first."""
        return await self._cases(None, unsettled=unsettled, limit=limit)

    async def begin(self, call: UUID, attempt: Attempt) -> bool:
        """Write an attempt down before anybody is rung. False if the request is settled."""
        async with self._database.transaction() as connection:
            state = await sql.lock_urgent(connection, call_id=call)
            if state is None or UrgentState(state).settled:
                return False
            await _keep_attempt(connection, call, attempt)
            await note(connection, SYSTEM, "urgent-asked", f"call/{call}", person=attempt.person)
        return True

    async def end(self, attempt: UUID, result: AttemptResult, at: datetime) -> None:
        """Note how an attempt ended, if that is not known yet; one that settles the request settles it."""
        async with self._database.transaction() as connection:
            await sql.end_attempt(connection, result=result.value, ended_at=at, id=attempt)

    async def take(self, call: UUID, attempt: UUID, person: str, at: datetime) -> bool:
        """`person` takes it by `attempt`. False if somebody else has."""
        async with self._database.transaction() as connection:
            if await _settle(connection, call, UrgentState.ACCEPTED, person, at) is None:
                return False
            await sql.end_attempt(connection, result=AttemptResult.TAKEN.value, ended_at=at, id=attempt)
            await note(connection, person, "urgent-taken", f"call/{call}")
        return True

    async def close(self, call: UUID, by: str, actor: str, at: datetime) -> bool:
        """An operator (`actor`) says that `by` took care of it. False if no such request is open."""
        async with self._database.transaction() as connection:
            if await _settle(connection, call, UrgentState.ACCEPTED, by, at) is None:
                return False
            await note(connection, actor, "urgent-closed", f"call/{call}", by=by)
        return True

    async def exhaust(self, call: UUID) -> bool:
        """All rounds are over. False if that was known before."""
        async with self._database.transaction() as connection:
            if await sql.exhaust_urgent(connection, call_id=call) is None:
                return False
            await note(connection, SYSTEM, "urgent-exhausted", f"call/{call}")
        return True

    async def _cases(self, call: UUID | None, *, unsettled: bool, limit: int) -> list[UrgentCase]:
        async with self._database.session() as connection:
            rows = [r async for r in sql.urgent_requests(connection, call_id=call, unsettled=unsettled, limit=limit)]
            ids = [row["call_id"] for row in rows]
            attempts = [row async for row in sql.urgent_attempts(connection, ids=ids)] if ids else []
            keys = await keys_of(connection, self._database.vault, ids)
        return [_case(row, [a for a in attempts if a["call_id"] == row["call_id"]], keys) for row in rows]


async def keep_urgent(connection: Session, vault: Vault, request: UrgentRequest) -> bool:
    """Keep what a call asks for, in the transaction that keeps its message. False when nothing was new.

    A talk that went on after its call was taken in settles the request afterwards.
    """
    callback = None
    if request.callback is not None:
        key = await key_for(connection, vault, request.call)
        callback = key.seal_text(CALLBACK, request.callback)
    new = await sql.open_urgent(
        connection,
        call_id=request.call,
        rota=request.rota,
        mailbox=request.mailbox,
        rounds=request.rounds,
        interval_seconds=request.interval,
        ring_seconds=request.seconds,
        callback_sealed=callback,
        opened_at=request.opened,
        state=request.state.value,
        settled_by=request.settled_by,
        settled_at=request.settled_at,
    )
    for attempt in request.attempts:
        await _keep_attempt(connection, request.call, attempt)
    if new is not None:
        await note(connection, SYSTEM, "urgent-opened", f"call/{request.call}", state=request.state.value)
        return True
    if not request.state.settled or request.settled_by is None or request.settled_at is None:
        return False
    done = await _settle(connection, request.call, request.state, request.settled_by, request.settled_at)
    return done is not None


async def _settle(connection: Session, call: UUID, state: UrgentState, by: str, at: datetime) -> UUID | None:
    settled: UUID | None = await sql.settle_urgent(
        connection, state=state.value, settled_by=by, settled_at=at, call_id=call
    )
    return settled


async def _keep_attempt(connection: Session, call: UUID, attempt: Attempt) -> None:
    await sql.keep_attempt(
        connection,
        id=attempt.id,
        call_id=call,
        person=attempt.person,
        begun_at=attempt.begun,
        live=attempt.live,
        result=None if attempt.result is None else attempt.result.value,
        ended_at=attempt.ended,
    )


def _case(row: Record, attempts: Sequence[Record], keys: Keys) -> UrgentCase:
    call = row["call_id"]
    request = UrgentRequest(
        call=call,
        rota=row["rota"],
        mailbox=row["mailbox"],
        rounds=row["rounds"],
        interval=row["interval_seconds"],
        seconds=row["ring_seconds"],
        opened=row["opened_at"],
        callback=_callback(row, keys),
        state=UrgentState(row["state"]),
        settled_by=row["settled_by"],
        settled_at=row["settled_at"],
        attempts=tuple(_attempt(attempt) for attempt in attempts),
    )
    return UrgentCase(request, row["dialled"], caller_of(row, keys, call), row["message_id"])


def _callback(row: Record, keys: Keys) -> str | None:
    """The number that the caller keyed; of one that does not open any more nothing is known."""
    if row["callback_sealed"] is None:
        number: str | None = row["callback"]
        return number
    try:
        return keys.text(row["call_id"], CALLBACK, row["callback_sealed"])
    except Unopenable as problem:
        log.error("the number that the caller of call %s keyed cannot be read: %s", row["call_id"], problem)
        return None


def _attempt(row: Record) -> Attempt:
    result = None if row["result"] is None else AttemptResult(row["result"])
    return Attempt(row["id"], row["person"], row["begun_at"], result, row["ended_at"], row["live"])
