"""Who did what to which call or message: rows without patient data, written in the transaction of the deed itself.

Rows are links of a chain, and whoever appends one holds the chain's end until the transaction is over. So the rows of a
transaction wait until everything else of it is done, and are appended by its last statement: no two transactions wait
for each other crosswise, and each holds the end for no longer than its commit takes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from pbx.store.queries import sql

if TYPE_CHECKING:
    from pbx.store.session import Session

SYSTEM = "system"
"""The actor of what Secondline does by itself."""


class _Note(NamedTuple):
    actor: str
    action: str
    object: str
    detail: str


_waiting: dict[int, list[_Note]] = {}
"""The rows of each transaction that is under way, by the identity of its connection."""


async def note(
    connection: Session, actor: str, action: str, thing: str, **detail: str | bool | float | list[str]
) -> None:
    """Note that `actor` did `action` to `thing` (`call/<id>`, `message/<id>`); `detail` holds no patient data.

    In a transaction of `Database.transaction` the row is written when the rest of it is done, else at once.
    """
    row = _Note(actor, action, thing, json.dumps(detail))
    notes = _waiting.get(id(connection))
    if notes is None:
        await _append(connection, [row])
    else:
        notes.append(row)


@asynccontextmanager
async def noting_last(connection: Session) -> AsyncIterator[None]:
    """For the body of a transaction: what is noted in it is written at its end, unless it fails."""
    notes: list[_Note] = []
    _waiting[id(connection)] = notes
    try:
        yield
    finally:
        del _waiting[id(connection)]
    if notes:
        await _append(connection, notes)


async def _append(connection: Session, rows: Sequence[_Note]) -> None:
    await sql.append(
        connection,
        actors=[row.actor for row in rows],
        actions=[row.action for row in rows],
        objects=[row.object for row in rows],
        details=[row.detail for row in rows],
    )
