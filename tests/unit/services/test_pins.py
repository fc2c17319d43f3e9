"""PINs: right ones, wrong ones, lock-outs that nothing shortens, and no database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import argon2
import pytest

from pbx.domain.pin import Lockout, PinRecord
from pbx.services import pins as module
from pbx.services.pins import OUTSIDE, Pins, Verdict
from pbx.services.ports import StoreUnavailable

PIN, WRONG = "274906", "111222"
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Book:
    """A book of PINs that may be away."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.lockouts: list[Lockout] = []
        self.away = False

    async def keep(self, person: str, hashed: str, actor: str) -> None:
        self.hashes[person] = hashed

    async def remove(self, person: str, actor: str) -> bool:
        return self.hashes.pop(person, None) is not None

    async def note_lockout(self, lockout: Lockout) -> None:
        self._look()
        self.lockouts.append(lockout)

    async def pins(self) -> Sequence[PinRecord]:
        self._look()
        return [PinRecord(person, hashed, MORNING, "mia") for person, hashed in self.hashes.items()]

    def _look(self) -> None:
        if self.away:
            raise StoreUnavailable("away")


class Kept:
    """A keepsake that may be on a full disk."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.full = False

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        if self.full:
            raise OSError("disk full")
        self.text = text


class Noted:
    """A journal; `full`: its disk is."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, dict[str, object]]] = []
        self.full = False

    async def note(self, actor: str, action: str, thing: str, **detail: str | bool | int) -> None:
        if self.full:
            raise OSError("disk full")
        self.rows.append((actor, action, thing, dict(detail)))


