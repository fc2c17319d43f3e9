"""pgqueuer's tables and statements as they are used here: where they live, and how a message is queued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint

from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    from pbx.store.session import Session

TRANSCRIBE = QueueEntrypoint("transcribe")
CHANNEL = Channel("secondline_queue")

# Every name is given, because pgqueuer would take what is missing from environment variables as common as TRIGGER.
_SETTINGS = DBSettings(
    prefix="",
    db_schema="queue",
    channel=CHANNEL,
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
    widen_id=True,
)


async def install_queue(connection: Connection[Record]) -> None:
    """Make pgqueuer's tables in the schema `queue`, or bring older ones up to date."""
    queue = queue_on(connection)
    if await queue.schema_is_installed():
        await queue.apply_upgrade()
        await sql.forget_old_jobs(connection)
    else:
        async with connection.transaction():
            await queue.install()


async def enqueue(connection: Session, messages: Sequence[UUID]) -> None:
    """Queue the transcription of `messages` in the transaction of `connection`; one that is queued already stays so."""
    if messages:
        keys: list[str | None] = [str(message) for message in messages]
        payloads: list[bytes | None] = [message.bytes for message in messages]
        names, priorities = [str(TRANSCRIBE)] * len(keys), [0] * len(keys)
        queue = queue_on(connection)
        await queue.enqueue(names, payloads, priorities, dedupe_key=keys, on_conflict="skip")


def queue_on(connection: Session) -> Queries:
    """The queue, by way of `connection`."""
    # The stubs know a pool's connection as a proxy with the same methods.
    plain: Any = connection
    return Queries(
        AsyncpgDriver(plain),
        QueryBuilderEnvironment(_SETTINGS),
        QueryQueueBuilder(_SETTINGS),
        QuerySchedulerBuilder(_SETTINGS),
    )
