"""Bookkeeping gives way to callers, and never for ever."""

from __future__ import annotations

import asyncio
import time

from pbx.services.pace import LONGEST_SECONDS, QUIET_SECONDS, Pace


async def test_where_nobody_calls_nothing_waits() -> None:
    async with asyncio.timeout(QUIET_SECONDS / 2):
        await Pace().calm()


async def test_a_question_a_moment_ago_is_waited_out() -> None:
    pace = Pace()
    pace.busy()
    began = time.monotonic()
    await pace.calm()
    assert time.monotonic() - began >= QUIET_SECONDS * 0.9


async def test_a_load_without_end_does_not_stop_the_bookkeeping() -> None:
    pace = Pace()

    async def calls() -> None:
        while True:
            pace.busy()
            await asyncio.sleep(QUIET_SECONDS / 5)

    async with asyncio.TaskGroup() as group:
        load = group.create_task(calls())
        async with asyncio.timeout(20 * LONGEST_SECONDS):
            await pace.calm()
        load.cancel()
