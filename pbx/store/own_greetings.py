"""The audit of greetings that people record by phone."""

from __future__ import annotations

from pbx.domain.own_greetings import OwnGreeting
from pbx.store.audit import note
from pbx.store.database import Database


class PgGreetingAudit:
    """`pbx.services.own_greetings.GreetingAudit` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recorded(self, one: OwnGreeting, actor: str) -> None:
        """`actor` records a greeting."""
        detail = {"ends": one.ends.isoformat()} if one.ends else {}
        await self._note(one, actor, "recorded", **detail)

    async def removed(self, one: OwnGreeting, actor: str) -> None:
        """`actor` goes back to the greeting in the file."""
        await self._note(one, actor, "reset")

    async def _note(self, one: OwnGreeting, actor: str, action: str, **detail: str) -> None:
        async with self._database.session() as connection:
            await note(connection, actor, action, f"greeting/{one.person}/{one.kind}", **detail)
