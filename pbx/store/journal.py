"""What is noted in the audit by itself, with no deed of its own in the database."""

from __future__ import annotations

from pbx.store.audit import note
from pbx.store.database import Database


class PgJournal:
    """`pbx.services.journal.Journal` on PostgreSQL, for those who need the database anyhow."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, actor: str, action: str, thing: str, **detail: str | bool | int) -> None:
        """Write one row. Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await note(connection, actor, action, thing, **detail)
