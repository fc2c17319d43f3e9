"""Bring the schema up to date at start: numbered SQL files, each in a transaction, one program at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.store.queries import sql
from pbx.store.queue import install_queue

if TYPE_CHECKING:
    from asyncpg import Connection, Record

FOLDER = Path(__file__).with_name("migrations")


class SchemaRefused(Exception):
    """The database's schema and this program do not belong together; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file `NNNN_name.sql`."""

    version: int
    name: str
    script: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.script.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The files of `folder` in their order."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return tuple(Migration(int(file.stem[:4]), file.stem[5:], file.read_text("utf-8")) for file in files)


async def migrate(connection: Connection[Record], wanted: Sequence[Migration] | None = None) -> None:
    """Apply what is missing of `wanted` (default: this program's own), then bring the job queue's schema up to date.

    Then the application's role is given its rights, on new tables too. The lock belongs to the session: `connection` is
    to be closed afterwards. Raises `SchemaRefused`.
    """
    known = migrations() if wanted is None else wanted
    await sql.lock_schema(connection)
    await sql.make_roles(connection)
    await sql.create_migration_table(connection)
    applied = {row["version"]: row["sha256"] async for row in sql.applied_migrations(connection)}
    _compare(known, applied)
    for migration in known:
        if migration.version not in applied:
            await _apply(connection, migration)
    await install_queue(connection)
    await sql.settle_rights(connection)


def _compare(known: Sequence[Migration], applied: dict[int, str]) -> None:
    newest = max((migration.version for migration in known), default=0)
    if applied and max(applied) > newest:
        raise SchemaRefused(
            f"The database was made by a newer Secondline (schema {max(applied)}, this program knows {newest}): "
            "start the newer program, or restore the backup made before the upgrade."
        )
    for migration in known:
        if applied.get(migration.version, migration.sha256) != migration.sha256:
            raise SchemaRefused(
                f"Migration {migration.version:04} ({migration.name}) is not the one that made this database: "
                "reinstall the released program; its migration files must not be edited."
            )


async def _apply(connection: Connection[Record], migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.script)
        await sql.note_migration(connection, version=migration.version, name=migration.name, sha256=migration.sha256)
