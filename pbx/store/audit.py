"""Who did what to which call or message: rows without patient data, written in the transaction of the deed itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pbx.store.queries import sql

if TYPE_CHECKING:
    from pbx.store.database import Session

SYSTEM = "system"
"""The actor of what Secondline does by itself."""


async def note(
    connection: Session, actor: str, action: str, thing: str, **detail: str | bool | float | list[str]
) -> None:
    """Write one row: `actor` did `action` to `thing` (`call/<id>`, `message/<id>`); `detail` holds no patient data."""
    await sql.note(connection, actor=actor, action=action, object=thing, detail=json.dumps(detail))
