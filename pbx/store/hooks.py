"""The deliveries of events to programs, in PostgreSQL: what waits, and the log of what was tried."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from pbx.domain.events import Attempted, Delivery, EventKind, Happening, Subscription
from pbx.services.ports import Backlog, Fate, Verdict
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

TAKEN_SECONDS = 60.0
"""How long a delivery that was taken is left alone: longer than any attempt may last."""

MOST_AT_ONCE = 200
"""Events given to the hooks in one transaction."""


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


_FOR_GOOD = {Fate.SENT: DeliveryState.SENT, Fate.PERMANENT: DeliveryState.FAILED}


class PgHookBook:
    """`pbx.services.program_ports.HookBook` on PostgreSQL."""

    def __init__(self, database: Database, taken_seconds: float = TAKEN_SECONDS) -> None:
        self._database = database
        self._taken_seconds = taken_seconds

    async def spread(self, hooks: Sequence[Subscription]) -> int:
        """Give each fresh event to the hooks that want it; gives how many events there were."""
        async with self._database.transaction() as connection:
            events = [row async for row in sql.fresh_events(connection, most=MOST_AT_ONCE)]
            for row in events:
                for hook in hooks:
                    if hook.wants(row["kind"]):
                        id_ = uuid5(row["id"], hook.key)
                        await sql.add_hook_delivery(connection, id=id_, event_id=row["id"], hook=hook.key, held=0.0)
            await sql.spread(connection, ids=[row["id"] for row in events])
        return len(events)

    async def take(self, hook: str) -> Delivery | None:
        """What is due for a hook, with a row for the attempt. Nobody else is given it for `TAKEN_SECONDS`."""
        async with self._database.transaction() as connection:
            id_ = await sql.next_hook_delivery(connection, hook=hook)
            if id_ is None:
                return None
            row = await sql.take_hook_delivery(connection, seconds=self._taken_seconds, id=id_)
            attempt = await sql.begin_hook_attempt(connection, delivery_id=id_)
        return _taken(row, attempt)

    async def begin_test(self, hook: str) -> Delivery:
        """An event that says nothing, on its way to one hook alone; whoever asks for it sends and settles it."""
        async with self._database.transaction() as connection:
            event = await happened(connection, EventKind.TEST, hook)
            await sql.spread(connection, ids=[event])
            id_ = uuid5(event, hook)
            await sql.add_hook_delivery(connection, id=id_, event_id=event, hook=hook, held=self._taken_seconds)
            row = await sql.take_hook_delivery(connection, seconds=self._taken_seconds, id=id_)
            attempt = await sql.begin_hook_attempt(connection, delivery_id=id_)
        return _taken(row, attempt)

    async def settle(self, delivery: Delivery, verdict: Verdict, again: timedelta, *, disclosed: bool = False) -> None:
        """Write down what became of an attempt; `disclosed`: it said something of a patient, so the audit tells."""
        async with self._database.transaction() as connection:
            await sql.end_hook_attempt(connection, result=verdict.fate.value, why=verdict.why, id=delivery.attempt)
            state = _FOR_GOOD.get(verdict.fate)
            if state is None:
                counts, seconds = verdict.fate is Fate.TEMPORARY, again.total_seconds()
                await sql.put_hook_delivery_back(
                    connection, seconds=seconds, failure=verdict.why, counts=counts, id=delivery.id
                )
            else:
                await sql.settle_hook_delivery(connection, state=state.value, failure=verdict.why, id=delivery.id)
            if disclosed:
                about = delivery.happening
                thing = f"{about.kind.partition('.')[0]}/{about.subject}"
                detail = {"hook": delivery.hook, "event": about.kind, "result": verdict.fate.value}
                await note(connection, SYSTEM, "told-program", thing, **detail)

    async def let_go(self) -> None:
        """Whoever had taken something is gone: it is due at once."""
        async with self._database.session() as connection:
            await sql.let_hook_deliveries_go(connection)

    async def retry(self, deliveries: Sequence[UUID] | None, hook: str | None) -> int:
        """Try again now what failed or waits for a later time; gives how many there were."""
        ids = None if deliveries is None else list(deliveries)
        async with self._database.session() as connection:
            return len([row async for row in sql.retry_deliveries(connection, ids=ids, hook=hook)])

    async def deliveries(self, hook: str | None, state: str | None, limit: int) -> Sequence[Delivery]:
        """The log, the newest first."""
        async with self._database.session() as connection:
            return [_delivery(row) async for row in sql.deliveries(connection, hook=hook, state=state, limit=limit)]

    async def backlogs(self) -> Mapping[str, Backlog]:
        """Every hook that has something to tell of, by its key."""
        async with self._database.session() as connection:
            rows = [row async for row in sql.hook_backlogs(connection)]
        return {row["hook"]: Backlog(row["hook"], row["waiting"], row["failed"], row["failure"]) for row in rows}

    async def forget(self) -> None:
        """Events of more than 30 days ago go, with their deliveries and the log of them."""
        async with self._database.session() as connection:
            await sql.forget_events(connection)


def _taken(row: Record, attempt: int) -> Delivery:
    return Delivery(row["id"], row["hook"], _happening(row), row["attempts"], row["made_at"], attempt=attempt)


def _happening(row: Record) -> Happening:
    id_ = row["event_id"]
    return Happening(id_, row["kind"], row["subject"], json.loads(row["about"]), row["at"])


def _delivery(row: Record) -> Delivery:
    tries = (
        Attempted(datetime.fromisoformat(one["at"]), one["result"], one["why"]) for one in json.loads(row["tries"])
    )
    return Delivery(
        id=row["id"],
        hook=row["hook"],
        happening=_happening(row),
        attempts=row["attempts"],
        made_at=row["made_at"],
        state=row["state"],
        due_at=row["due_at"],
        settled_at=row["settled_at"],
        failure=row["failure"],
        tries=tuple(tries),
    )
