"""The transcription jobs: pgqueuer's tables and statements, served by a loop of our own.

pgqueuer's QueueManager is not used: it stores exception texts, counts an attempt that was cut short by a stop, and does
not count one that killed its process. Its `Queries` are the queue; what counts an attempt is the message's own row.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import JOB_STATUS, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from pbx.domain.transcript import TRANSCRIPTION_ATTEMPTS
from pbx.services.ports import StoreUnavailable
from pbx.store.errors import StoreError, translated
from pbx.store.queries import sql
from pbx.store.queue import CHANNEL, TRANSCRIBE, queue_on

if TYPE_CHECKING:
    from pbx.store.database import Database

log = logging.getLogger(__name__)

BACK_OFF = (timedelta(seconds=10), timedelta(seconds=60))
"""How long a message waits after its first and after its second failed attempt."""

POLL_SECONDS = 1.0
BEAT_SECONDS = 5.0
DEAD_AFTER = timedelta(seconds=20)
"""A job whose worker has not shown a sign of life for so long is taken again."""

Handler = Callable[[UUID, int], Awaitable[None]]
"""Transcribes a message; is told the attempt (1 to `TRANSCRIPTION_ATTEMPTS`); raises if that failed."""

GiveUp = Callable[[UUID], Awaitable[None]]
"""Is told of a message after its last attempt."""


class TranscriptionQueue:
    """The waiting transcriptions. One job at a time is worked on: a recogniser uses all the processor it gets."""

    def __init__(self, database: Database, back_off: Sequence[timedelta] = BACK_OFF) -> None:
        self._database = database
        self._back_off = back_off

    async def depth(self) -> int:
        """How many messages wait for their transcription or are being transcribed."""
        async with self._database.session() as connection:
            return sum(row.count for row in await queue_on(connection).queue_size() if row.entrypoint == TRANSCRIBE)

    async def run(self, handler: Handler, give_up: GiveUp, stop: asyncio.Event) -> None:
        """Hand each waiting message to `handler` until `stop` is set; a job in hand is finished first.

        A message whose handler raises is tried again after a while, `TRANSCRIPTION_ATTEMPTS` times in all, then
        `give_up` is called. A process that dies in an attempt has used it up. `StoreUnavailable` from the handler, and
        a cancelled `run`, put the job back and do not count. While the database is away, this waits for it.
        """
        waiting = False
        while not stop.is_set():
            try:
                async with self._database.dedicated() as connection:
                    await _Worker(self._database, queue_on(connection), handler, give_up, self._back_off).serve(stop)
            except StoreUnavailable as error:
                log.log(
                    logging.DEBUG if waiting else logging.WARNING, "transcription waits for the database: %s", error
                )
                waiting = True
                await _pause(POLL_SECONDS, stop)


class _Worker:
    """The loop over jobs on one connection; it ends with `StoreUnavailable` when the connection does."""

    def __init__(
        self, database: Database, queue: Queries, handler: Handler, give_up: GiveUp, back_off: Sequence[timedelta]
    ) -> None:
        self._database = database
        self._queue = queue
        self._handler = handler
        self._give_up = give_up
        self._back_off = back_off
        self._id = QueueManagerId(uuid.uuid4())
        self._bell = asyncio.Event()

    async def serve(self, stop: asyncio.Event) -> None:
        # A notification only shortens the wait: the poll is what finds every job (a notification may be lost, and none
        # comes when a back-off is over).
        await self._queue.driver.add_listener(CHANNEL, lambda _: self._bell.set())
        while not stop.is_set():
            self._bell.clear()
            jobs = await self._take()
            for job in jobs:
                await self._work(job)
            if not jobs:
                await _pause(POLL_SECONDS, stop, self._bell)

    async def _take(self) -> list[Job]:
        return await self._queue.dequeue(
            batch_size=1,
            entrypoints={TRANSCRIBE: EntrypointExecutionParameter(concurrency_limit=0)},
            queue_manager_id=self._id,
            global_concurrency_limit=None,
            heartbeat_timeout=DEAD_AFTER,
        )

    async def _work(self, job: Job) -> None:
        message = UUID(bytes=job.payload)
        attempt = await self._message_value(sql.begin_attempt, message)
        if attempt is None:
            # Transcribed already (the worker died before it could say so) or gone.
            await self._settle(job, "successful")
        elif attempt > TRANSCRIPTION_ATTEMPTS:
            await self._give_up_on(job, message)
        else:
            await self._attempt(job, message, attempt)

    async def _attempt(self, job: Job, message: UUID, attempt: int) -> None:
        try:
            async with self._sign_of_life(job):
                await self._handler(message, attempt)
        except asyncio.CancelledError:
            with suppress(StoreUnavailable):
                await asyncio.shield(self._put_back(job, message))
            raise
        except StoreUnavailable:
            await self._put_back(job, message)
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a job
            await self._failed(job, message, attempt, error)
        else:
            await self._settle(job, "successful")

    async def _failed(self, job: Job, message: UUID, attempt: int, error: Exception) -> None:
        # Only the kind of error: its text comes from libraries that may quote what they were given.
        kind = type(error).__name__
        log.warning(
            "transcription of message %s failed (attempt %d of %d): %s", message, attempt, TRANSCRIPTION_ATTEMPTS, kind
        )
        if attempt >= TRANSCRIPTION_ATTEMPTS:
            await self._give_up_on(job, message)
        else:
            await self._queue.retry_job(job, self._back_off[attempt - 1], None)

    async def _give_up_on(self, job: Job, message: UUID) -> None:
        try:
            await self._give_up(message)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a job
            log.error("giving up on message %s failed: %s", message, type(error).__name__)
        await self._settle(job, "exception")

    async def _settle(self, job: Job, status: JOB_STATUS) -> None:
        await self._queue.log_jobs([(job, status, None)])

    async def _put_back(self, job: Job, message: UUID) -> None:
        with translated():
            await self._message_value(sql.give_attempt_back, message)
            await self._queue.retry_job(job, timedelta(0), None)

    async def _message_value(self, statement: Any, message: UUID) -> Any:
        async with self._database.session() as connection:
            return await statement(connection, id=message)

    @asynccontextmanager
    async def _sign_of_life(self, job: Job) -> AsyncIterator[None]:
        done = asyncio.Event()
        beating = asyncio.create_task(self._beat(job, done))
        try:
            yield
        finally:
            done.set()
            await beating

    async def _beat(self, job: Job, done: asyncio.Event) -> None:
        while True:
            await _pause(BEAT_SECONDS, done)
            if done.is_set():
                return
            try:
                with translated():
                    await self._queue.update_heartbeat([job.id])
            except (StoreUnavailable, StoreError):
                return


async def _pause(seconds: float, *events: asyncio.Event) -> None:
    """Wait for the first of `events`, at most `seconds`."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
