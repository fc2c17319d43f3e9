"""The swaps on a rota in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.domain.events import EventKind
from pbx.domain.oncall import Swap, SwapRecord
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record


class PgSwapBook:
    """`pbx.services.ports.SwapBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, swap: Swap, actor: str) -> Swap:
        """Keep a swap and note it; gives it with its id."""
        async with self._database.transaction() as connection:
            number: int = await sql.add_swap(
                connection,
                rota=swap.rota,
                off_person=swap.out,
                on_person=swap.into,
                starts_at=swap.start,
                ends_at=swap.end,
                made_by=swap.by,
                reason=swap.reason,
            )
            times = {"start": swap.start.isoformat(), "end": swap.end.isoformat()}
            people = {"off": swap.out, "on": swap.into, "by": swap.by}
            await note(connection, actor, "swapped", f"swap/{number}", rota=swap.rota, **people, **times)
            about = {"rota": swap.rota, "off": swap.out, "on": swap.into, **times}
            await happened(connection, EventKind.ONCALL_SWAPPED, number, **about)
        return replace(swap, id=number)

    async def undo(self, swap: int, by: str, actor: str) -> bool:
        """Take a swap back and note it. False if there is none of that number, or if it was undone before."""
        async with self._database.transaction() as connection:
            rota = await sql.undo_swap(connection, id=swap, undone_by=by)
            if rota is None:
                return False
            await note(connection, actor, "unswapped", f"swap/{swap}", rota=rota, by=by)
        return True

    async def swaps(self, rota: str | None = None, *, undone: bool = False) -> Sequence[SwapRecord]:
        """Every swap of one rota or of all, in the order in which they were made; `undone`: those taken back too."""
        async with self._database.session() as connection:
            return [_record(row) async for row in sql.swaps(connection, rota=rota, undone=undone)]


def _record(row: Record) -> SwapRecord:
    swap = Swap(
        rota=row["rota"],
        out=row["off_person"],
        into=row["on_person"],
        start=row["starts_at"],
        end=row["ends_at"],
        by=row["made_by"],
        reason=row["reason"],
        id=row["id"],
    )
    return SwapRecord(swap, row["made_at"], row["undone_at"], row["undone_by"])
