"""Rules by caller in the commands, and the callers of the past out of the real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from pbx.asterisk.layout import Layout
from pbx.config.load import load
from pbx.database import open_records
from pbx.domain.call import CallStart
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.routing import Reason, decide
from pbx.store.calls import PgCallLog, PgPastCalls
from pbx.store.database import Database
from tests.kit.calls import MORNING, PATIENT, a_decision, a_start
from tests.kit.server import Answer, secondline

SOLO = Path(__file__).parents[2] / "docs" / "examples" / "solo.toml"
LINE, NIGHT = "(717) 555-0100", "2026-11-24T03:00"
NURSING_HOME, PESTERER = "+12155550143", "+12155550144"
RULES = """
[contacts]
file = "contacts.csv"

[callers.withheld]
always = [{ voicemail = "rictor" }]
"""

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    people = (f"{NURSING_HOME},Oak Grove,priority,ask for Jo", f"{PESTERER},Zebulon Quartermain,blocked,")
    (tmp_path / "contacts.csv").write_text("\n".join(("number,name,groups,note", *people)), encoding="utf-8")
    file = tmp_path / "practice.toml"
    file.write_text(SOLO.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    return file


async def explained(practice: Path, *words: str) -> Answer:
    return await secondline("explain", "--to", LINE, "--at", NIGHT, *words, "--config", str(practice))


async def test_explain_says_who_calls_and_which_rule_decides(practice: Path) -> None:
    answer = await explained(practice, "--from", "(215) 555-0143")
    assert answer.out.startswith("From Oak Grove, (215) 555-0143.\nNote: ask for Jo\n"), answer.err
    assert "The caller has priority, call 1 of at most 3 in 60 minutes (callers.priority).\n" in answer.out
    assert f"Decided by callers.priority ({practice}): priority.\n" in answer.out
    document = (await explained(practice, "--from", "withheld", "--json")).json
    assert (document["from"], document["name"], document["reason"]) == (None, None, "withheld")


async def test_explain_tries_what_cannot_be_seen_from_the_number(practice: Path) -> None:
    forged = await explained(practice, "--from", NURSING_HOME, "--verdict", "failed")
    assert "Priority does not count: the carrier says that the number is forged (callers.priority).\n" in forged.out
    earlier = ("--earlier", "5", "--earlier", "9", "--earlier", "30")
    often = (await explained(practice, "--from", NURSING_HOME, *earlier, "--json")).json
    assert (often["reason"], often["name"]) == ("outside-hours", "Oak Grove")
    assert "at most 3 in 60 minutes ring through" in often["why"][1]


async def test_calls_shows_the_name_that_is_kept_with_no_call(practice: Path) -> None:
    loaded, at = load(practice), datetime.now(UTC) - timedelta(hours=1)
    start = CallStart(uuid4(), "+17175550100", Caller(NumberKind.E164, PESTERER), at)
    async with open_records(loaded.settings, Layout(practice.parent / "var")) as records:
        await records.calls.open_call(start, decide(loaded.policy, start.dialled, at, caller=start.caller))
    shown = await secondline("calls", "--config", str(practice))
    assert "Zebulon Quartermain, (215) 555-0144" in " ".join(shown.out.split())
    [call] = (await secondline("calls", "--json", "--config", str(practice))).json
    assert (call["name"], call["reason"]) == ("Zebulon Quartermain", "blocked")
    assert "Quartermain" not in str(call["why"])
    await _diff_finds_the_call(practice, start)


async def _diff_finds_the_call(practice: Path, start: CallStart) -> None:
    new = practice.with_name("new.toml")
    rules = practice.read_text(encoding="utf-8").replace('"contacts.csv"', '"others.csv"')
    new.write_text(rules.replace("always =", "closed ="), encoding="utf-8")
    (practice.parent / "others.csv").write_text(f"number,groups\n{NURSING_HOME},priority\n", encoding="utf-8")
    answer = await secondline("diff", str(practice), str(new))
    assert answer.status == 1, answer.err
    assert "1 contact is gone.\n" in answer.out
    assert "now: no rule for blocked callers. before: Blocked callers (contacts in blocked)" in answer.out
    assert "now: Callers who withhold their number: when closed, it takes a message for rictor." in answer.out
    assert f"(call {start.id})\n" in answer.out
    assert ": hang up\n" in answer.out
    assert "Quartermain" not in answer.out
    assert "555-0144" not in answer.out


async def test_the_database_knows_who_called_when(database: Database) -> None:
    calls = PgCallLog(database)
    times = [MORNING - timedelta(minutes=minute) for minute in (0, 5, 90)]
    for at in times:
        await calls.open_call(a_start(at), a_decision(at=at))
    withheld = CallStart(uuid4(), "+17175550100", Caller(NumberKind.WITHHELD), MORNING)
    await calls.open_call(withheld, a_decision())
    past = PgPastCalls(database)
    assert list(await past.callers_since(MORNING - timedelta(hours=1), 10)) == [(PATIENT, at) for at in times[:2]]
    assert len(await past.callers_since(MORNING - timedelta(hours=9), 1)) == 1


@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_can_be_logged(reason: Reason, database: Database) -> None:
    await PgCallLog(database).open_call(a_start(), replace(a_decision(), reason=reason))
