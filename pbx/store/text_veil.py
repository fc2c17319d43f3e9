"""The one place through which patients' numbers and words of texts go into the database and come out of it.

Each text has a data key of its own, so one that is erased with its key is gone from every copy of the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.store.data_keys import LOST, Keys, key_for, keys_of
from pbx.store.database import Database
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.store.session import Session

PATIENT, BODY = "text-patient", "text-body"
"""What is sealed as what."""


class Veil:
    """Seals and opens what a text says and who the patient is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index(self, number: str) -> bytes:
        """By what a number is found again. Raises KeysMissing."""
        return self._database.vault.index(number)

    async def seal(self, connection: Session, text: UUID, patient: str, body: str) -> tuple[bytes, bytes]:
        """A text's number and words as they are kept. Raises KeysMissing."""
        key = await key_for(connection, self._database.vault, text)
        return key.seal_text(PATIENT, patient), key.seal_text(BODY, body)

    async def opener(self, connection: Session, texts: Iterable[UUID]) -> Opener:
        """Opens what is kept of these texts."""
        return Opener(await keys_of(connection, self._database.vault, texts))


class Opener:
    """Opens numbers and words of some texts. Both raise Unopenable and KeysMissing."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def patient(self, text: UUID, sealed: bytes) -> str:
        return self._opened(text, PATIENT, sealed)

    def body(self, text: UUID, sealed: bytes) -> str:
        return self._opened(text, BODY, sealed)

    def _opened(self, text: UUID, kind: str, sealed: bytes) -> str:
        found = self._keys.text(text, kind, sealed)
        if found is None:
            raise StoreError(LOST.format(text))
        return found
