"""The short tier of `make torture`: a few calls while everything is killed once or twice, and nothing is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.torture.faults import (
    Kind,
    asterisk_killed,
    controller_killed,
    database_killed,
    recogniser_killed,
    spool_full,
    spool_unmounted,
)
from tests.torture.run import Plan, torture

pytestmark = pytest.mark.timeout(240)

KINDS = (
    Kind(controller_killed, 3),
    Kind(asterisk_killed, 2),
    Kind(database_killed, 2),
    Kind(recogniser_killed, 1),
    Kind(spool_unmounted, 1, is_kill=False),
    Kind(spool_full, 1, is_kill=False),
)


async def test_whatever_is_killed_every_call_is_accounted_for_and_every_message_is_whole(tmp_path: Path) -> None:
    report = await torture(Plan(calls=10, kills=3, seed=20, at_once=5, pause=(0.2, 1.5), kinds=KINDS), tmp_path)
    assert report["wrong"] == {}, json.dumps(report, indent=1)
    assert report["kills"] >= 3
    assert report["messages"] >= 3
