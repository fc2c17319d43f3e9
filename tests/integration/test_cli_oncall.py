"""Who is on call, and swaps, as an operator meets them: without a server, with the real database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kit.server import Answer, secondline

pytestmark = pytest.mark.timeout(90)

CARE_TEAM = Path(__file__).parents[2] / "docs" / "examples" / "care-team.toml"
URGENT = "+17175550104"
RICTORS = "2030-01-14T12:00"  # a Monday on which Rictor's week begins


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    file = tmp_path / "practice.toml"
    file.write_text(CARE_TEAM.read_text(encoding="utf-8"), encoding="utf-8")
    return file


async def oncall(practice: Path, *words: str) -> Answer:
    return await secondline("oncall", *words, "--config", str(practice))


def a_swap(**changed: str) -> list[str]:
    wanted = {
        "from": "rictor",
        "to": "okafor",
        "start": RICTORS,
        "end": "2030-01-15T08:00",
        "reason": "family",
    } | changed
    return ["swap", "doctors", *(word for key, value in wanted.items() for word in (f"--{key}", value))]


async def test_it_says_who_is_on_call_until_when_and_why(practice: Path) -> None:
    answer = await oncall(practice, "--at", RICTORS)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == (
        "Dr. Kenneth Rictor is on call in 'doctors' (backup: Sam Mills, RN) until "
        "Mon 21 Jan 2030 08:00 America/New_York (turn 1 of 2 since Mon 14 Jan 2030 08:00).\n"
    )
    document = (await oncall(practice, "doctors", "--at", RICTORS, "--days", "10", "--json")).json
    state = document["rotas"]["doctors"]
    assert [person["key"] for person in state["people"]] == ["rictor", "mills"]
    assert state["people"][0]["phones"] == ["rictor-desk"]
    assert state["until"] == "2030-01-21T13:00:00.000Z"
    assert [stretch["people"][0]["key"] for stretch in state["stretches"]] == ["rictor", "okafor"]


async def test_a_swap_is_recorded_followed_listed_and_undone(practice: Path) -> None:
    made = await oncall(practice, *a_swap(by="Sam Mills"))
    assert (made.status, made.err) == (0, "")
    assert "Swap 1: okafor stands in for rictor in 'doctors'. No server is running" in made.out
    assert "Dr. Ada Okafor, then Sam Mills, RN" in made.out
    shown = await oncall(practice, "--at", RICTORS)
    assert "Dr. Ada Okafor is on call" in shown.out
    assert "okafor for rictor (swap 1 by Sam Mills: family)" in shown.out
    listed = (await oncall(practice, "swaps", "--json")).json
    assert [(s["id"], s["from"], s["to"], s["by"], s["undone_at"]) for s in listed] == [
        (1, "rictor", "okafor", "Sam Mills", None)
    ]
    assert (await oncall(practice, "undo", "1")).status == 0
    assert "Dr. Kenneth Rictor is on call" in (await oncall(practice, "--at", RICTORS)).out
    assert (await oncall(practice, "swaps")).out == "No swap is on record.\n"
    assert "undone by" in (await oncall(practice, "swaps", "doctors", "--all")).out
    assert "there is no swap 1 that could be undone" in (await oncall(practice, "undo", "1")).err


async def test_explain_says_who_would_be_rung_with_the_swap(practice: Path) -> None:
    await oncall(practice, *a_swap(by="Sam Mills"))
    rings = '{ oncall = "doctors", seconds = 25 }, { voicemail = "front-desk", greeting = "after-hours" }'
    text, changes = re.subn(r"\{ urgent = .*? \}", rings, practice.read_text(encoding="utf-8"))
    assert changes == 1
    practice.write_text(text, encoding="utf-8")
    words = ("explain", "--to", URGENT, "--at", "2030-01-14T20:00", "--config", str(practice))
    said = (await secondline(*words)).out
    assert "Dr. Ada Okafor is on call in 'doctors' (backup: Sam Mills, RN) until Tue 15 Jan 2030 08:00" in said
    assert (
        "Ring okafor (okafor-laptop, okafor's number outside after 12 s) for 37 seconds, "
        "then mills (front-desk-1) for 25 seconds. By reach-me rule 1 of okafor, Mon 18:00-22:00, until"
    ) in said
    document = (await secondline(*words, "--json")).json
    assert document["oncall"]["doctors"]["people"][0]["key"] == "okafor"
    assert document["steps"][0]["legs"] == [
        {"phone": "okafor-laptop", "after_seconds": 0, "who": "okafor"},
        {"outside": "okafor", "after_seconds": 12, "who": "okafor"},
    ]
    assert "0162" not in said


async def test_check_tells_holes_ahead_and_says_how_the_rota_goes(practice: Path) -> None:
    fine = await secondline("check", "--config", str(practice))
    assert fine.status == 0
    assert "warning:" not in fine.out
    assert "On call in 'doctors' (America/New_York): Dr. Kenneth Rictor, then Dr. Ada Okafor take turns" in fine.out
    text = practice.read_text(encoding="utf-8").replace('start = "2026-01-05"', 'start = "2040-01-02"')
    practice.write_text(text.replace('backup = "mills"\n', ""), encoding="utf-8")
    holes = await secondline("check", "--days", "14", "--json", "--config", str(practice))
    assert holes.status == 0
    assert any("rotas.doctors: nobody is on call from" in warning for warning in holes.json["warnings"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["doctor"], "there is no rota 'doctor' in the practice's file (did you mean 'doctors'?)"),
        (["--at", "noon"], "is not a time"),
        (a_swap(start="noon"), "--start 'noon' is not a date and time"),
        (a_swap(end="2030-01-14T11:00"), "--end is not after --start"),
        (a_swap(start="2020-01-06T12:00", end="2020-01-07T12:00"), "over already"),
        (a_swap(to="rictor"), "are the same person"),
        (a_swap(to="okafo"), "nobody with a phone (did you mean 'okafor'?)"),
        (a_swap(**{"from": "diaz"}), "'diaz' is not on call in 'doctors' in that time"),
        (a_swap(reason=" "), "--reason must be one line"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(practice: Path, words: list[str], sentence: str) -> None:
    answer = await oncall(practice, *words)
    assert answer.status == 1
    assert sentence in answer.err
    assert len(answer.err.strip().splitlines()) == 1
