"""The one place through which patients' numbers and words of texts go into the database and come out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.store.database import Database

if TYPE_CHECKING:
    from pbx.store.session import Session


class Veil:
    """Seals and opens what a text says and who the patient is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index(self, number: str) -> bytes:
        """By what a number is found again."""
        return number.encode()

    async def seal(self, connection: Session, text: UUID, **values: str) -> dict[str, bytes]:
        """Values of a text, by what they are, as they are kept."""
        return {kind: value.encode() for kind, value in values.items()}

    async def opener(self, connection: Session, texts: Iterable[UUID]) -> Opener:
        """Opens what is kept of these texts."""
        return Opener()


class Opener:
    """Opens values of some texts."""

    def text(self, text: UUID, kind: str, sealed: bytes) -> str:
        """One value."""
        return sealed.decode()
