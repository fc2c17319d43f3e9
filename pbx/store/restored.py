"""What a restored database says of the files that belong to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.sealed import WrappedKey
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record


@dataclass(frozen=True, slots=True)
class KeptAudio:
    """A message's audio: its name in the message folder, the SHA-256 (hex) of the recording as it was taken in, and the
    key that it is sealed with, if it is.
    """

    message: UUID
    file: str
    sha256: str
    key: WrappedKey | None


async def kept_audio(database: Database) -> Sequence[KeptAudio]:
    """The audio of every message. Raises StoreUnavailable."""
    async with database.session() as connection:
        return [
            KeptAudio(row["id"], row["file"], row["sha256"], _key(row)) async for row in sql.message_files(connection)
        ]


async def finished(database: Database, calls: Collection[UUID]) -> frozenset[UUID]:
    """Which of these calls the log knows as over. Raises StoreUnavailable."""
    async with database.session() as connection:
        return frozenset([row["id"] async for row in sql.finished_calls(connection, ids=list(calls))])


def _key(row: Record) -> WrappedKey | None:
    if row["kek"] is None:
        return None
    return WrappedKey(row["id"], row["kek"], row["wrapped"], row["fingerprint"])
