"""The data keys as a whole: under which master key they are, and the change to another one. No audio is touched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pbx.sealing.keys import KeysMissing
from pbx.sealing.vault import DataKey, Unopenable, Vault
from pbx.store.audit import note
from pbx.store.data_keys import key_for, wrapped_of
from pbx.store.database import Database
from pbx.store.queries import sql

AT_ONCE = 200
"""Keys wrapped anew in one transaction."""

_BEFORE_ALL = UUID(int=0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many keys came under the master key in force, and how many could not be opened."""

    keys: int = 0
    damaged: int = 0


class KeyInUse(Exception):
    """A master key cannot be destroyed; the text says what to do."""


class PgKeyBook:
    """Each method raises `StoreUnavailable` when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def vault(self) -> Vault:
        return self._database.vault

    async def counts(self) -> Mapping[str, int]:
        """How many data keys are under each master key, by its id."""
        async with self._database.session() as connection:
            return {row["kek"]: row["keys"] async for row in sql.keys_by_kek(connection)}

    async def rewrap(self, told: Callable[[int], None] = lambda _: None) -> Rewrapped:
        """Bring every data key under the master key in force, a batch a transaction; `told` hears of each batch.

        Cut short it leaves some under the old one and some under the new, all readable; again, it does the rest.
        """
        after, done, damaged = _BEFORE_ALL, 0, 0
        kek = self.vault.ring.current().id
        while True:
            async with self._database.transaction() as connection:
                rows = [row async for row in sql.keys_not_under(connection, kek=kek, after=after, limit=AT_ONCE)]
                for row in rows:
                    try:
                        fresh = self.vault.rewrap(wrapped_of(row))
                    except (Unopenable, KeysMissing) as problem:
                        log.error("a key stays as it is: %s", problem)
                        damaged += 1
                        continue
                    await sql.keep_rewrapped(
                        connection, kek=fresh.kek, wrapped=fresh.wrapped, subject=fresh.subject, old=row["kek"]
                    )
                    done += 1
            if not rows:
                return Rewrapped(done, damaged)
            after = rows[-1]["subject"]
            told(done)

    async def made(self, kek: str, actor: str) -> None:
        """Note in the audit that a master key was made."""
        await self._note(actor, "made-key", kek)

    async def destroy(self, kek: str, actor: str) -> None:
        """Destroy a master key that nothing is under any more, and note it. Raises KeyInUse, KeysMissing, OSError."""
        # Nobody can write a row under it meanwhile; that it is not in force is seen to by the ring.
        async with self._database.transaction() as connection:
            await sql.lock_data_keys(connection)
            used = await sql.keys_under(connection, kek=kek)
            if used:
                raise KeyInUse(f"{used} keys are still under {kek}: run `secondline keys rotate` first.")
            await note(connection, actor, "destroyed-key", f"key/{kek}")
            await asyncio.to_thread(self.vault.ring.destroy, kek)

    async def seal_file(self, message: UUID, plain: str, seal: Callable[[DataKey], str]) -> bool:
        """Have a message's recording `plain` sealed with its key, and note the name that `seal` gives.

        False where the message has it under another name already, or where there is no such message.
        """
        async with self._database.transaction() as connection:
            if await sql.lock_file(connection, id=message) != plain:
                return False
            key = await key_for(connection, self.vault, message)
            name = await asyncio.to_thread(seal, key)
            await sql.rename_file(connection, file=name, id=message)
        return True

    async def known(self, message: UUID) -> bool:
        """Whether there is such a message."""
        async with self._database.session() as connection:
            return await sql.file_of(connection, id=message) is not None

    async def _note(self, actor: str, action: str, kek: str) -> None:
        async with self._database.session() as connection:
            await note(connection, actor, action, f"key/{kek}")
