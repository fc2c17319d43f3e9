"""Calls that no sidecar tells of are found in Asterisk's event record and written down, on the real database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.asterisk.cel import calls_seen, rotate
from pbx.domain.call import SeenCall
from pbx.domain.outcome import Outcome
from pbx.services.reconcile import Reconcile
from pbx.store.calls import PgCallLog
from pbx.store.database import Database

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


class World:
    """The event record as Asterisk writes it, the spool and the live calls."""

    def __init__(self, call_log: PgCallLog, record: Path) -> None:
        self.record = record
        self.in_spool: set[UUID] = set()
        self.up: set[UUID] = set()
        self.reconcile = Reconcile(call_log, self._seen, self._spooled, self._live)

    def wrote(self, call: UUID, *kinds: str, ago: timedelta = timedelta(minutes=5)) -> None:
        channel = f"{call}.1"
        with self.record.open("a") as out:
            for kind in kinds:
                at = (NOW - ago).timestamp()
                out.write(f'"{kind}","{at:.6f}","{"" if kind == "CHAN_START" else call}","{channel}","{channel}"\n')

    async def _seen(self) -> Collection[SeenCall]:
        return calls_seen(self.record)

    async def _spooled(self) -> frozenset[UUID]:
        return frozenset(self.in_spool)

    async def _live(self) -> frozenset[UUID]:
        return frozenset(self.up)


@pytest.fixture
def call_log(database: Database) -> PgCallLog:
    return PgCallLog(database)


@pytest.fixture
def world(call_log: PgCallLog, tmp_path: Path) -> World:
    return World(call_log, tmp_path / "calls.csv")


async def test_a_call_without_a_sidecar_gets_a_row_once(world: World, call_log: PgCallLog) -> None:
    call = uuid4()
    world.wrote(call, "CHAN_START", "ANSWER", "CHAN_END")
    assert await world.reconcile.once(NOW) == 1
    assert await world.reconcile.once(NOW) == 0
    [row] = await call_log.calls(None, None, 10)
    assert (row.id, row.outcome, row.caller.number, row.reason) == (call, Outcome.NOT_SERVED, None, None)


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [(("ANSWER", "BRIDGE_ENTER", "CHAN_END"), Outcome.ANSWERED), (("ANSWER", "BRIDGE_ENTER"), Outcome.LOST)],
)
async def test_the_outcome_is_what_the_events_tell(
    world: World, call_log: PgCallLog, kinds: tuple[str, ...], outcome: Outcome
) -> None:
    world.wrote(uuid4(), *kinds)
    await world.reconcile.once(NOW)
    assert [row.outcome for row in await call_log.calls(None, None, 10)] == [outcome]


async def test_what_another_record_has_or_will_have_is_left_alone(world: World, call_log: PgCallLog) -> None:
    spooled, live, fresh, ancient = uuid4(), uuid4(), uuid4(), uuid4()
    for call in (spooled, live):
        world.wrote(call, "ANSWER", "CHAN_END")
    world.wrote(fresh, "ANSWER", "CHAN_END", ago=timedelta(seconds=5))
    world.wrote(ancient, "ANSWER", "CHAN_END", ago=timedelta(days=30))
    world.in_spool, world.up = {spooled}, {live}
    assert await world.reconcile.once(NOW) == 0
    assert await call_log.calls(None, None, 10) == []


async def test_a_record_that_was_set_aside_is_still_read(world: World, call_log: PgCallLog) -> None:
    world.wrote(uuid4(), "ANSWER", "CHAN_END")
    rotate(world.record, largest=10)
    assert not world.record.exists()
    assert await world.reconcile.once(NOW) == 1


async def test_garbage_in_the_record_is_passed_over(world: World) -> None:
    world.record.write_bytes(b'\x00\xff"CHAN_END","1,\n"ANSWER","nan","x","y","z"\nCHAN_END\n')
    assert await world.reconcile.once(NOW) == 0
