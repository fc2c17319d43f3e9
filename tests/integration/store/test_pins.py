"""PINs are kept as hashes, with who set them, and every change is in the audit."""

from __future__ import annotations

import pytest

from pbx.domain.pin import Lockout
from pbx.services.ports import PinBook
from pbx.store.database import Database
from pbx.store.pins import PgPinBook
from tests.integration.store.test_swaps import notes
from tests.kit.calls import MORNING


@pytest.fixture
def book(database: Database) -> PinBook:
    return PgPinBook(database)


async def test_a_pin_is_kept_replaced_and_removed(book: PinBook) -> None:
    await book.keep("rictor", "hash-1", "mia")
    await book.keep("okafor", "hash-2", "mia")
    await book.keep("rictor", "hash-3", "joe")
    assert [(p.person, p.hashed, p.set_by) for p in await book.pins()] == [
        ("okafor", "hash-2", "mia"),
        ("rictor", "hash-3", "joe"),
    ]
    assert await book.remove("rictor", "joe")
    assert not await book.remove("rictor", "joe")
    assert [p.person for p in await book.pins()] == ["okafor"]


async def test_what_happened_is_in_the_audit_without_the_hash(book: PinBook, database: Database) -> None:
    await book.keep("rictor", "hash-1", "mia")
    await book.note_lockout(Lockout("rictor", 3, MORNING))
    await book.remove("rictor", "joe")
    await book.remove("rictor", "joe")
    assert await notes(database) == [
        ("mia", "pin-set", "person/rictor", {}),
        ("system", "pin-locked", "person/rictor", {"until": MORNING.isoformat(), "wrong": 3}),
        ("joe", "pin-cleared", "person/rictor", {}),
    ]
