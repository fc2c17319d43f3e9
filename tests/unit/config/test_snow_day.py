"""The greeting of a snow day is one of the file's, and is looked at like every greeting of a closed line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config.load import ConfigProblems, load
from tests.unit.config.conftest import GOOD

KEY = 'timezone = "America/New_York"\n'
SNOW = '\n[greetings.snow]\ntext = "Scotland Family Medicine is closed for snow. {}"\n'


def write(folder: Path, more: str, key: str = 'snow_day_greeting = "snow"\n') -> Path:
    file = folder / "practice.toml"
    file.write_text(GOOD.replace(KEY, KEY + key) + more, encoding="utf-8")
    return file


def test_it_is_taken_in_and_counts_as_used(tmp_path: Path) -> None:
    practice = load(write(tmp_path, SNOW.format("We call back tomorrow.")))
    assert practice.policy.snow_day_greeting == "snow"
    assert not [warning for warning in practice.warnings if "snow" in warning.key]


def test_without_a_promise_it_is_warned_of(tmp_path: Path) -> None:
    warnings = load(write(tmp_path, SNOW.format("Stay safe."))).warnings
    assert [w.name for w in warnings if w.key == "greetings.snow.text"] == ["greeting-no-call-back"]


def test_one_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as refused:
        load(write(tmp_path, "", 'snow_day_greeting = "after-hour"\n'))
    [problem] = refused.value.problems
    assert (problem.key, problem.what) == ("practice.snow_day_greeting", "there is no [greetings.after-hour]")
    assert "after-hours" in problem.remedy
