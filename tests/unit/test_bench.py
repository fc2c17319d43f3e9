"""The figures' arithmetic and their two forms: the table and the JSON document."""

from __future__ import annotations

import json

import pytest

from bench.figures import Figure, as_json, highest, percentile, table
from bench.plain import plain_p99
from bench.practice import BenchFailed
from bench.traffic import Burst, Load

A_BURST = Load("static", rate=50, calls=2)


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == value


def test_one_value_is_every_percentile() -> None:
    assert percentile([7.0], 1) == percentile([7.0], 99) == 7.0


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_a_figure_is_compared_with_its_peer_and_its_goal() -> None:
    figure = Figure("calls", 40.0, "calls/s").beside(50.0).at_least(45)
    assert (figure.against, figure.ratio, figure.met) == (50.0, 0.8, False)
    assert Figure("start", 6.0, "s").at_most(6).met is True
    assert Figure("calls", 40.0, "calls/s").beside(0.0).ratio is None


def test_a_text_has_no_goal() -> None:
    with pytest.raises(TypeError):
        Figure("machine", "2 cores", "").at_most(1)


def test_the_document_has_every_key_and_null_where_nothing_applies() -> None:
    document = json.loads(json.dumps(as_json([Figure("start", 2.34567, "s"), Figure("machine", "2 cores", "")])))
    nothing = {"against": None, "ratio": None, "goal": None, "met": None}
    assert document == [
        {"name": "start", "value": 2.346, "unit": "s", **nothing},
        {"name": "machine", "value": "2 cores", "unit": "", **nothing},
    ]


def test_the_table_is_aligned_and_shouts_at_a_goal_that_is_missed() -> None:
    lines = table(
        [Figure("answer", 1234.5, "ms").at_most(3), Figure("start", 2.345, "s").at_most(6), Figure("machine", "x", "")]
    ).splitlines()
    assert lines[1].split() == ["answer", "1234", "ms", "-", "-", "3", "NO"]
    assert lines[2].split() == ["start", "2.35", "s", "-", "-", "6", "yes"]
    assert lines[1].index("1234") + 4 == lines[2].index("2.35") + 4 == lines[0].index("value") + 5


@pytest.mark.parametrize("limit", [0, 49, 50, 51, 100, 333, 999, 1000, 5000])
async def test_the_highest_load_that_holds_is_found_to_a_tenth(limit: int) -> None:
    tried = []

    async def holds(load: int) -> bool:
        tried.append(load)
        return load <= limit

    found = await highest(holds, 50, 1000)
    assert found <= limit
    assert found == 1000 if limit >= 1000 else found >= 0.9 * limit or limit < 50
    assert len(tried) <= 12


def test_a_burst_is_held_when_every_call_was_answered_in_time() -> None:
    assert Burst(A_BURST, (1.0, 2.0), 0.1, all_went_well=True).held
    assert not Burst(A_BURST, (1.0,), 0.1, all_went_well=True).held
    assert not Burst(A_BURST, (1.0, 2500.0), 0.1, all_went_well=True).held
    assert not Burst(A_BURST, (1.0, 2.0), 0.1, all_went_well=False).held
    assert not Burst(A_BURST, (1.0, 2.0), 5.0, all_went_well=True).held


def test_the_percentile_of_plain_recordings_is_the_bound_of_its_bucket() -> None:
    lines = [f'secondline_spool_plaintext_seconds_bucket{{le="{le}"}} {n}' for le, n in (("0.5", 90), ("2.0", 99))]
    lines.append('secondline_spool_plaintext_seconds_bucket{le="+Inf"} 100.0')
    assert plain_p99("\n".join(lines)) == (2.0, 100)
    with pytest.raises(BenchFailed):
        plain_p99("")
