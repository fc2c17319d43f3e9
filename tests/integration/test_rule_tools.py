"""`secondline week` and `secondline diff`, run as an operator runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest

from pbx.asterisk.layout import Layout
from pbx.config.load import load
from pbx.database import open_records
from pbx.domain.call import CallStart
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.routing import State, decide
from tests.kit.database import on_database
from tests.kit.server import secondline

SOLO = Path(__file__).parents[2] / "docs" / "examples" / "solo.toml"
LINE = "(717) 555-0100"
CALLER = "+12155550143"
HOURS = 'open = { mon-thu = "09:00-17:00", fri = ["09:00-12:00", "13:00-15:00"] }'


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    file = tmp_path / "practice.toml"
    file.write_text(SOLO.read_text(encoding="utf-8"), encoding="utf-8")
    return file


def changed(practice: Path, old: str, new: str) -> Path:
    text = practice.read_text(encoding="utf-8")
    assert old in text
    file = practice.with_name("new.toml")
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


async def test_week_draws_seven_days_without_colour(practice: Path) -> None:
    answer = await secondline("week", LINE, "--from", "2026-11-23", "--config", str(practice))
    assert (answer.status, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == f"Dr. Rictor, {LINE} (times in America/New_York)"
    [friday] = [line for line in lines if line.startswith("Fri 27 Nov")]
    assert friday.split() == [
        "Fri",
        "27",
        "Nov",
        "░" * 18 + "█" * 6 + "░" * 2 + "█" * 4 + "░" * 18,
        *friday.split()[4:],
    ]
    assert friday.endswith("09:00-12:00, 13:00-15:00")
    assert any(line.endswith("closed: Thanksgiving Day") and "x" * 48 in line for line in lines)
    assert "\x1b" not in answer.out


async def test_week_as_json_has_local_times_and_the_length_of_each_day(practice: Path) -> None:
    answer = await secondline("week", LINE, "--from", "2026-10-31", "--json", "--config", str(practice))
    days = answer.json["days"]
    assert [day["hours"] for day in days] == [24, 25, 24, 24, 24, 24, 24]
    assert days[2]["periods"][1] == {
        "from": "2026-11-02T09:00:00-05:00",
        "to": "2026-11-02T17:00:00-05:00",
        "state": "open",
        "reason": "in-hours",
        "rule": "schedules.office",
    }


async def test_week_writes_a_picture(practice: Path, tmp_path: Path) -> None:
    picture = tmp_path / "week.svg"
    answer = await secondline("week", LINE, "--svg", str(picture), "--config", str(practice))
    assert (answer.status, answer.out) == (0, f"{picture}: the week of Dr. Rictor\n")
    words = [element.text for element in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert "now" in words


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("week", "+17175550199"), "is not a number of this practice (there are: (717) 555-0100)"),
        (("week", LINE, "--from", "Monday"), "is not a date"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(practice: Path, words: tuple[str, ...], sentence: str) -> None:
    answer = await secondline(*words, "--config", str(practice))
    assert answer.status == 1
    assert sentence in answer.err


async def test_check_refuses_a_file_whose_own_test_fails(practice: Path) -> None:
    answer = await secondline("check", str(changed(practice, 'then = "voicemail rictor"', 'then = "ring rictor"')))
    assert answer.status == 1
    line = practice.read_text(encoding="utf-8").splitlines().index('then = "voicemail rictor"') + 1
    assert f"new.toml:{line}: expect[1].then: a call to (717) 555-0100 at Thu 24 Dec 2026 10:00" in answer.out
    assert 'it does "greeting after-hours, voicemail rictor, hang up" instead of "ring rictor"' in answer.out
    assert "closed date: 2026-12-24" in answer.out


async def test_check_names_warnings_and_what_is_accepted_for_programs(practice: Path) -> None:
    answer = (await secondline("check", "--json", "--config", str(practice))).json
    assert (answer["ok"], answer["named"]) == (True, [])
    [accepted] = answer["accepted"]
    assert (accepted["name"], accepted["because"][:12]) == ("closed-voicemail-only", "The hospital")
    file = changed(practice, 'on = "(717) 555-0100"', 'on = "(717) 555-0199"')
    answer = (await secondline("check", "--json", str(file))).json
    assert [warning["name"] for warning in answer["named"]] == ["closed-voicemail-only", "accept-unneeded"]


async def test_diff_of_the_same_rules_is_nothing(practice: Path) -> None:
    answer = await secondline("diff", str(practice), str(changed(practice, "# A solo", "# The solo")))
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("Nothing changes for callers.\n")
    assert "were not looked at" in answer.out
    assert not (practice.parent / "var").exists()


async def test_diff_with_a_bad_file_says_what_is_wrong_with_it(practice: Path) -> None:
    answer = await secondline("diff", str(practice), str(changed(practice, 'ring = "rictor"', 'ring = "ricter"')))
    assert answer.status == 2
    assert "did you mean 'rictor'?" in answer.out


async def logged(practice: Path, at: datetime) -> UUID:
    """Write a call into the log, as the server would."""
    loaded = load(practice)
    start = CallStart(uuid4(), "+17175550100", Caller(NumberKind.E164, CALLER), at)
    async with open_records(loaded.settings, Layout(practice.parent / "var")) as records:
        await records.calls.open_call(start, decide(loaded.policy, start.dialled, at))
    return start.id


async def test_diff_lists_last_weeks_calls_that_would_have_gone_elsewhere(practice: Path, dsn: str) -> None:
    practice.write_text(practice.read_text(encoding="utf-8") + on_database(dsn), encoding="utf-8")
    new = changed(practice, HOURS, 'open = { daily = "00:00-24:00" }\n')
    text = new.read_text(encoding="utf-8").replace("closed_on", "# closed_on")
    new.write_text(text[: text.index("[[expect]]")] + on_database(dsn), encoding="utf-8")
    policy, now = load(practice).policy, datetime.now(UTC)
    hours = [now - timedelta(hours=n) for n in range(1, 160)]
    states = {decide(policy, "+17175550100", at).state: at for at in hours}
    night, _ = await logged(practice, states[State.CLOSED]), await logged(practice, states[State.OPEN])
    answer = await secondline("diff", str(practice), str(new))
    assert answer.status == 1, answer.err
    assert "now open: ring rictor (rictor-desk, rictor-laptop) for 25 s" in answer.out
    assert "is no longer closed on" in answer.out
    assert "Of last week's 2 logged calls, 1 would have gone elsewhere." in answer.out
    assert f"(call {night})" in answer.out
    assert CALLER[2:] not in answer.out.replace("-", "")
    document = json.loads((await secondline("diff", str(practice), str(new), "--json")).out)
    assert document["same"] is False
    assert document["calls"]["looked_at"] == 2
    [moved] = document["calls"]["moved"]
    assert (moved["id"], moved["before"][:6], moved["after"][:4]) == (str(night), "closed", "open")
