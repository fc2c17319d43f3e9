"""The short tier of `make torture`: a few calls while some things break, and nothing is missing afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.torture.breaking import events_shuffled
from tests.torture.faults import Kind, asterisk_killed, controller_killed, database_killed, spool_unmounted
from tests.torture.run import Plan, torture

pytestmark = pytest.mark.timeout(420)

KINDS = (
    Kind(controller_killed, 1),
    Kind(asterisk_killed, 1),
    Kind(database_killed, 1),
    Kind(spool_unmounted, 1, is_kill=False),
    Kind(events_shuffled, 1, is_kill=False),
)


async def test_whatever_is_broken_every_call_is_accounted_for_and_every_message_is_whole(tmp_path: Path) -> None:
    report = await torture(Plan(calls=10, kills=3, seed=20, at_once=5, pause=(0.2, 1.5), kinds=KINDS), tmp_path)
    assert report["wrong"] == {}, json.dumps(report, indent=1)
    assert report["kills"] >= 3
    assert report["messages"] >= 3
    assert report["events_tampered_with"]["Shuffled"] >= 1
    assert report["audit_rows_verified"] >= 2 * report["messages"]
    assert {who.partition(",")[0] for who in report["attempts_of_thieves"]} == {
        "stranger", "trunk", "trickster", "phone",
    }  # fmt: skip
