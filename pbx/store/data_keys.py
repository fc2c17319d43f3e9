"""The data keys of calls and messages: found or made in the transaction that seals with them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.sealed import WrappedKey
from pbx.sealing.vault import DataKey, Unopenable, Vault
from pbx.store.errors import StoreError
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session

log = logging.getLogger(__name__)

CALLER, CALLBACK, TRANSCRIPT, NOTE = "caller", "callback", "transcript", "note"
"""What is sealed as what: a caller's number, one that was keyed, text and words, what the staff wrote."""

LOST = "What is stored of {} cannot be opened: its key is gone. Restore the database from a backup."


def seal_words(key: DataKey, text: str, words: object) -> bytes:
    """Text and words of a transcript as they are stored."""
    return key.seal_text(TRANSCRIPT, json.dumps({"text": text, "words": words}))


async def key_for(connection: Session, vault: Vault, subject: UUID) -> DataKey:
    """The key of `subject`, made where it has none. Two who ask at once get the same. Raises Unopenable."""
    known = await wrapped_key(connection, subject)
    if known is not None:
        return vault.unwrap(known)
    made = vault.new_key(subject)
    if await _add(connection, vault, vault.wrap(made)):
        return made
    known = await wrapped_key(connection, subject)
    if known is None:
        raise StoreError("A key was taken away while it was asked for.")
    return vault.unwrap(known)


async def keep_key(connection: Session, vault: Vault, wrapped: WrappedKey) -> None:
    """Keep the key that something outside the database is sealed with. Raises StoreError if its subject has another."""
    if wrapped.kek != vault.ring.current().id:
        wrapped = vault.rewrap(wrapped)
    if not await _add(connection, vault, wrapped):
        known = await wrapped_key(connection, wrapped.subject)
        if known is None or known.fingerprint != wrapped.fingerprint:
            raise StoreError("The database has another key for a message than its audio is sealed with.")


async def wrapped_key(connection: Session, subject: UUID) -> WrappedKey | None:
    """The key of `subject` as it is stored, or None."""
    row = await sql.data_key(connection, subject=subject)
    return None if row is None else wrapped_of(row)


async def keys_of(connection: Session, vault: Vault, subjects: Iterable[UUID]) -> Keys:
    """The keys of all `subjects` that have one, at one blow."""
    rows = sql.data_keys(connection, subjects=list(set(subjects)))
    return Keys({row["subject"]: wrapped_of(row) async for row in rows}, vault)


class Keys:
    """Opens what rows hold. The key of a subject is unwrapped when it is first used."""

    def __init__(self, wrapped: Mapping[UUID, WrappedKey], vault: Vault) -> None:
        self._wrapped = wrapped
        self._vault = vault
        self._keys: dict[UUID, DataKey] = {}

    def wrapped(self, subject: UUID) -> WrappedKey | None:
        """The key of a subject as it is stored, if it has one."""
        return self._wrapped.get(subject)

    def key(self, subject: UUID) -> DataKey:
        """Raises Unopenable where it is gone or was changed, and KeysMissing."""
        if subject not in self._keys:
            wrapped = self._wrapped.get(subject)
            if wrapped is None:
                raise Unopenable(LOST.format(subject))
            self._keys[subject] = self._vault.unwrap(wrapped)
        return self._keys[subject]

    def text(self, subject: UUID, kind: str, sealed: bytes | None) -> str | None:
        """A sealed text; None where there is none. Raises Unopenable and KeysMissing."""
        return None if sealed is None else self.key(subject).open_text(kind, sealed)


async def _add(connection: Session, vault: Vault, key: WrappedKey) -> bool:
    added = await sql.add_data_key(
        connection, subject=key.subject, kek=key.kek, wrapped=key.wrapped, fingerprint=key.fingerprint
    )
    # Whoever destroys a master key locks the table meanwhile: one that went while this waited is missed here.
    vault.ring.key(key.kek, surely=True)
    return added is not None


def wrapped_of(row: Record) -> WrappedKey:
    """A key of a row of data_key."""
    return WrappedKey(row["subject"], row["kek"], row["wrapped"], row["fingerprint"])
