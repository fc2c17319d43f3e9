"""The pool of connections to PostgreSQL. It heals by itself when the server was away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import asyncpg

from pbx.sealing.keys import KeysMissing
from pbx.services.ports import StoreUnavailable
from pbx.store.audit import noting_last
from pbx.store.errors import NOT_ALLOWED, StoreError, translated
from pbx.store.migrate import SchemaRefused, migrate
from pbx.store.queries import sql
from pbx.store.sealing_up import seal_old_rows

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record

    from pbx.sealing.vault import Vault
    from pbx.store.session import Session

POOL_SIZE = 8
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
MIGRATION_SECONDS = 600.0
CLOSE_SECONDS = 3.0

_SETTINGS = {
    "application_name": "secondline",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a database is: for the application, whose role can do no more than it must, and for its owner."""

    app: str = field(repr=False)
    owner: str = field(repr=False)


class Database:
    """A PostgreSQL database. Every method raises `StoreUnavailable` while the server is away."""

    def __init__(self, where: Addresses, pool: Pool[Record], vault: Vault | None = None) -> None:
        self.dsn = where.app
        self._owner = where.owner
        self._pool = pool
        self._vault = vault
        self._making_tables = False

    @property
    def vault(self) -> Vault:
        """With what patients' data are sealed and opened. Raises KeysMissing."""
        if self._vault is None:
            raise KeysMissing("The database was opened without the keys, so nothing about patients can be read.")
        return self._vault

    @classmethod
    @asynccontextmanager
    async def connect(cls, where: Addresses | str, vault: Vault | None = None) -> AsyncIterator[Self]:
        """A database for the length of the block. The server may be away: no connection is made before one is used.

        With one address the application is the owner too. Without a `vault` nothing about patients can be read or
        written.
        """
        where = Addresses(where, where) if isinstance(where, str) else where
        with translated():
            pool = await asyncpg.create_pool(
                where.app,
                min_size=0,
                max_size=POOL_SIZE,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=_SETTINGS,
                reset=_leave_as_it_is,
            )
        try:
            yield cls(where, pool, vault)
        finally:
            await _close(pool)

    async def migrate(self) -> None:
        """Bring the schema up to date, and seal what is about patients and was written before there were keys.

        Raises `SchemaRefused` with a remedy if that would be wrong, and KeysMissing.
        """
        self._making_tables = True
        try:
            async with self.owned() as connection:
                await migrate(connection)
                if self._vault is not None:
                    await seal_old_rows(connection, self._vault)
        except StoreError as error:
            if NOT_ALLOWED not in str(error):
                raise
            raise SchemaRefused(
                "The role that signs in to the database may not make or change its tables: give the address for its "
                "owner as [database] owner_url (docs/audit.md)."
            ) from None
        finally:
            self._making_tables = False

    async def check_keys(self) -> None:
        """Raises KeysMissing with a remedy where a master key is not there that something in the database is under."""
        self.vault.ring.current()
        async with self.session() as connection:
            async for row in sql.keys_by_kek(connection):
                self.vault.ring.key(row["kek"])

    async def server_version(self) -> str:
        """The version of the server, such as `18.4`; proof that it answers."""
        async with self.session() as connection:
            version: str = await sql.server_version(connection)
        return version

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection of the pool, outside a transaction."""
        if self._making_tables:  # there are tables to which the program's role is given its rights at the end
            raise StoreUnavailable("The tables of the database are being made.")
        with translated():
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A connection of the pool in a transaction: all of the block is written, its notes last, or nothing."""
        async with self.session() as connection, connection.transaction(), noting_last(connection):
            yield connection

    @asynccontextmanager
    async def dedicated(self, command_seconds: float = COMMAND_SECONDS) -> AsyncIterator[Connection[Record]]:
        """A connection of one's own, for listening or for long statements."""
        async with _connection(self.dsn, command_seconds) as connection:
            yield connection

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[Connection[Record]]:
        """A connection of the owner's, for what the application's role cannot do."""
        async with _connection(self._owner, MIGRATION_SECONDS) as connection:
            yield connection


@asynccontextmanager
async def _connection(dsn: str, command_seconds: float) -> AsyncIterator[Connection[Record]]:
    with translated():
        connection = await asyncpg.connect(
            dsn, timeout=CONNECT_SECONDS, command_timeout=command_seconds, server_settings=_SETTINGS
        )
        try:
            yield connection
        finally:
            connection.terminate()


async def _leave_as_it_is(_: object) -> None:
    """Nothing here changes a pooled connection's state, so the round trip that would reset it is saved."""


async def _close(pool: Pool[Record]) -> None:
    """Close in good manners; where the server does not answer, without them."""
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
        pool.terminate()
