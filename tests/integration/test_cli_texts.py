"""`secondline texts` as an operator meets it: without a server, with the real database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pbx.config.load import load
from pbx.domain.facts import NO_FACTS
from pbx.domain.texting import Arrived
from pbx.domain.texting_rules import decide_text
from pbx.store.database import Database
from pbx.store.texts import PgTextBook
from tests.kit.asterisk import DID, NIGHT_DID
from tests.kit.database import on_database
from tests.kit.server import Answer, secondline
from tests.kit.texting import PATIENT

pytestmark = pytest.mark.timeout(120)

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "texting.toml"
FRONT_DESK = "+17175550101"
OTHER = "+12155550176"
Run = Callable[..., Awaitable[Answer]]


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    """The example of the documentation, with an address for links, on a database that runs already."""
    file = tmp_path / "practice.toml"
    link = ('carrier = "trunk"', 'carrier = "trunk"\npublic_url = "https://texts.scotland.example"')
    file.write_text(EXAMPLE.read_text(encoding="utf-8").replace(*link) + on_database(dsn), encoding="utf-8")
    return file


@pytest.fixture
def run(practice: Path) -> Run:
    return lambda *words, types="": secondline(*words, "--config", str(practice), types=types)


@pytest.fixture
async def asked(practice: Path, database: Database) -> Arrived:
    """A patient's text to the front desk."""
    text = Arrived(uuid4(), FRONT_DESK, PATIENT, "May I take it with milk?", datetime.now(UTC), "trunk:1", 1)
    policy = load(practice).policy
    await PgTextBook(database).take(
        text, lambda known: decide_text(policy, text, NO_FACTS, known), lambda record, decision: ()
    )
    return text


async def test_texts_are_read_by_whom_they_are_for_and_every_reading_is_noted(
    run: Run, asked: Arrived, database: Database
) -> None:
    [inbound] = [one for one in (await run("texts", "--json")).json if one["direction"] == "inbound"]
    assert (inbound["body"], inbound["patient"], inbound["line"]) == (asked.body, PATIENT, FRONT_DESK)
    assert (inbound["pictures"], inbound["state"], inbound["shown_on"]) == (1, "received", [])
    assert "May I take it with milk?" in (await run("texts", "list", "--line", FRONT_DESK)).out
    assert (await run("texts", "list", "--by", "rictor", "--json")).json == []
    shown = await run("texts", "show", "(215) 555-0143", "--by", "mills", "--json")
    assert {one["cause"] for one in shown.json["texts"]} == {"patient", "auto-reply"}
    assert [(one["consent"], one["how"]) for one in shown.json["consent"]] == [("given", "texted")]
    assert "wants texts (texted to (717) 555-0101" in (await run("texts", "show", PATIENT)).out
    async with database.session() as connection:
        noted = await connection.fetch("SELECT detail ->> 'by' AS by FROM audit WHERE action = 'texts-shown'")
    assert "person/mills" in [row["by"] for row in noted]
    assert len(noted) == 5


async def test_a_text_is_sent_for_the_person_who_is_named(run: Run, asked: Arrived) -> None:
    sent = await run("texts", "send", PATIENT, "--by", "mills", "--json", types="Yes, with a full glass.\n")
    assert (sent.status, sent.json["state"], sent.json["line"]) == (0, "waiting", FRONT_DESK)
    assert (sent.json["person"], bool(sent.json["account"]), sent.json["code"]) == ("mills", True, None)
    assert sent.json["body"] == "Yes, with a full glass."
    plain = await run("texts", "send", PATIENT, "--by", "mills", types="Yes.")
    assert plain.out.startswith("It is sent from (717) 555-0101 as soon as a server runs (")
    foreign = await run("texts", "send", PATIENT, "--by", "rictor", "--from", FRONT_DESK, types="Yes.")
    assert (foreign.status, "are not yours" in foreign.err) == (1, True)
    assert (await run("texts", "send", "12", types="Yes.")).status == 1


async def test_a_text_as_a_link_shows_its_code_once(run: Run, asked: Arrived) -> None:
    sent = await run("texts", "send", PATIENT, "--secure", "--json", types="Your result is negative.")
    assert (sent.json["cause"], len(sent.json["code"])) == ("link", 6)
    listed = (await run("texts", "--json")).out
    assert sent.json["code"] not in listed.replace(sent.json["id"], "")
    told = await run("texts", "send", PATIENT, "--secure", types="Your result is negative.")
    assert "tell it in any way but a text" in told.out


async def test_consent_is_a_record_that_holds_for_the_staff_too(run: Run, asked: Arrived) -> None:
    refused = await run("texts", "send", OTHER, "--by", "mills", types="Hello")
    assert (refused.status, "no consent is on record" in refused.err) == (1, True)
    agreed = await run("texts", "consent", OTHER, "yes", "--note", "signed form of 3 March", "--by", "mills")
    assert (agreed.status, agreed.out) == (0, "It is written down: they want texts.\n")
    assert (await run("texts", "send", OTHER, "--by", "mills", types="Hello")).status == 0
    stopped = await run("texts", "consent", OTHER, "no", "--note", "said so on the phone", "--json")
    assert [one["consent"] for one in stopped.json] == ["given", "revoked"]
    refused = await run("texts", "send", OTHER, "--by", "mills", types="Hello")
    assert "Call them" in refused.err
    wrong = await run("texts", "consent", OTHER, "yes", "--note", "two\nlines")
    assert (wrong.status, "one line" in wrong.err) == (1, True)


async def test_a_text_is_explained_without_anything_being_written_down(run: Run) -> None:
    closed = await run("texts", "explain", "--to", DID, "--at", "2026-12-25T10:00", "--json")
    assert closed.json["reason"] == "closed"
    assert closed.json["reply"].endswith("In an emergency, call 911.")
    stop = await run("texts", "explain", "--to", DID, "--says", "STOP", "--from", PATIENT)
    assert "asks for no more texts" in stop.out
    assert 'It answers: "You get no more texts from Scotland Family Medicine.' in stop.out
    unknown = await run("texts", "explain", "--to", NIGHT_DID)
    assert (unknown.status, "no number of the practice that has texts" in unknown.err) == (1, True)
    assert (await run("texts", "--json")).json == []
