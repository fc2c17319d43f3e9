"""The audit of calls that somebody asked the server to place."""

from __future__ import annotations

from pbx.domain.events import EventKind
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.events import happened


class PgPlacedAudit:
    """`pbx.services.placing.PlacedAudit` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def asked(self, person: str, by: str, reason: str) -> None:
        """Note that `by` asked for a call of `person`, and whether it was allowed."""
        async with self._database.transaction() as connection:
            await note(connection, by, "asked-for-call", f"person/{person}", reason=reason)
            await happened(connection, EventKind.CALL_ASKED, person, by=by, reason=reason)
