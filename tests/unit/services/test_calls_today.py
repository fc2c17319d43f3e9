"""What is used up of a day survives a restart, and an end that nobody heard."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pbx.domain.outbound import Usage
from pbx.services.calls_today import GRACE_SECONDS, CallsToday

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)  # noon in New York


class Kept:
    """A file in memory."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


def today(kept: Kept | None = None) -> CallsToday:
    return CallsToday(kept or Kept(), lambda: "America/New_York")


def test_a_call_counts_from_its_beginning_and_by_its_talk_in_the_end() -> None:
    counts, call = today(), uuid4()
    counts.begin(call, "rictor", NOON, 3600)
    assert counts.usage("rictor", NOON + timedelta(minutes=5)) == Usage(1, 300.0, 1, 1)
    assert counts.usage("garcia", NOON + timedelta(minutes=5)) == Usage(0, 0.0, 0, 1)
    counts.end(call, NOON + timedelta(minutes=10))
    assert counts.usage("rictor", NOON + timedelta(hours=1)) == Usage(1, 600.0, 0, 0)
    counts.end(call, NOON + timedelta(minutes=10), NOON + timedelta(minutes=1), known=True)
    assert counts.usage("rictor", NOON + timedelta(hours=1)) == Usage(1, 540.0, 0, 0)
    counts.end(call, NOON + timedelta(minutes=50))
    assert counts.usage("rictor", NOON + timedelta(hours=1)) == Usage(1, 540.0, 0, 0)


def test_a_day_is_that_of_the_practice() -> None:
    counts, late, early = today(), uuid4(), uuid4()
    midnight = datetime(2026, 3, 3, 5, tzinfo=UTC)
    for call, at in ((late, midnight - timedelta(seconds=120)), (early, midnight + timedelta(seconds=60))):
        counts.begin(call, "rictor", at, 60)
        counts.end(call, at + timedelta(seconds=30))
    assert counts.usage("rictor", midnight - timedelta(seconds=1)).seconds == 30.0
    assert counts.usage("rictor", midnight + timedelta(hours=1)) == Usage(1, 30.0, 0, 0)


def test_an_end_that_nobody_heard_gives_its_line_back_and_counts_whole() -> None:
    counts, call = today(), uuid4()
    counts.begin(call, "rictor", NOON, 600)
    at = NOON + timedelta(seconds=600 + GRACE_SECONDS)
    assert counts.usage("rictor", at - timedelta(seconds=1)).now == 1
    assert counts.usage("rictor", at) == Usage(1, 600.0, 0, 0)
    counts.end_all_but((), at)
    assert counts.usage("rictor", at).now == 0


def test_only_calls_that_are_up_go_on() -> None:
    counts, gone, up = today(), uuid4(), uuid4()
    for call in (gone, up):
        counts.begin(call, "rictor", NOON, 600)
    counts.end_all_but({up}, NOON + timedelta(minutes=1))
    assert counts.usage("rictor", NOON + timedelta(minutes=1)).now == 1


async def test_a_restart_forgets_nothing() -> None:
    kept = Kept()
    counts, call = today(kept), uuid4()
    counts.begin(call, "rictor", NOON, 600)
    writing = asyncio.create_task(counts.run())
    async with asyncio.timeout(5):
        while kept.text is None:
            await asyncio.sleep(0.01)
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing
    again = today(kept)
    assert again.usage("rictor", NOON + timedelta(minutes=1)) == Usage(1, 60.0, 1, 1)
    again.end(call, NOON + timedelta(minutes=2))
    assert again.usage("rictor", NOON + timedelta(minutes=5)) == Usage(1, 120.0, 0, 0)


def test_a_file_that_makes_no_sense_counts_as_none() -> None:
    for text in ("{", "[]", '{"x": 1}', '{"0f6b7108-f878-467c-bce9-12825c38f51e": {"person": "x"}}'):
        assert today(Kept(text)).usage("rictor", NOON) == Usage()


def test_a_call_that_is_passed_on_goes_on_at_the_cost_of_whoever_placed_it() -> None:
    kept = Kept()
    counts, call, second, third = today(kept), uuid4(), uuid4(), uuid4()
    counts.begin(call, "rictor", NOON, 3600)
    counts.goes_on(call, second, 120.0)
    counts.end(call, NOON + timedelta(minutes=1), NOON, known=True)
    counts.goes_on(second, third, 30.0)
    counts.goes_on(second, third, 30.0)
    counts.goes_on(uuid4(), uuid4(), 500.0)
    assert counts.usage("rictor", NOON + timedelta(hours=1)) == Usage(1, 210.0, 0, 0)
