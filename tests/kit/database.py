"""A real PostgreSQL server for the tests: one a session (and a worker of xdist), and a fresh database a test."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg
import pytest

from pbx.sealing.keys import KeyRing
from pbx.sealing.vault import Vault
from pbx.store.database import Addresses, Database
from pbx.store.embedded import EmbeddedPostgres
from pbx.store.sockets import APPLICATION, USER

TEMPLATE = "migrated"


@cache
def keys_folder() -> Path:
    """The master keys of all tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="secondline-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    KeyRing(folder).make_first()
    return folder


def vault() -> Vault:
    """The vault on those keys; practices with `on_database` have the same."""
    return Vault(KeyRing(keys_folder()))


@dataclass(frozen=True)
class DatabaseServer:
    """A running server; `dsn` leads to its maintenance database."""

    dsn: str

    def dsn_of(self, name: str) -> str:
        return self.dsn.replace("/postgres?", f"/{name}?")

    async def create(self, name: str, template: str = "template1") -> str:
        """Make a database; gives its DSN."""
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.dsn_of(name)

    async def drop(self, name: str) -> None:
        await self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    """The server of this session, with a migrated template database."""
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("database") / "postgres")
    server = DatabaseServer(asyncio.run(postgres.start()))
    try:
        asyncio.run(_make_template(server))
        yield server
    finally:
        asyncio.run(postgres.stop())


@pytest.fixture(scope="session")
def fresh_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cluster as it is after its first start, stopped; for tests that do bad things to copies."""
    folder = tmp_path_factory.mktemp("fresh") / "postgres"

    async def make() -> None:
        postgres = EmbeddedPostgres(folder)
        await postgres.start()
        await postgres.stop()

    asyncio.run(make())
    return folder


def copy_cluster(cluster: Path, to: Path) -> Path:
    """Copy a stopped cluster with its owners, who need not be ours."""
    subprocess.run(["cp", "-a", cluster, to], check=True)
    return to


async def _make_template(server: DatabaseServer) -> None:
    async with Database.connect(await server.create(TEMPLATE)) as database:
        await database.migrate()


_numbers = itertools.count(1)


@asynccontextmanager
async def _scratch(server: DatabaseServer, template: str) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    try:
        yield await server.create(name, template)
    finally:
        await server.drop(name)


@pytest.fixture
async def dsn(database_server: DatabaseServer) -> AsyncIterator[str]:
    """The DSN of a database of this test's own, with the schema in it."""
    async with _scratch(database_server, TEMPLATE) as dsn:
        yield dsn


def on_database(dsn: str) -> str:
    """The end of a practice's file that is to use this database; its commands start no cluster of their own."""
    return f"\n[database]\nurl = '{dsn}'\n[keys]\nfolder = '{keys_folder()}'\n"


@pytest.fixture
async def empty_dsn(database_server: DatabaseServer) -> AsyncIterator[str]:
    """The DSN of an empty database of this test's own."""
    async with _scratch(database_server, "template0") as dsn:
        yield dsn


def addresses(dsn: str) -> Addresses:
    """The database of the owner's `dsn` for the program, with no more rights than it has in a practice."""
    return Addresses(app=dsn.replace(f"//{USER}@", f"//{APPLICATION}@"), owner=dsn)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """A connected database of this test's own, with the schema in it, for the program's role."""
    async with Database.connect(addresses(dsn), vault()) as database:
        yield database
