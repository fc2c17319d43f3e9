"""The audit of what people heard of calls to the emergency services."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database


class PgEmergencyAudit:
    """`pbx.services.emergency.EmergencyAudit` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def told(self, call: UUID, told: Sequence[str], failed: Sequence[str]) -> None:
        """Note who has heard of a call, and who will not."""
        async with self._database.session() as connection:
            await note(connection, SYSTEM, "emergency-told", f"call/{call}", told=list(told), failed=list(failed))
