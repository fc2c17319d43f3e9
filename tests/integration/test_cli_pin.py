"""PINs as whoever runs the practice's telephones gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx.domain.pin import wait_after
from tests.integration.test_cli_oncall import CARE_TEAM
from tests.kit.database import on_database
from tests.kit.server import Answer, secondline


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    """The care team's practice, on a database that runs already: no command has to start one."""
    file = tmp_path / "practice.toml"
    file.write_text(CARE_TEAM.read_text(encoding="utf-8") + on_database(dsn), encoding="utf-8")
    return file


async def pin(practice: Path, *words: str, types: str = "") -> Answer:
    return await secondline("pin", *words, "--config", str(practice), types=types)


async def test_a_pin_is_set_listed_and_cleared(practice: Path) -> None:
    made = await pin(practice, "set", "rictor", "--stdin", types="274906\n")
    assert (made.status, made.err) == (0, "")
    assert made.out == "Dr. Kenneth Rictor has a PIN. No server is running: it holds from its next start on.\n"
    kept = practice.parent / "var" / "pins.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert "274906" not in kept.read_text(encoding="utf-8")
    [listed] = (await pin(practice, "list", "--json")).json
    assert (listed["person"], listed["locked_until"]) == ("rictor", None)

    state = json.loads(kept.read_text(encoding="utf-8"))
    until = datetime.now(UTC) + (wait_after(9) or timedelta())
    state["tries"] = {"rictor": {"wrong": 9, "until": until.isoformat(), "noted": False}}
    kept.write_text(json.dumps(state), encoding="utf-8")
    assert "rictor (Dr. Kenneth Rictor): set by" in (told := (await pin(practice, "list")).out)
    local = until.astimezone(ZoneInfo("America/New_York"))
    assert f"LOCKED until {local:%a %d %b %Y %H:%M} America/New_York after wrong tries" in told

    assert "'rictor' has no PIN any more." in (await pin(practice, "clear", "rictor")).out
    assert "has no PIN" in (await pin(practice, "clear", "rictor")).err
    assert "Nobody has a PIN" in (await pin(practice, "list")).out


@pytest.mark.parametrize(
    ("person", "typed", "sentence"),
    [
        ("rictr", "274906\n", "nobody in the practice's file is called 'rictr' (did you mean 'rictor'?)"),
        ("rictor", "1234\n", "in their order"),
        ("rictor", "0100\n", "telephone number"),
        ("rictor", "\n", "4 to 10 digits"),
    ],
)
async def test_what_is_no_good_pin_is_refused_with_one_sentence(
    practice: Path, person: str, typed: str, sentence: str
) -> None:
    answer = await pin(practice, "set", person, "--stdin", types=typed)
    assert (answer.status, answer.out) == (1, "")
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1


async def test_without_a_terminal_it_is_not_asked_for(practice: Path) -> None:
    assert "with --stdin" in (await pin(practice, "set", "rictor")).err


async def test_phones_tells_the_codes(practice: Path) -> None:
    told = (await secondline("phones", "--config", str(practice))).out
    assert "*71:" in told
    assert "back to the schedule" in told
