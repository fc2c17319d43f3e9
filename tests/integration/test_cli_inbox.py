"""A shared mailbox as its readers meet it on the command line: without a server, with the real database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from pbx.cli import main
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.messages import PgMessageBox
from tests.kit.calls import PATIENT, a_message_call, a_recording, a_start
from tests.kit.database import on_database
from tests.kit.server import Answer

pytestmark = pytest.mark.timeout(150)

CARE_TEAM = Path(__file__).parents[2] / "docs" / "examples" / "care-team.toml"
Run = Callable[..., Awaitable[Answer]]
WORDS = "please call me about my canary"


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    """The care team's practice, on a database that runs already, with limits that go by the clock day and night."""
    file = tmp_path / "practice.toml"
    before, hours, after = CARE_TEAM.read_text(encoding="utf-8").partition('call_back_schedule = "office"')
    assert hours
    file.write_text(f"{before}{after}{on_database(dsn)}", encoding="utf-8")
    return file


@pytest.fixture
async def message(database: Database) -> str:
    """A message for the front desk that came half an hour ago."""
    start = a_start(datetime.now(UTC) - timedelta(minutes=31))
    recording = a_recording(start.id, mailbox="front-desk")
    await PgCallLog(database).finish_call(a_message_call(start, recording))
    done = Transcript(TranscriptState.DONE, WORDS, "moonshine", "tiny-en")
    await PgMessageBox(database).keep_transcript(recording.id, done)
    return str(recording.id)


@pytest.fixture
def run(practice: Path) -> Run:
    """Run commands in a thread of this process: that is quicker than a process for each of so many."""

    def command(words: tuple[str, ...]) -> Answer:
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            status = main([*words, "--config", str(practice)])
        return Answer(status, out.getvalue(), err.getvalue())

    return lambda *words: asyncio.to_thread(command, words)


async def test_a_message_finds_one_who_calls_back(run: Run, message: str, database: Database) -> None:
    claimed = await run("voicemail", "claim", message, "--by", "mills")
    assert (claimed.status, claimed.out) == (0, f"Message {message} for Front desk: new, with mills.\n")
    second = await run("voicemail", "claim", message, "--by", "Joe at the desk")
    assert (second.status, second.err) == (
        1,
        f"secondline: mills takes care of message {message}: it has to be released\n",
    )
    [mine] = (await run("voicemail", "list", "--mine", "--open", "--by", "mills", "--json")).json
    assert (mine["id"], mine["owner"], mine["state"]) == (message, "person/mills", "new")
    assert mine["transcript"]["text"] == WORDS and mine["call_back_due"] is not None
    await run("voicemail", "note", message, "wants a refill", "--by", "mills")
    done = await run("voicemail", "done", message, "--called-back", "--by", "mills")
    assert "called back by mills" in done.out
    assert (await run("voicemail", "list", "--open", "--json")).json == []
    shown = await run("voicemail", "show", message)
    assert "Stands: called back by mills\n" in shown.out
    for line in (
        "mills claimed it",
        "mills read it in a list",
        "mills noted: wants a refill",
        "marked it done, called",
    ):
        assert line in shown.out
    report = await run("report", "callbacks", "--json")
    assert report.json["total"] == report.json["mailboxes"]["front-desk"]
    assert (report.json["total"]["met"], report.json["total"]["in_time"]) == (1.0, 1)
    assert "30 min" in (await run("report", "callbacks", "--mailbox", "front-desk")).out
    assert PATIENT not in report.out and message not in report.out
    async with database.session() as connection:
        rows = await connection.fetch("SELECT detail FROM audit")
    assert not any(word in str(rows) for word in ("canary", "refill", PATIENT))


async def test_what_was_done_by_mistake_is_taken_back(run: Run, message: str) -> None:
    await run("voicemail", "done", message)
    assert (await run("voicemail", "done", message, "--undo", "--json")).json["done_at"] is None
    assert ": heard" in (await run("voicemail", "release", message)).out
    await run("voicemail", "delete", message, "--by", "mills")
    assert (await run("voicemail", "list", "--json")).json == []
    [gone] = (await run("voicemail", "list", "--deleted", "--json")).json
    assert (gone["id"], gone["deleted_by"]) == (message, "person/mills")
    assert (await run("voicemail", "undelete", message)).status == 0
    moved = await run("voicemail", "forward", message, "rictor", "--note", "asks for you", "--by", "mills", "--json")
    assert (moved.json["mailbox"], moved.json["state"]) == ("rictor", "new")
    hidden = await run("voicemail", "show", message, "--by", "mills")
    assert (hidden.status, WORDS in hidden.out) == (1, False)
    seen = (await run("voicemail", "show", message, "--by", "rictor", "--json")).json
    assert [event["text"] for event in seen["history"] if event["text"]] == ["asks for you"]
    assert seen["history"][-1]["deed"] == "read"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("voicemail", "claim", "12"), "'12' is not the id of a message"),
        (("voicemail", "claim", "00000000-0000-0000-0000-000000000000"), "there is no message"),
        (("voicemail", "forward", "ID", "nobody"), "there is no mailbox 'nobody'"),
        (("voicemail", "note", "ID", " "), "the note is empty"),
        (("voicemail", "done", "ID", "--called-back", "2020-01-01T10:00"), "cannot be before the message came in"),
        (("voicemail", "undelete", "ID"), "is not deleted"),
        (("report", "callbacks", "--mailbox", "fort-desk"), "did you mean 'front-desk'?"),
    ],
)
async def test_a_mistake_is_answered_with_one_sentence(
    run: Run, message: str, words: tuple[str, ...], sentence: str
) -> None:
    answer = await run(*(message if word == "ID" else word for word in words))
    assert (answer.status, sentence in answer.err, len(answer.err.strip().splitlines())) == (1, True, 1), answer.err
