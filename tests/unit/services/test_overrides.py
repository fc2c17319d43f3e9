"""Overrides are set, followed and ended, with the database there, away and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.override import Mode, Override, OverrideRecord, Scope
from pbx.services.overrides import OVERRIDES, BadEnd, Overrides, OverridesInForce, Refused, Wanted
from pbx.services.ports import StoreUnavailable
from tests.unit.services.test_oncall import Note
from tests.unit.test_override import IN_HOURS, POLICY, RICTORS

WANTED = Wanted(Mode.CLOSED, Scope.NUMBER, RICTORS, None, "Sam Mills", "roads")
FIVE = IN_HOURS + timedelta(hours=7)


class Book:
    """Overrides in memory, the newest first, that can be away."""

    def __init__(self) -> None:
        self.kept: list[Override] = []
        self.away = False

    async def add(self, override: Override, actor: str) -> Override:
        self._look()
        made = replace(override, id=len(self.kept) + 1)
        self.kept.insert(0, made)
        return made

    async def end(self, override: int, by: str, actor: str) -> Override | None:
        self._look()
        found = next((one for one in self.kept if one.id == override), None)
        if found:
            self.kept.remove(found)
        return found

    async def overrides(self, *, over: bool = False) -> Sequence[OverrideRecord]:
        self._look()
        return [OverrideRecord(one, one.starts) for one in self.kept]

    def _look(self) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")


def an_office(book: Book, note: Note) -> Overrides:
    return Overrides(book, OverridesInForce(book, note), lambda: POLICY)


async def test_one_that_is_set_holds_at_once_until_its_end() -> None:
    office = an_office(Book(), Note())
    made = await office.set(WANTED, "mia", IN_HOURS)
    assert made.ends == FIVE
    assert office.in_force(IN_HOURS) == office.in_force(FIVE - timedelta(microseconds=1)) == (made,)
    assert office.in_force(FIVE) == ()


async def test_those_in_force_outlive_the_process_and_the_database() -> None:
    book, note = Book(), Note()
    made = await an_office(book, note).set(WANTED, "mia", IN_HOURS)
    book.away = True
    again = an_office(book, note)
    assert again.in_force(IN_HOURS) == (made,)
    with pytest.raises(StoreUnavailable):
        await again.set(WANTED, "mia", IN_HOURS)


async def test_one_that_is_undone_holds_no_more() -> None:
    office = an_office(Book(), Note())
    first = await office.set(WANTED, "mia", IN_HOURS)
    second = await office.set(replace(WANTED, mode=Mode.OPEN), "mia", IN_HOURS)
    assert office.in_force(IN_HOURS) == (first, second)
    assert await office.undo(1, "Sam Mills", "mia") == first
    assert await office.undo(1, "Sam Mills", "mia") is None
    assert office.in_force(IN_HOURS) == (second,)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (replace(WANTED, target="+12155550100"), Refused),
        (replace(WANTED, ends=IN_HOURS), BadEnd),
        (replace(WANTED, ends=IN_HOURS + timedelta(days=15)), BadEnd),
        (replace(WANTED, by=" "), Refused),
    ],
)
async def test_what_is_refused_is_not_kept(wanted: Wanted, error: type[Exception]) -> None:
    book = Book()
    with pytest.raises(error):
        await an_office(book, Note()).set(wanted, "mia", IN_HOURS)
    assert book.kept == []


@given(reason=st.text(max_size=20), mode=st.sampled_from(Mode), scope=st.sampled_from(Scope), minutes=st.integers(1))
def test_what_is_kept_is_read_back_as_it_was(reason: str, mode: Mode, scope: Scope, minutes: int) -> None:
    ends: datetime = IN_HOURS + timedelta(minutes=min(minutes, 99999))
    one = Override(7, scope, "x", mode, IN_HOURS, ends, "Sam", reason)
    assert OVERRIDES.from_text(OVERRIDES.to_text([one])) == (one,)


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '[{"id": 1}]', "7", "[]"])
def test_a_note_that_cannot_be_read_is_no_override(text: str | None) -> None:
    assert OverridesInForce(Book(), Note(text)).held == ()
