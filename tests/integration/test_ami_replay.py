"""Asterisk's events twice, shuffled, or not at all: what is on record afterwards is the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from pbx.ami.events import CALL_ENDED, EventQueue, typed
from pbx.ami.messages import Fields
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
from pbx.store.messages import PgMessageBox
from tests.unit.voicemail.spooling import folders_in, policy, put_message
from voicemail.ingest import Ingest

CALLS = 8


class Streams:
    """What becomes of the events of `calls` on their way."""

    def __init__(self, calls: list[UUID], seed: int) -> None:
        self._calls = calls
        self._luck = random.Random(seed)

    def twice(self) -> list[UUID]:
        return [call for call in self._calls for _ in range(2)]

    def shuffled(self) -> list[UUID]:
        found = self.twice() * 2
        self._luck.shuffle(found)
        return found

    def cut(self) -> list[UUID]:
        """Most are lost; the link comes back at the end."""
        return self._calls[: self._luck.randint(0, 2)]

    def foreign(self) -> list[UUID]:
        """Of calls that never were, between the others."""
        return [self._luck.choice([call, UUID(int=self._luck.getrandbits(128))]) for call in self.shuffled()]


@pytest.mark.parametrize("seed", [5])
@pytest.mark.parametrize("how", [Streams.twice, Streams.shuffled, Streams.cut, Streams.foreign])
async def test_the_log_is_the_same_whatever_the_events_do(
    how: Callable[[Streams], list[UUID]], seed: int, database: Database, tmp_path: Path
) -> None:
    luck = random.Random(f"{seed}/{how}")
    calls = [UUID(int=luck.getrandbits(128), version=4) for _ in range(CALLS)]
    folders, log, queue, poked = folders_in(tmp_path), PgCallLog(database), EventQueue(100), asyncio.Event()

    async def nobody() -> frozenset[UUID]:
        return frozenset()

    ingest = Ingest(folders, log, policy, nobody)

    async def follow() -> None:  # as pbx.running does
        async for _ in queue.take_all():
            poked.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follow()), group.create_task(ingest.run(poked))]
        for call in calls:
            put_message(folders, call)
        for call in how(Streams(calls, seed)):
            event = typed(Fields.of([("Event", "UserEvent"), ("UserEvent", CALL_ENDED), ("Call", str(call))]))
            assert event is not None
            queue.put(event)
            if luck.random() < 0.3:
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while any(folders.spool.glob("*.call")):
                await asyncio.sleep(0.05)
                poked.set()  # the link that came back, or the next scan
        for task in tasks:
            task.cancel()
    assert {record.id for record in await log.calls(None, None, 100)} == set(calls)
    assert sorted(m.call_id for m in await PgMessageBox(database).messages(None, 100)) == sorted(calls)
    assert await TranscriptionQueue(database).depth() == CALLS