class Office:
    """A practice in which Rictor has a PIN; `pins` is what its server has, anew after each `restart`."""

    def __init__(self) -> None:
        self.book, self.kept, self.at = Book(), Kept(), MORNING
        self.restart()

    def restart(self) -> None:
        self.journal = Noted()
        self.pins = Pins(self.book, self.kept, lambda: self.at, self.journal)

    async def tries(self, *pins: str, person: str = "rictor") -> list[Verdict]:
        return [await self.pins.check(person, pin) for pin in pins]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cheaper hash: these tests are about counting."""
    monkeypatch.setattr(module, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    module._nobodys.cache_clear()


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.pins.set("rictor", PIN, "mia")
    await office.pins.refresh()
    return office


async def test_the_right_pin_is_right_and_another_is_wrong(office: Office) -> None:
    assert await office.tries(PIN, WRONG, PIN) == ["right", "wrong", "right"]


async def test_every_pin_that_is_keyed_is_in_the_journal_before_anybody_is_told(office: Office) -> None:
    await office.tries(PIN, WRONG, WRONG, WRONG, PIN)
    await office.tries(PIN, person="nobody")
    await office.pins.check("rictor", WRONG, OUTSIDE)
    me, own = "person/rictor", {"where": "own phone"}
    assert office.journal.rows == [
        (me, "signed-in", me, own),
        *[("unknown", "sign-in-refused", me, own | {"why": "wrong"})] * 3,
        ("unknown", "sign-in-refused", me, own | {"why": "locked"}),
        ("unknown", "sign-in-refused", "person/nobody", own | {"why": "none"}),
        ("unknown", "sign-in-refused", me, {"where": "outside", "why": "wrong"}),
    ]
    assert not any(pin in str(office.journal.rows) for pin in (PIN, WRONG))


async def test_a_pin_that_cannot_be_noted_opens_nothing(office: Office) -> None:
    office.journal.full = True
    assert await office.tries(PIN) == ["unavailable"]


async def test_the_third_wrong_try_locks_the_right_one_out_too_until_the_wait_is_over(office: Office) -> None:
    assert await office.tries(WRONG, WRONG, WRONG, PIN) == ["wrong", "wrong", "wrong", "locked"]
    assert office.pins.locked_until("rictor") == MORNING + timedelta(minutes=1)
    office.at += timedelta(minutes=1)
    assert await office.tries(PIN) == ["right"]
    assert office.pins.locked_until("rictor") is None


async def test_the_wait_grows_with_each_wrong_try_and_a_try_while_locked_costs_nothing(office: Office) -> None:
    await office.tries(WRONG, WRONG, WRONG)
    for minutes in (5, 15, 60, 60):
        await office.tries(WRONG, WRONG)
        office.at = office.pins.locked_until("rictor") or office.at
        assert await office.tries(WRONG) == ["wrong"]
        assert office.pins.locked_until("rictor") == office.at + timedelta(minutes=minutes)


async def test_a_right_pin_gives_all_tries_back(office: Office) -> None:
    assert await office.tries(WRONG, WRONG, PIN, WRONG, WRONG, PIN) == ["wrong", "wrong", "right"] * 2


async def test_a_lock_out_holds_over_a_restart_and_without_the_database(office: Office) -> None:
    await office.tries(WRONG, WRONG)
    office.book.away = True
    office.restart()
    assert await office.tries(WRONG, PIN) == ["wrong", "locked"]
    office.restart()
    assert await office.tries(PIN) == ["locked"]
    office.at += timedelta(minutes=2)
    assert await office.tries(PIN) == ["right"]


async def test_a_clock_that_is_set_back_makes_no_lock_out_longer(office: Office) -> None:
    assert await office.tries(WRONG, WRONG, WRONG, PIN) == ["wrong", "wrong", "wrong", "locked"]
    office.at -= timedelta(days=1)
    assert await office.tries(WRONG, PIN) == ["wrong", "locked"], "and the count goes on"


async def test_a_try_is_counted_before_it_is_answered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def fits(hashed: str, pin: str) -> bool:
        seen.append(json.loads(office.kept.text or "")["tries"]["rictor"]["wrong"])
        return True

    monkeypatch.setattr(module, "_fits", fits)
    assert await office.tries(PIN) == ["right"]
    assert seen == [1]


async def test_tries_at_once_do_not_share_one(office: Office) -> None:
    verdicts = await asyncio.gather(*(office.pins.check("rictor", WRONG) for _ in range(20)))
    assert verdicts.count(Verdict.WRONG) == 3
    assert verdicts.count(Verdict.LOCKED) == 17


async def test_lock_outs_are_each_persons_own(office: Office) -> None:
    await office.pins.set("okafor", "903718", "mia")
    await office.pins.refresh()
    await office.tries(WRONG, WRONG, WRONG)
    assert await office.tries("903718", person="okafor") == ["right"]


async def test_somebody_without_a_pin_is_counted_and_locked_alike(office: Office) -> None:
    assert await office.tries(PIN, PIN, PIN, PIN, person="nobody") == ["none", "none", "none", "locked"]
    await office.pins.note_lockouts()
    assert office.book.lockouts == []


async def test_made_up_people_do_not_fill_the_disk(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 3)
    for number in range(9):
        await office.tries(PIN, person=f"nobody-{number}")
    assert len(json.loads(office.kept.text or "")["tries"]) == 3
    assert await office.tries(WRONG, WRONG, WRONG, PIN) == ["wrong", "wrong", "wrong", "locked"]


async def test_a_new_pin_ends_a_lock_out_and_a_cleared_one_fits_no_more(office: Office) -> None:
    await office.tries(WRONG, WRONG, WRONG)
    await office.pins.set("rictor", PIN, "mia")
    assert await office.pins.refresh()
    assert not await office.pins.refresh()
    assert await office.tries(PIN) == ["right"]
    assert await office.pins.clear("rictor", "mia")
    assert not await office.pins.clear("rictor", "mia")
    await office.pins.refresh()
    assert await office.tries(PIN) == ["none"]


async def test_wrong_pins_from_outside_lock_the_way_from_outside_alone(office: Office) -> None:
    tried = [await office.pins.check("rictor", WRONG, OUTSIDE) for _ in range(3)]
    assert tried == ["wrong"] * 3
    office.restart()
    assert await office.pins.check("rictor", PIN, OUTSIDE) == "locked"
    assert await office.tries(PIN) == ["right"]  # which gives the way from outside no new tries
    assert office.pins.locked_until("rictor", OUTSIDE) == MORNING + timedelta(minutes=1)
    await office.pins.note_lockouts()
    assert office.book.lockouts == [Lockout("rictor", 3, MORNING + timedelta(minutes=1))]
    await office.pins.set("rictor", PIN, "mia")
    await office.pins.refresh()
    assert await office.pins.check("rictor", PIN, OUTSIDE) == "right"


async def test_without_a_database_ever_read_nothing_is_taken() -> None:
    assert await Office().tries(PIN) == ["unavailable"]


async def test_a_spoilt_keepsake_gives_no_new_tries_until_the_database_is_read(office: Office) -> None:
    office.kept.text = '{"hashes": 7'
    office.restart()
    assert await office.tries(PIN) == ["unavailable"]
    await office.pins.refresh()
    assert await office.tries(PIN) == ["right"]


async def test_a_try_that_cannot_be_written_down_is_not_answered(office: Office) -> None:
    office.kept.full = True
    assert await office.tries(PIN, WRONG) == ["unavailable", "unavailable"]


async def test_a_lock_out_is_noted_once_when_the_database_is_there(office: Office) -> None:
    await office.tries(WRONG, WRONG, WRONG)
    office.book.away = True
    with pytest.raises(StoreUnavailable):
        await office.pins.note_lockouts()
    office.book.away = False
    for _ in range(2):
        await office.pins.note_lockouts()
    assert office.book.lockouts == [Lockout("rictor", 3, MORNING + timedelta(minutes=1))]


async def test_neither_a_pin_nor_its_hash_shows_in_what_is_printed(office: Office) -> None:
    [record] = await office.book.pins()
    assert record.hashed not in repr(record)
    assert office.book.hashes["rictor"] not in repr(office.pins._state)
    assert PIN not in (office.kept.text or "")
