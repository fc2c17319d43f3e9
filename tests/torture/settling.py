"""After a run: wait until all that happened is taken in, told of and on record. What never is, the account shows."""

from __future__ import annotations

import asyncio
import time

from pbx.config.load import load
from pbx.database import DatabaseProblem, open_records
from pbx.running import RECONCILE_SECONDS
from tests.torture.accounts import MOST_CALLS, told_of
from tests.torture.world import World
from voicemail.shelf import SEALED

SETTLED_WITHIN = RECONCILE_SECONDS + 30
"""A call whose files a disk hid when it came back has its end from the event record, which is looked at so often."""

_POLL = 0.25


async def settled(world: World) -> float:
    """Seconds until it was."""
    began = time.monotonic()
    if not world.server.runs:
        await world.server.start()
    while time.monotonic() - began < SETTLED_WITHIN and not await _is_settled(world):
        await asyncio.sleep(_POLL)
    return time.monotonic() - began


async def _is_settled(world: World) -> bool:
    """What costs the most is asked last."""
    layout = world.layout
    left = [path for folder in (layout.spool, layout.spare) for path in folder.glob("*.*") if path.name[0] != "."]
    kept = {path.stem for path in layout.messages.glob(f"*{SEALED}")}  # a file each
    if left or not kept <= set(told_of(world)):
        return False
    return await world.server.is_ready() and await _is_on_record(world)


async def _is_on_record(world: World) -> bool:
    """Whether no notice waits, and no call is without its end."""
    try:
        async with open_records(load(world.practice.file).settings, world.layout) as records:
            waiting = sum(backlog.waiting for backlog in await records.outbox.backlogs())
            calls = await records.calls.calls(None, None, MOST_CALLS)
    except DatabaseProblem:
        return False
    return waiting == 0 and all(call.ended_at is not None for call in calls)
