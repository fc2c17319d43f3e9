"""The swaps in force while the database is there, away and back; and the warning before nobody is on call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.oncall import Rota, Shift, Swap, SwapRecord, Weekly
from pbx.domain.policy import Phone, Policy
from pbx.domain.schedule import Range
from pbx.services.oncall import SWAPS, RotaWatch, SwapsInForce
from pbx.services.ports import StoreUnavailable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
SWAP = Swap("doctors", "rictor", "okafor", NOW, NOW + timedelta(hours=3), "mills", "family", 1)


class Book:
    """Swaps in memory that can be away."""

    def __init__(self, *swaps: Swap) -> None:
        self.kept = list(swaps)
        self.away = False

    async def add(self, swap: Swap, actor: str) -> Swap:
        raise AssertionError("the server makes no swap")

    async def undo(self, swap: int, by: str, actor: str) -> bool:
        raise AssertionError("the server undoes no swap")

    async def swaps(self, rota: str | None = None, *, undone: bool = False) -> Sequence[SwapRecord]:
        if self.away:
            raise StoreUnavailable("the database is away")
        return [SwapRecord(swap, NOW) for swap in self.kept]


class Note:
    """A keepsake in memory."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


async def test_swaps_are_taken_in_and_outlive_the_process_and_the_database() -> None:
    book, note = Book(SWAP), Note()
    await SwapsInForce(book, note).refresh()
    book.away = True
    again = SwapsInForce(book, note)
    with pytest.raises(StoreUnavailable):
        await again.refresh()
    assert again.held == (SWAP,)


async def test_an_undone_swap_is_let_go() -> None:
    book, note = Book(SWAP), Note()
    held = SwapsInForce(book, note)
    await held.refresh()
    book.kept.clear()
    await held.refresh()
    assert held.held == SwapsInForce(book, note).held == ()


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '[{"id": 1}]', "7", "[]"])
def test_a_note_that_cannot_be_read_is_no_swap(text: str | None) -> None:
    assert SwapsInForce(Book(), Note(text)).held == ()


@given(reason=st.text(max_size=20), start=st.datetimes(timezones=st.just(UTC)))
def test_what_is_kept_is_read_back_as_it_was(reason: str, start: datetime) -> None:
    swaps = (replace(SWAP, start=start, reason=reason), SWAP)
    assert SWAPS.from_text(SWAPS.to_text(swaps)) == swaps


NIGHTS = Weekly(dict.fromkeys(range(6), (Shift(Range(time(18), time(18)), ("rictor",)),)))  # Mon 18:00 to Sun 18:00


def a_watch(phones: tuple[Phone, ...], facts: Facts = NO_FACTS) -> RotaWatch:
    policy = Policy("v1", "P", "US", "UTC", "Dial 911.", {}, phones, rotas={"doctors": Rota("doctors", "UTC", NIGHTS)})
    return RotaWatch(lambda: policy, lambda: facts)


RICTOR = (Phone("rictor-desk", "rictor", "Dr. Kenneth Rictor"),)


def test_the_log_warns_once_a_day_before_nobody_is_on_call(caplog: pytest.LogCaptureFixture) -> None:
    watch, sunday = a_watch(RICTOR), datetime.combine(date(2026, 11, 29), time(18), UTC)
    with caplog.at_level(logging.WARNING):
        watch.look(sunday - timedelta(hours=24, minutes=1))
        assert caplog.messages == []
        for minute in range(0, 3 * 24 * 60, 7):
            watch.look(sunday - timedelta(hours=23, minutes=59) + timedelta(minutes=minute))
    assert caplog.messages == ["rota doctors: nobody is on call from Sun 29 Nov 2026 18:00 UTC on"]


def test_a_shift_of_somebody_without_a_phone_is_such_a_time_too() -> None:
    [gap] = a_watch(RICTOR, Facts((replace(SWAP, into="gone", start=NOW + timedelta(hours=7)),))).ahead(NOW)[:1]
    assert gap.what == "nobody is on call"  # Monday until 18:00
    found = a_watch(RICTOR, Facts((replace(SWAP, into="gone", end=NOW + timedelta(hours=8)),))).ahead(NOW)
    assert [gap.what for gap in found] == ["nobody is on call", "nobody on call has a phone (gone)"]
