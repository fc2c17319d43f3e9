"""Swaps on a rota are kept with who made them, in the audit, and can be taken back once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pbx.domain.oncall import Swap
from pbx.services.ports import SwapBook
from pbx.store.database import Database
from pbx.store.swaps import PgSwapBook
from tests.kit.calls import MORNING

SWAP = Swap("doctors", "rictor", "okafor", MORNING, MORNING + timedelta(days=2), "Sam Mills", "family")


@pytest.fixture
def book(database: Database) -> SwapBook:
    return PgSwapBook(database)


async def notes(database: Database) -> list[tuple[str, str, str, dict[str, str]]]:
    async with database.session() as connection:
        rows = await connection.fetch("SELECT actor, action, object, detail FROM audit ORDER BY id")
    return [(row["actor"], row["action"], row["object"], json.loads(row["detail"])) for row in rows]


async def test_a_swap_is_read_back_as_it_was_made(book: SwapBook) -> None:
    made = await book.add(SWAP, "mia")
    [record] = await book.swaps()
    assert made == record.swap == replace(SWAP, id=made.id)
    assert (record.undone_at, record.undone_by) == (None, None)


async def test_swaps_come_in_the_order_in_which_they_were_made_and_by_rota(book: SwapBook) -> None:
    for swap in (SWAP, replace(SWAP, rota="nurses"), replace(SWAP, start=MORNING - timedelta(days=9))):
        await book.add(swap, "mia")
    assert [record.swap.rota for record in await book.swaps()] == ["doctors", "nurses", "doctors"]
    assert [record.swap.start for record in await book.swaps("doctors")] == [MORNING, MORNING - timedelta(days=9)]


async def test_an_undone_swap_stays_on_record_and_is_undone_once(book: SwapBook) -> None:
    number = (await book.add(SWAP, "mia")).id
    assert number is not None
    assert await book.undo(number, "Sam Mills", "mia")
    assert not await book.undo(number, "Sam Mills", "mia")
    assert not await book.undo(number + 1, "Sam Mills", "mia")
    assert await book.swaps() == []
    [record] = await book.swaps(undone=True)
    assert record.undone_by == "Sam Mills"
    assert record.undone_at is not None and record.undone_at >= record.made_at


async def test_both_are_in_the_audit(book: SwapBook, database: Database) -> None:
    number = (await book.add(SWAP, "mia")).id
    assert number is not None
    await book.undo(number, "Dr. Okafor", "joe")
    made, undone = await notes(database)
    assert made[:3] == ("mia", "swapped", f"swap/{number}")
    assert made[3] == {
        "rota": "doctors",
        "off": "rictor",
        "on": "okafor",
        "by": "Sam Mills",
        "start": SWAP.start.isoformat(),
        "end": SWAP.end.isoformat(),
    }
    assert undone == ("joe", "unswapped", f"swap/{number}", {"rota": "doctors", "by": "Dr. Okafor"})
