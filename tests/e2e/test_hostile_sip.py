"""What strangers send: every message of RFC 4475, mutations, a flood. The PBX answers, runs on, and takes calls."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.hostile.rfc4475 import ALL, BEYOND_SYNTAX, INVALID, VALID
from tests.hostile.storm import Storm, flood, takes_a_call
from tests.kit.asterisk import NIGHT_DID, Pbx

pytestmark = pytest.mark.timeout(120)

DATAGRAMS = 4000
SEED = 20261128
"""Fixed here; `python -m tests.hostile` sends 100,000 with another seed each time."""


def test_all_49_are_there() -> None:
    assert (len(VALID), len(INVALID), len(BEYOND_SYNTAX)) == (13, 19, 17)
    assert len({make.__name__ for make in ALL}) == 49


async def test_every_message_of_rfc_4475_leaves_all_as_it_was(pbx: Pbx) -> None:
    await Storm(pbx.server, NIGHT_DID, lambda: pbx.process.pid).rfc4475()


async def test_mutated_datagrams_leave_all_as_it_was(pbx: Pbx) -> None:
    storm = Storm(pbx.server, NIGHT_DID, lambda: pbx.process.pid)
    await storm.mutated(DATAGRAMS, SEED)
    assert storm.sent == DATAGRAMS


async def test_a_flood_from_a_stranger_delays_no_call(pbx: Pbx) -> None:
    flooding = asyncio.create_task(flood(pbx.server, rate=500, seconds=3))
    calls, began = 0, time.monotonic()
    while not flooding.done():
        assert await takes_a_call(pbx.server, NIGHT_DID), "a call of the carrier's waits for more than a second"
        calls += 1
        await asyncio.sleep(0.1)
    assert calls >= 3
    assert await flooding >= 500 * (time.monotonic() - began) * 0.5
