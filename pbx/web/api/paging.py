"""Pages that stay as they are while new entries come: each begins behind the last entry of the one before."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field

from pbx.web.api.problems import Wrong

Cursor = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before.")]

Place = tuple[datetime, UUID]


def cursor_of(at: datetime, id_: UUID) -> str:
    """Where the next page begins: behind this entry."""
    micros = int(at.timestamp()) * 1_000_000 + at.microsecond
    return urlsafe_b64encode(micros.to_bytes(8, "big") + id_.bytes).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """The entry behind which a page begins. Raises Wrong."""
    if cursor is None:
        return None
    try:
        data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        seconds, micros = divmod(int.from_bytes(data[:8], "big"), 1_000_000)
        at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
        return at, UUID(bytes=data[8:])
    except (ValueError, OverflowError, OSError) as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, "'cursor' must be the 'next' of the page before") from error
