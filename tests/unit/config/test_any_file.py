"""Whatever stands in the file, it is loaded or refused in words: never a traceback."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.config.document import read_document
from pbx.config.hours import parse_days, parse_hours
from pbx.config.load import ConfigProblems, load
from pbx.domain.expect import NotUnderstood, parse_then
from tests.unit.config.conftest import GOOD

EXPECT = """
[[expect]]
call = "+17175550100"
from = "+12155550143"
at = 2026-11-23T10:00:00
then = "ring rictor for 20 s, then voicemail rictor"
until = "2026-11-23T17:00"
"""
LINES = (GOOD + EXPECT).splitlines()
VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "1.5",
        "true",
        '""',
        '"x"',
        "[]",
        "{}",
        "[1]",
        '["rictor"]',
        "{ a = 1 }",
        "2026-12-25",
        "[[{}]]",
        '"\\u0000"',
    ]
)
JUNK = st.one_of(
    st.text(max_size=20), st.sampled_from(["[practice]", "[[numbers]]", "[people]", "open = [{}]", "include = 3"])
)


@st.composite
def spoiled_files(draw: st.DrawFn) -> str:
    """GOOD with lines taken out, put elsewhere, filled with junk or given another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                del lines[position]
            case 1:
                lines.insert(position, lines[draw(st.integers(0, len(lines) - 1))])
            case 2:
                lines[position] = lines[position].split("=")[0] + "= " + draw(VALUES)
            case _:
                lines.insert(position, draw(JUNK))
    return "\n".join(lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=spoiled_files())
def test_a_spoiled_file_is_refused_with_lines_that_exist(text: str, tmp_path: Path) -> None:
    file = tmp_path / "practice.toml"
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    try:
        load(file)
    except ConfigProblems as refused:
        assert refused.problems
        for problem in refused.problems:
            assert 1 <= problem.line <= text.count("\n") + 1
            assert problem.key and problem.what and problem.remedy


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=spoiled_files())
def test_every_key_of_a_file_has_its_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "practice.toml"
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    try:
        document = read_document(file)
    except ConfigProblems:
        return
    assert _paths(tomllib.loads(file.read_text(encoding="utf-8-sig")), ()) <= set(document.places)


def _paths(value: Any, path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {(*path, key) for key, _ in inner}.union(*(_paths(child, (*path, key)) for key, child in inner))


WORDS = ["ring", "Ring", "voicemail", "greeting", "hang up", "rictor", ",", ";", "then", "and", "for", "20 s", "->"]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=8).map(" ".join))
def test_any_wording_is_an_expectation_or_a_reason(text: str) -> None:
    try:
        assert parse_then(text)
    except NotUnderstood as error:
        assert str(error)


@given(st.text(max_size=15))
def test_any_text_is_days_and_hours_or_a_reason(text: str) -> None:
    for parse in (parse_days, parse_hours):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("Thurs", (3,)),
        ("mon-thu", (0, 1, 2, 3)),
        ("sat-mon", (5, 6, 0)),
        ("mon, wed", (0, 2)),
        ("weekdays", (0, 1, 2, 3, 4)),
        ("weekend", (5, 6)),
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days_are_read_as_people_write_them(text: str, days: tuple[int, ...]) -> None:
    assert parse_days(text) == days
