"""The database goes away and comes back: every method says so, nothing half is kept, and the pool heals by itself."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from pbx.domain.inbox import How, Who
from pbx.domain.oncall import Swap
from pbx.domain.outcome import Outcome
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.services.ports import StoreUnavailable, Wanted
from pbx.store import database as database_module
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.embedded import EmbeddedPostgres
from pbx.store.errors import StoreError
from pbx.store.inbox import PgInbox
from pbx.store.jobs import TranscriptionQueue
from pbx.store.messages import PgMessageBox
from pbx.store.swaps import PgSwapBook
from tests.kit.calls import MORNING, a_decision, a_message_call, a_start
from tests.kit.database import DatabaseServer, copy_cluster, vault
from tests.kit.wait import until

EVERY_METHOD: dict[str, Callable[[Database], Awaitable[object]]] = {
    "open_call": lambda db: PgCallLog(db).open_call(a_start(), a_decision()),
    "decision_of": lambda db: PgCallLog(db).decision_of(uuid4()),
    "finish_call": lambda db: PgCallLog(db).finish_call(a_message_call(a_start())),
    "calls": lambda db: PgCallLog(db).calls(None, None, 1),
    "messages": lambda db: PgMessageBox(db).messages(None, 1),
    "message": lambda db: PgMessageBox(db).message(uuid4()),
    "items": lambda db: PgInbox(db).items(Wanted()),
    "change": lambda db: PgInbox(db).change(uuid4(), Who.person("mia", How.PHONE), MORNING, lambda _: None),
    "keep_transcript": lambda db: PgMessageBox(db).keep_transcript(
        uuid4(), Transcript(TranscriptState.DONE, "", "vosk", "small")
    ),
    "transcription_failed": lambda db: PgMessageBox(db).transcription_failed(uuid4(), "no"),
    "add": lambda db: PgSwapBook(db).add(Swap("doctors", "a", "b", MORNING, MORNING), "mia"),
    "undo": lambda db: PgSwapBook(db).undo(1, "mia", "mia"),
    "swaps": lambda db: PgSwapBook(db).swaps(),
    "depth": lambda db: TranscriptionQueue(db).depth(),
    "migrate": lambda db: db.migrate(),
    "server_version": lambda db: db.server_version(),
}


@pytest.fixture
async def postgres(fresh_cluster: Path, tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of this test's own, to do bad things to."""
    postgres = EmbeddedPostgres(copy_cluster(fresh_cluster, tmp_path / "postgres"))
    yield postgres
    await postgres.stop()


@pytest.fixture
async def own(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    async with Database.connect(await postgres.start(), vault()) as database:
        await database.migrate()
        yield database


async def test_every_method_says_that_the_database_is_away_and_works_again_when_it_is_back(
    own: Database, postgres: EmbeddedPostgres
) -> None:
    for method in EVERY_METHOD.values():
        await method(own)
    await postgres.stop()
    for method in EVERY_METHOD.values():
        with pytest.raises(StoreUnavailable):
            await method(own)
    await postgres.start()
    for method in EVERY_METHOD.values():
        await method(own)


async def test_a_killed_server_is_an_outage_like_any_other(
    own: Database, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    call = a_message_call(a_start())
    assert await PgCallLog(own).finish_call(call)
    _postmaster(tmp_path).kill()
    await until(lambda: not postgres.running())
    with pytest.raises(StoreUnavailable):
        await PgCallLog(own).finish_call(call)
    await postgres.start()
    assert not await PgCallLog(own).finish_call(call)
    (record,) = await PgCallLog(own).calls(None, None, 10)
    assert record.outcome is Outcome.MESSAGE


async def test_the_queue_goes_on_after_an_outage(
    own: Database, postgres: EmbeddedPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    stop, taken = asyncio.Event(), asyncio.Event()

    async def take(message: object, attempt: int) -> None:
        taken.set()

    async def give_up(message: object) -> None:
        raise AssertionError

    async with asyncio.TaskGroup() as group:
        group.create_task(TranscriptionQueue(own).run(take, give_up, stop))
        await PgCallLog(own).finish_call(a_message_call(a_start()))
        await taken.wait()
        await postgres.stop()
        await until(lambda: "transcription waits for the database" in caplog.text)
        await postgres.start()
        taken.clear()
        await PgCallLog(own).finish_call(a_message_call(a_start()))
        await taken.wait()
        stop.set()


async def test_a_server_that_hangs_is_given_up_after_a_bounded_time(
    own: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "COMMAND_SECONDS", 1.0)
    monkeypatch.setattr(database_module, "CONNECT_SECONDS", 1.0)
    async with Database.connect(own.dsn, vault()) as database:
        await database.server_version()
        processes = [_postmaster(tmp_path), *_postmaster(tmp_path).children()]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await PgCallLog(database).finish_call(a_message_call(a_start()))
            assert time.monotonic() - began < 8
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)
        await database.server_version()


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"/postgres?": "/other?"}, "create it, or correct the address"),
        ({"postgresql://postgres@": "postgresql://stranger@"}, "check the user and the password"),
        ({"postgresql://": "mysql://"}, "is not understood: write postgresql://"),
    ],
)
async def test_a_wrong_address_is_told_with_its_remedy(
    database_server: DatabaseServer, change: dict[str, str], remedy: str
) -> None:
    dsn = database_server.dsn
    for old, new in change.items():
        dsn = dsn.replace(old, new)
    with pytest.raises(StoreUnavailable, match=remedy):
        async with Database.connect(dsn, vault()) as database:
            await database.server_version()


async def test_an_error_holds_no_value(database: Database) -> None:
    secret = "+17175550142"
    for statement, value in (("SELECT $1::integer", secret), ("INSERT INTO call (dialled) VALUES ($1)", secret)):
        with pytest.raises(StoreError) as caught:
            async with database.session() as connection:
                await connection.execute(statement, value)
        assert secret not in str(caught.value)
        assert caught.value.__suppress_context__


def _postmaster(tmp_path: Path) -> psutil.Process:
    return psutil.Process(int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0]))
