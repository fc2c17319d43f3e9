"""The PINs in PostgreSQL, as hashes."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.domain.pin import Lockout, PinRecord
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database
from pbx.store.queries import sql


class PgPinBook:
    """`pbx.services.ports.PinBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, person: str, hashed: str, actor: str) -> None:
        """Keep a person's PIN instead of an earlier one, and note it."""
        async with self._database.transaction() as connection:
            await sql.keep_pin(connection, person=person, hash=hashed, set_by=actor)
            await note(connection, actor, "pin-set", f"person/{person}")

    async def remove(self, person: str, actor: str) -> bool:
        """Take a person's PIN away and note it. False if there was none."""
        async with self._database.transaction() as connection:
            if await sql.remove_pin(connection, person=person) is None:
                return False
            await note(connection, actor, "pin-cleared", f"person/{person}")
        return True

    async def note_lockout(self, lockout: Lockout) -> None:
        """Note that wrong tries locked a PIN."""
        async with self._database.transaction() as connection:
            person, until = f"person/{lockout.person}", lockout.until.isoformat()
            await note(connection, SYSTEM, "pin-locked", person, until=until, wrong=lockout.wrong)

    async def pins(self) -> Sequence[PinRecord]:
        """Everybody's."""
        async with self._database.session() as connection:
            return [
                PinRecord(row["person"], row["hash"], row["set_at"], row["set_by"])
                async for row in sql.pins(connection)
            ]
