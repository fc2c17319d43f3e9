"""The schema comes up to date by itself, once, whole or not at all, and never to what the program does not know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from pbx.services.ports import StoreUnavailable
from pbx.store.database import Database
from pbx.store.errors import StoreError
from pbx.store.migrate import Migration, SchemaRefused, migrate, migrations
from tests.kit.database import addresses

FIRST = Migration(1, "first", "CREATE TABLE first (id integer)")
SECOND = Migration(2, "second", "CREATE TABLE second (id integer)")
BROKEN = Migration(2, "broken", "CREATE TABLE broken (id integer); SELECT 1 / 0")


async def apply(dsn: str, *wanted: Migration) -> None:
    async with Database.connect(dsn) as database, database.dedicated() as connection:
        await migrate(connection, wanted)


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'audit')")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def test_an_empty_database_gets_the_schema(empty_dsn: str) -> None:
    async with Database.connect(empty_dsn) as database:
        await database.migrate()
    assert tables_of_ours <= await tables(empty_dsn)


tables_of_ours = {"call", "message", "transcript", "entry", "head", "schema_migration"}


async def test_a_second_start_changes_nothing(dsn: str) -> None:
    async with Database.connect(dsn) as database:
        await database.migrate()
        await database.migrate()
        async with database.session() as connection:
            applied = await connection.fetchval("SELECT count(*) FROM schema_migration")
    assert applied == len(migrations())


async def test_programs_that_start_at_once_wait_for_each_other(empty_dsn: str) -> None:
    async with Database.connect(empty_dsn) as database:
        await asyncio.gather(*(database.migrate() for _ in range(4)))
    assert tables_of_ours <= await tables(empty_dsn)


async def test_only_what_is_missing_is_applied(empty_dsn: str) -> None:
    await apply(empty_dsn, FIRST)
    await apply(empty_dsn, FIRST, SECOND)
    assert {"first", "second"} <= await tables(empty_dsn)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_dsn: str) -> None:
    with pytest.raises(StoreError):
        await apply(empty_dsn, FIRST, BROKEN)
    assert "broken" not in await tables(empty_dsn)
    await apply(empty_dsn, FIRST, SECOND)


async def test_a_migration_that_was_edited_is_refused(empty_dsn: str) -> None:
    await apply(empty_dsn, FIRST)
    with pytest.raises(SchemaRefused, match=r"0001 .first.*reinstall"):
        await apply(empty_dsn, Migration(1, "first", FIRST.script + "\n-- edited"))


async def test_a_database_of_a_newer_program_is_refused(empty_dsn: str) -> None:
    await apply(empty_dsn, FIRST, SECOND)
    with pytest.raises(SchemaRefused, match=r"newer Secondline .schema 2, this program knows 1"):
        await apply(empty_dsn, FIRST)


async def test_the_environment_does_not_rename_the_job_queue(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGQUEUER_PREFIX", "other_")
    monkeypatch.setenv("TRIGGER", "other")
    async with Database.connect(empty_dsn) as database:
        await database.migrate()
        async with database.session() as connection:
            assert await connection.fetchval("SELECT count(*) FROM queue.pgqueuer") == 0


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with Database.connect(f"postgresql://nobody@/nothing?host={tmp_path}") as database:
        with pytest.raises(StoreUnavailable):
            await database.migrate()


def test_the_migrations_are_numbered_without_gaps() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))


async def test_while_the_tables_are_made_everybody_waits_and_nobody_is_refused(empty_dsn: str) -> None:
    async with Database.connect(addresses(empty_dsn)) as database:
        making = asyncio.ensure_future(database.migrate())
        told = set()
        while not making.done():
            try:
                async with database.session() as connection:
                    await connection.fetch("TABLE erased_message")
            except StoreUnavailable as error:  # a StoreError would be a defect
                told.add(str(error))
            await asyncio.sleep(0.005)
        await making
        assert "The tables of the database are being made." in told
        assert await database.server_version()
