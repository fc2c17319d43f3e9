"""The overrides in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.domain.events import EventKind
from pbx.domain.override import Mode, Override, OverrideRecord, Scope
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

MOST = 1000
"""Overrides given at once, the newest."""


class PgOverrideBook:
    """`pbx.services.ports.OverrideBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, override: Override, actor: str) -> Override:
        """Keep an override and note it; gives it with its id."""
        async with self._database.transaction() as connection:
            number: int = await sql.add_override(
                connection,
                scope=override.scope.value,
                target=override.target,
                mode=override.mode.value,
                starts_at=override.starts,
                ends_at=override.ends,
                made_by=override.by,
                reason=override.reason,
            )
            detail = {"mode": override.mode.value, "by": override.by, "end": override.ends.isoformat()}
            await note(connection, actor, "overrode", f"override/{number}", **_whom(override), **detail)
            about = _whom(override) | {"mode": override.mode.value, "end": override.ends.isoformat()}
            await happened(connection, EventKind.OVERRIDE_SET, number, **about)
        return replace(override, id=number)

    async def end(self, override: int, by: str, actor: str) -> Override | None:
        """End an override before its time and note it. None if there is none of that number that has not ended."""
        async with self._database.transaction() as connection:
            row = await sql.end_override(connection, id=override, ended_by=by)
            if row is None:
                return None
            ended = _record(row).override
            await note(connection, actor, "ended-override", f"override/{override}", **_whom(ended), by=by)
        return ended

    async def overrides(self, *, over: bool = False) -> Sequence[OverrideRecord]:
        """Those that have not ended, the newest first; `over`: those that have, too."""
        async with self._database.session() as connection:
            return [_record(row) async for row in sql.overrides(connection, over=over, most=MOST)]


def _whom(override: Override) -> dict[str, str]:
    return {"scope": override.scope.value, "target": override.target}


def _record(row: Record) -> OverrideRecord:
    override = Override(
        id=row["id"],
        scope=Scope(row["scope"]),
        target=row["target"],
        mode=Mode(row["mode"]),
        starts=row["starts_at"],
        ends=row["ends_at"],
        by=row["made_by"],
        reason=row["reason"],
    )
    return OverrideRecord(override, row["made_at"], row["ended_at"], row["ended_by"])
