"""The whole database out of PostgreSQL and into it, as one state, with PostgreSQL's own programs."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from pbx.store.embedded import postgres_programs
from pbx.store.errors import translated
from pbx.store.queries import sql

CHUNK = 1 << 20
"""Bytes of a dump that are handed on at once."""

CONNECT_SECONDS = 10.0
COUNT_SECONDS = 600.0

_SETTINGS = {"application_name": "secondline", "timezone": "UTC", "idle_in_transaction_session_timeout": "0"}
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "secondline"}
_MISMATCH = "server version mismatch"


class DumpFailed(Exception):
    """PostgreSQL's program did not do it; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the database, for as long as its block lasts.

    `schema` is the newest migration, `rows` the number of rows by table, `roles` those that a dump names beside the
    account that makes it, `server` the version of PostgreSQL.
    """

    id: str
    schema: int
    rows: Mapping[str, int]
    roles: tuple[str, ...]
    server: str


@asynccontextmanager
async def snapshot(dsn: str) -> AsyncIterator[Snapshot]:
    """Hold one state of the database still; everybody else goes on. Raises StoreUnavailable or StoreError."""
    async with _connected(dsn) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        with translated():
            schema = max([row["version"] async for row in sql.applied_migrations(connection)], default=0)
            held = Snapshot(
                id=await sql.export_snapshot(connection),
                schema=schema,
                rows=await _rows(connection),
                roles=tuple([row["name"] async for row in sql.foreign_roles(connection)]),
                server=await sql.server_version(connection),
            )
        yield held


async def rows_of(dsn: str) -> Mapping[str, int]:
    """The number of rows of every table. Raises StoreUnavailable or StoreError."""
    async with _connected(dsn) as connection:
        with translated():
            return await _rows(connection)


async def is_empty(dsn: str) -> bool:
    """Whether there is no table yet. Raises StoreUnavailable or StoreError."""
    async with _connected(dsn) as connection:
        with translated():
            empty: bool = await sql.is_empty(connection)
    return empty


def dump(dsn: str, held: Snapshot) -> Iterator[bytes]:
    """The database as `held` is, in pieces, in pg_dump's own format. Raises DumpFailed; then what came is worthless."""
    words = ("--format=custom", f"--snapshot={held.id}", "--no-password")
    with tempfile.TemporaryFile() as said, _started("pg_dump", dsn, words, said, feeds=False) as program:
        assert program.stdout is not None
        try:
            while chunk := program.stdout.read(CHUNK):
                yield chunk
        except GeneratorExit:
            program.kill()
            raise
        _judge("pg_dump", program.wait(), said)


async def make_roles(dsn: str, roles: Iterable[str]) -> None:
    """Make the roles that a dump names where they are missing: the schema's own as it needs them, any other without the
    right to sign in. Raises StoreUnavailable or StoreError.
    """
    async with _connected(dsn) as connection:
        with translated():
            await sql.make_roles(connection)
            for role in roles:
                statement: str | None = await sql.role_statement(connection, name=role)
                if statement is not None:
                    await connection.execute(statement)


def load(dsn: str, pieces: Iterable[bytes]) -> None:
    """Put a dump into an empty database, all or nothing. Raises DumpFailed."""
    words = ("--single-transaction", "--exit-on-error", "--no-password")
    with tempfile.TemporaryFile() as said, _started("pg_restore", dsn, words, said, feeds=True) as program:
        assert program.stdin is not None
        try:
            for piece in pieces:
                program.stdin.write(piece)
            program.stdin.close()
        except BrokenPipeError:
            pass  # its exit status says why
        except BaseException:
            program.kill()
            raise
        _judge("pg_restore", program.wait(), said)


async def _rows(connection: asyncpg.Connection[asyncpg.Record]) -> Mapping[str, int]:
    statement: str | None = await sql.counting_statement(connection)
    if statement is None:
        return {}
    return {row["name"]: row["rows"] for row in await connection.fetch(statement, timeout=COUNT_SECONDS)}


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    with translated():
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, server_settings=_SETTINGS)
    try:
        yield connection
    finally:
        connection.terminate()


def _started(
    name: str,
    dsn: str,
    words: tuple[str, ...],
    said: IO[bytes],
    *,
    feeds: bool,
) -> subprocess.Popen[bytes]:
    address, password = without_password(dsn)
    environment = _ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)}
    if password:
        environment["PGPASSWORD"] = password  # not a word of the command, which everybody can see
    try:
        return subprocess.Popen(
            [str(postgres_programs() / name), f"--dbname={address}", *words],
            stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feeds else subprocess.PIPE,
            stderr=said,
            env=environment,
            cwd="/",
        )
    except OSError as error:
        raise DumpFailed(f"{name} cannot be started ({error.strerror}): reinstall Secondline.") from None


def _judge(name: str, status: int, said: IO[bytes]) -> None:
    """Raises DumpFailed. What the program said is looked at but never told: it may quote a row."""
    if status == 0:
        return
    said.seek(0)
    text = said.read(100_000).decode("utf-8", "replace")
    if _MISMATCH in text:
        raise DumpFailed(
            "The database server is newer than the programs of this Secondline: bring Secondline up to date."
        )
    if "No space left on device" in text:
        raise DumpFailed("The disk of the database is full: free some space, then try again.")
    if "permission denied" in text:
        raise DumpFailed(
            "The database's account may not read or write all of it: give it the rights, or use its owner."
        )
    raise DumpFailed(f"{name} ended with status {status}: look at the database's own log, then try again.")


def without_password(dsn: str) -> tuple[str, str | None]:
    """The address of a database, and the password that stood in it."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, None
    account, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=f"{account.partition(':')[0]}@{host}"))
    return bare, unquote(parts.password)
