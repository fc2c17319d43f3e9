"""What happened, written down in the transaction of the deed itself: it is told when it is true, and only then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from pbx.domain.events import EventKind
from pbx.store.queries import sql

if TYPE_CHECKING:
    from pbx.store.session import Session


async def happened(connection: Session, kind: EventKind, subject: object, **about: str) -> UUID:
    """Write an event down: `subject` is the id of what it happened to, `about` keys and ids without patient data."""
    id_ = uuid4()
    await sql.happened(connection, id=id_, kind=kind.value, subject=str(subject), about=json.dumps(about))
    return id_
