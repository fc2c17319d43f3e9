"""The audit of who came to the door of SIP: bans, and phones that came from somewhere new."""

from __future__ import annotations

from datetime import datetime

from pbx.domain.registrations import Moved
from pbx.store.audit import SYSTEM, note
from pbx.store.database import Database


class PgDoorAudit:
    """Each raises StoreUnavailable. Addresses are those of phones and of whoever guessed, never of a patient's call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def banned(self, address: str, until: datetime) -> None:
        await self._note("banned", f"address/{address}", until=until.isoformat())

    async def lifted(self, address: str) -> None:
        await self._note("ban lifted", f"address/{address}")

    async def moved(self, moved: Moved) -> None:
        address, agent = moved.before
        now = moved.now
        before = {"before_address": address, "before_agent": agent}
        await self._note("moved", f"phone/{now.phone}", address=now.address, agent=now.agent, **before)

    async def _note(self, action: str, thing: str, **detail: str) -> None:
        async with self._database.session() as connection:
            await note(connection, SYSTEM, action, thing, **detail)
