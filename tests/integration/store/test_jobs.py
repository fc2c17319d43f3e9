"""Each message is transcribed once, soon, and in spite of failures, stops and crashes."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from pbx.domain.transcript import TRANSCRIPTION_ATTEMPTS, Transcript, TranscriptState
from pbx.services.ports import StoreUnavailable
from pbx.store import jobs
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
from pbx.store.messages import PgMessageBox
from tests.kit.calls import a_message_call, a_recording, a_start
from tests.kit.database import vault
from tests.kit.wait import until

AT_ONCE = (timedelta(0), timedelta(0))
WORDS = Transcript(TranscriptState.DONE, "hello", "moonshine", "tiny-en")
CRASH = """
import asyncio, os, sys
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
async def crash(message, attempt):
    print(attempt, flush=True)
    await asyncio.sleep(60)
async def give_up(message):
    pass
async def work():
    async with Database.connect(sys.argv[1]) as database:
        await TranscriptionQueue(database).run(crash, give_up, asyncio.Event())
asyncio.run(work())
"""


class Work:
    """Writes down what the queue asks for, and does with each message what the test says."""

    def __init__(self, database: Database, do: Callable[[UUID, int], Awaitable[None]] | None = None) -> None:
        self.queue = TranscriptionQueue(database, AT_ONCE)
        self.box = PgMessageBox(database)
        self.attempts: list[tuple[UUID, int]] = []
        self.given_up: list[UUID] = []
        self.begun = asyncio.Event()
        self._do = do or self.transcribe

    async def transcribe(self, message: UUID, attempt: int) -> None:
        await self.box.keep_transcript(message, WORDS)

    async def handle(self, message: UUID, attempt: int) -> None:
        self.attempts.append((message, attempt))
        self.begun.set()
        await self._do(message, attempt)

    async def give_up(self, message: UUID) -> None:
        self.given_up.append(message)
        await self.box.transcription_failed(message, "It did not work.")

    async def done(self) -> None:
        while await self.queue.depth():
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self.handle, self.give_up, stop))
            try:
                yield
            finally:
                stop.set()

    async def until_done(self) -> None:
        async with self.going_on():
            await self.done()


async def a_message(database: Database) -> UUID:
    start = a_start()
    await PgCallLog(database).finish_call(a_message_call(start))
    return a_recording(start.id).id


async def fail(message: UUID, attempt: int) -> None:
    raise RuntimeError("the words of the patient")


async def test_every_waiting_message_is_handed_over_once(database: Database) -> None:
    messages = [await a_message(database) for _ in range(5)]
    work = Work(database)
    assert await work.queue.depth() == 5
    await work.until_done()
    assert work.attempts == [(message, 1) for message in messages]
    assert work.given_up == []


async def test_a_message_that_comes_while_all_is_quiet_wakes_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 3600)
    work = Work(database)
    async with work.going_on():
        for _ in range(3):
            await a_message(database)
            await work.begun.wait()
            await work.done()
            work.begun.clear()


async def test_a_message_is_found_without_a_notification(database: Database) -> None:
    async with database.owned() as connection:
        await connection.execute("ALTER TABLE queue.pgqueuer DISABLE TRIGGER ALL")
    work = Work(database)
    async with work.going_on():
        await a_message(database)
        await work.done()
    assert len(work.attempts) == 1


async def test_a_failing_message_is_tried_three_times_and_then_given_up(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    message = await a_message(database)
    work = Work(database, fail)
    await work.until_done()
    assert work.attempts == [(message, 1), (message, 2), (message, 3)]
    assert work.given_up == [message]
    found = await work.box.message(message)
    assert found is not None
    assert found.state is TranscriptState.FAILED
    assert "RuntimeError" in caplog.text
    assert "the words of the patient" not in caplog.text


async def test_the_attempts_lie_apart(database: Database) -> None:
    await a_message(database)
    work = Work(database, fail)
    work.queue = TranscriptionQueue(database, (timedelta(hours=1), timedelta(hours=1)))
    async with work.going_on():
        await work.begun.wait()
    async with database.session() as connection:
        wait = await connection.fetchval("SELECT execute_after - updated FROM queue.pgqueuer WHERE status = 'queued'")
    assert wait == timedelta(hours=1)
    assert await work.queue.depth() == 1


async def test_one_bad_message_does_not_hold_up_the_next(database: Database) -> None:
    bad, good = await a_message(database), await a_message(database)

    async def fail_the_bad(message: UUID, attempt: int) -> None:
        if message == bad:
            raise RuntimeError
        await work.transcribe(message, attempt)

    work = Work(database, fail_the_bad)
    await work.until_done()
    assert work.given_up == [bad]
    assert (good, 1) in work.attempts


async def test_a_stop_waits_for_the_job_in_hand(database: Database) -> None:
    await a_message(database)

    async def slowly(message: UUID, attempt: int) -> None:
        await asyncio.sleep(0.3)
        await work.transcribe(message, attempt)

    work = Work(database, slowly)
    async with work.going_on():
        await work.begun.wait()
    assert await work.queue.depth() == 0


async def test_a_job_cut_short_by_a_cancelled_run_waits_for_the_next_and_does_not_count(database: Database) -> None:
    message = await a_message(database)

    async def for_ever(message: UUID, attempt: int) -> None:
        await asyncio.Event().wait()

    for _ in range(TRANSCRIPTION_ATTEMPTS + 1):
        work = Work(database, for_ever)
        running = asyncio.ensure_future(work.queue.run(work.handle, work.give_up, asyncio.Event()))
        await work.begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    work = Work(database)
    await work.until_done()
    assert work.attempts == [(message, 1)]


async def test_an_attempt_during_an_outage_does_not_count(database: Database) -> None:
    message = await a_message(database)
    outages = iter(range(TRANSCRIPTION_ATTEMPTS + 1))

    async def away(message: UUID, attempt: int) -> None:
        if next(outages, None) is not None:
            raise StoreUnavailable
        await work.transcribe(message, attempt)

    work = Work(database, away)
    await work.until_done()
    assert work.attempts == [(message, 1)] * (TRANSCRIPTION_ATTEMPTS + 2)


async def test_a_finished_message_whose_job_was_not_settled_is_not_done_again(database: Database) -> None:
    message = await a_message(database)
    work = Work(database)
    await work.transcribe(message, 1)
    await work.until_done()
    assert work.attempts == []


async def test_a_job_of_a_killed_program_is_taken_again_and_counts(
    database: Database, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DEAD_AFTER", timedelta(seconds=1))
    message = await a_message(database)
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", CRASH, dsn, stdout=asyncio.subprocess.PIPE)
    assert program.stdout is not None
    assert await program.stdout.readline() == b"1\n"
    program.send_signal(signal.SIGKILL)
    await program.communicate()
    work = Work(database)
    await work.until_done()
    assert work.attempts == [(message, 2)]


async def test_a_message_that_kills_its_program_each_time_is_given_up(database: Database) -> None:
    message = await a_message(database)
    async with database.session() as connection:
        await connection.execute("UPDATE message SET attempts = $1", TRANSCRIPTION_ATTEMPTS)
    work = Work(database)
    await work.until_done()
    assert (work.attempts, work.given_up) == ([], [message])


async def test_a_living_worker_keeps_its_job(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "DEAD_AFTER", timedelta(seconds=1))
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.2)
    await a_message(database)

    async def slowly(message: UUID, attempt: int) -> None:
        await asyncio.sleep(2)
        await work.transcribe(message, attempt)

    work, rival = Work(database, slowly), Work(database)
    async with work.going_on():
        await work.begun.wait()
        await rival.until_done()
    assert rival.attempts == []


async def test_the_queue_waits_for_a_database_that_has_no_tables_yet(
    empty_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database.connect(empty_dsn, vault()) as database:
        work = Work(database)
        async with work.going_on():
            await until(lambda: "tables of the database are not made yet" in caplog.text)
            await database.migrate()
            message = await a_message(database)
            await work.done()
    assert work.attempts == [(message, 1)]


async def test_the_queue_keeps_no_text_of_an_error(database: Database) -> None:
    await a_message(database)
    await Work(database, fail).until_done()
    async with database.session() as connection:
        rows = await connection.fetch("SELECT traceback FROM queue.pgqueuer_log")
    assert {row["traceback"] for row in rows} == {None}
