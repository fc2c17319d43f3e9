"""The files that the dialplan reads when nobody answers it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pbx.asterisk.plans import AHEAD, RENEW, Plans, file_of, text_of
from pbx.domain.actions import Ring, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.policy import Policy
from pbx.domain.safe_plan import plans

NOW = datetime(2026, 11, 23, 15, 0, 0, 500, tzinfo=UTC)
_LINE = re.compile(r"v1\|\d+\|\d+\|[a-z0-9&-]*\|[a-z0-9&/+-]*\|[a-z0-9&-]+\|")


class Desk:
    """What decides, as it is now; the test changes it."""

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.policy, self.facts, self.now = policy, Facts(), NOW
        self.plans = Plans(folder, lambda: self.policy, lambda: self.facts, self.calm, lambda: self.now)

    async def calm(self) -> None:
        return


@pytest.fixture
def desk(tmp_path: Path, policy: Policy) -> Desk:
    return Desk(tmp_path, policy)


async def test_each_number_has_a_file_whose_lines_reach_a_day_ahead_without_a_gap(
    desk: Desk, tmp_path: Path, policy: Policy
) -> None:
    assert await desk.plans.look()
    assert {path.name for path in tmp_path.iterdir()} == {file_of(number) for number in policy.numbers}
    for path in tmp_path.iterdir():
        lines = path.read_text().splitlines()
        assert all(_LINE.fullmatch(line) for line in lines)
        spans = [tuple(map(int, line.split("|")[1:3])) for line in lines]
        assert (spans[0][0], spans[-1][1]) == (int(NOW.timestamp()), int((NOW + AHEAD).timestamp()))
        assert all(one[1] == other[0] for one, other in pairwise(spans))


async def test_they_are_written_again_when_something_changed_or_they_get_old_and_not_otherwise(desk: Desk) -> None:
    assert await desk.plans.look()
    assert not await desk.plans.look()
    desk.now += RENEW
    assert await desk.plans.look()
    desk.facts = replace(desk.facts, unregistered=frozenset({"rictor-desk"}))
    assert not await desk.plans.look()
    snow = Override(1, Scope.PRACTICE, "", Mode.CLOSED, NOW, NOW + timedelta(hours=1), "Sam", "snow")
    desk.facts = replace(desk.facts, overrides=(snow,))
    assert await desk.plans.look()
    desk.policy = replace(desk.policy)
    assert await desk.plans.look()
    desk.now -= timedelta(hours=5)  # somebody set the clock
    assert await desk.plans.look()


async def test_a_number_that_is_gone_from_the_practices_file_loses_its_own(desk: Desk, tmp_path: Path) -> None:
    await desk.plans.look()
    first = next(iter(desk.policy.numbers))
    desk.policy = replace(desk.policy, numbers={first: desk.policy.numbers[first]})
    await desk.plans.look()
    assert [path.name for path in tmp_path.iterdir()] == [file_of(first)]


def test_a_name_that_the_dialplan_cannot_take_is_refused(policy: Policy) -> None:
    number = replace(next(iter(policy.numbers.values())), opened=(Ring("x", ("a,b",), 5), Voicemail("rictor")))
    number = replace(number, schedule=None)
    policy = replace(policy, numbers={number.e164: number})
    with pytest.raises(ValueError, match="cannot take"):
        text_of(plans(policy, number, NOW, NOW + AHEAD, Facts()))
