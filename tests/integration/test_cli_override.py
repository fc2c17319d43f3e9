"""Overrides and tokens as an operator meets them: without a server, with the real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.database import on_database
from tests.kit.server import Answer, secondline

CARE_TEAM = Path(__file__).parents[2] / "docs" / "examples" / "care-team.toml"
URGENT = "+17175550104"


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    """The care team's practice, on a database that runs already: no command has to start one."""
    file = tmp_path / "practice.toml"
    file.write_text(CARE_TEAM.read_text(encoding="utf-8") + on_database(dsn), encoding="utf-8")
    return file


async def run(practice: Path, *words: str) -> Answer:
    return await secondline(*words, "--config", str(practice))


async def test_one_is_set_explained_drawn_listed_and_ended(practice: Path) -> None:
    words = ("snow-day", "--until", "+30h", "--by", "Sam Mills", "--reason", "roads are closed")
    made = await run(practice, "override", *words)
    assert (made.status, made.err) == (0, "")
    assert made.out.startswith(
        "Override 1: No server is running: it holds from its next start on.\n  The practice: snow"
    )
    assert "Whoever is on call in 'doctors' is rung as ever." in made.out
    said = (await run(practice, "explain", "--to", URGENT)).out
    assert "(snow day for the practice; override 1, set by Sam Mills: roads are closed), until " in said
    assert "is on call in 'doctors'" in said
    assert "Decided by overrides.1" in said
    week = (await run(practice, "week", URGENT, "--json")).json
    [first, *_] = [period for day in week["days"] for period in day["periods"] if period["rule"] == "overrides.1"]
    assert (first["state"], first["reason"]) == ("closed", "override")
    assert {watch["rota"] for day in week["days"] for watch in day["oncall"]} == {"doctors"}
    checked = await run(practice, "check")
    assert (checked.status, "override" in checked.out) == (0, False), "check is about the file alone"
    [listed] = (await run(practice, "override", "list", "--json")).json
    assert (listed["mode"], listed["scope"], listed["target"], listed["by"]) == (
        "snow-day",
        "practice",
        None,
        "Sam Mills",
    )
    assert (await run(practice, "override", "end", "1")).status == 0
    assert "override" not in (await run(practice, "explain", "--to", URGENT)).out
    assert (await run(practice, "override", "list")).out == "No override holds: the practice's file decides.\n"
    assert "ended by" in (await run(practice, "override", "list", "--all")).out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("override", "closed", "--number", "12"), "--number '12'"),
        (("override", "closed", "--person", "front-desk"), "'front-desk' is nobody with a phone"),
        (("override", "open", "--until", "+15d"), "write what is to stay into the practice's file"),
        (("override", "end", "7"), "there is no override 7 to end"),
        (("token", "revoke", "desk"), "no token 'desk' is in use"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(practice: Path, words: tuple[str, ...], sentence: str) -> None:
    answer = await run(practice, *words)
    assert answer.status == 1
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1


async def test_a_token_is_shown_once_and_can_be_revoked(practice: Path) -> None:
    made = (await run(practice, "token", "create", "desk", "--scope", "overrides", "--json")).json
    assert made["token"].startswith("secondline_")
    assert "is in use" in (await run(practice, "token", "create", "desk", "--scope", "overrides")).err
    listed = await run(practice, "token", "list")
    assert listed.out.startswith("desk: For overrides:read, overrides:write, of a program, until it is revoked. Made")
    assert made["token"] not in listed.out
    assert (await run(practice, "token", "revoke", "desk")).status == 0
    [token] = (await run(practice, "token", "list", "--json")).json
    assert token["revoked_at"] is not None
