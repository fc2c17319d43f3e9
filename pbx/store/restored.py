"""What a restored database says of the files that belong to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from pbx.store.database import Database
from pbx.store.queries import sql


@dataclass(frozen=True, slots=True)
class KeptAudio:
    """A message's audio: its name in the message folder, and the SHA-256 (hex) that it had when it was taken in."""

    message: UUID
    file: str
    sha256: str


async def kept_audio(database: Database) -> Sequence[KeptAudio]:
    """The audio of every message. Raises StoreUnavailable."""
    async with database.session() as connection:
        return [KeptAudio(row["id"], row["file"], row["sha256"]) async for row in sql.message_files(connection)]


async def finished(database: Database, calls: Collection[UUID]) -> frozenset[UUID]:
    """Which of these calls the log knows as over. Raises StoreUnavailable."""
    async with database.session() as connection:
        return frozenset([row["id"] async for row in sql.finished_calls(connection, ids=list(calls))])
