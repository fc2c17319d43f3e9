"""`secondline explain --from-person`: may this person call that number, and what does it see?"""

from __future__ import annotations

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kit.server import secondline

CARE_TEAM = Path(__file__).parents[2] / "docs" / "examples" / "care-team.toml"


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    file = tmp_path / "practice.toml"
    file.write_text(CARE_TEAM.read_text(encoding="utf-8"), encoding="utf-8")
    return file


async def test_a_call_that_is_allowed_says_what_is_seen(practice: Path) -> None:
    words = ("explain", "--config", str(practice), "--from-person", "Dr. Ada Okafor", "--to", "(215) 555-0123")
    answer = await secondline(*words)
    assert answer.status == 0
    assert answer.out.splitlines() == [
        "To (215) 555-0123.",
        "Dr. Ada Okafor may call this number.",
        "Who is called sees (717) 555-0101 (Dr. Okafor), as usual.",
        "Used today: 0 calls, 0 min. This one may take 120 min.",
        "Allowed.",
    ]
    document = (await secondline(*words, "--json", "--last-called", "717 555 0104")).json
    expected = {"allowed": True, "reason": "allowed", "person": "okafor", "to": "+12155550123", "shown": "+17175550104"}
    assert {key: document[key] for key in expected} == expected
    assert document["shown_because"] == "last-called"


async def test_a_code_shows_another_number(practice: Path) -> None:
    words = ("--from-person", "rictor", "--to", "*81 215 555 0123", "--json")
    document = (await secondline("explain", "--config", str(practice), *words)).json
    assert (document["shown"], document["shown_because"]) == ("+17175550102", "chosen")


@pytest.mark.parametrize(
    ("number", "reason"),
    [("900 555 1234", "premium-number"), ("876 555 1234", "country-not-allowed"), ("5", "not-a-number")],
)
async def test_a_call_that_is_not_says_why(number: str, reason: str, practice: Path) -> None:
    answer = await secondline("explain", "--config", str(practice), "--from-person", "mills", "--to", number)
    assert answer.status == 0 and answer.out.endswith(f"Not allowed: {reason}.\n")


async def test_what_was_used_up_today_counts(practice: Path) -> None:
    data = practice.parent / "var"
    data.mkdir()
    began = time.time() - 60
    used = {"person": "rictor", "began": began, "may": 9000, "ended": began + 30, "talked": 9999999.0, "known": True}
    (data / "calls-out.json").write_text(json.dumps({str(uuid4()): used}))
    words = ("explain", "--config", str(practice), "--from-person", "rictor", "--to", "2155550123", "--json")
    document = (await secondline(*words)).json
    assert (document["reason"], document["used_today"]["calls"]) == ("minutes-used-up", 1)
    assert (await secondline(*words, "--at", "2026-01-05T10:00")).json["allowed"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from-person", "rictr", "--to", "2155550123"), "did you mean 'rictor'?"),
        (("--from-person", "rictor", "--from", "2155550123", "--to", "2155550123"), "give one of them"),
        (("--from-person", "rictor", "--to", "2155550123", "--last-called", "x"), "--last-called 'x'"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(words: tuple[str, ...], sentence: str, practice: Path) -> None:
    answer = await secondline("explain", "--config", str(practice), *words)
    assert answer.status == 1 and answer.out == ""
    assert sentence in answer.err and answer.err.count("\n") == 1
