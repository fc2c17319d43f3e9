"""What a reader sees first: `voicemail list` and `show`, as an operator runs them on a real database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from pbx.domain.transcript import Transcript, TranscriptState, Word
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.messages import PgMessageBox
from tests.kit.calls import MORNING, a_message_call, a_recording, a_start
from tests.kit.database import on_database
from tests.kit.server import Answer, secondline

SOLO = Path(__file__).parents[2] / "docs" / "examples" / "solo.toml"
ROUTINE = "Hi, this is Margaret Hale, date of birth May 12, 1962. I need my metro pro lol. Call 717 555 0123."
URGENT = "I have [bold]chest pains[/bold] since last night, my number is the one i call from."


@pytest.fixture
def practice(tmp_path: Path, dsn: str) -> Path:
    file = tmp_path / "practice.toml"
    voicemail = '\n[voicemail]\nwords = ["metoprolol"]\n'
    file.write_text(SOLO.read_text(encoding="utf-8") + voicemail + on_database(dsn), encoding="utf-8")
    return file


async def a_message(database: Database, text: str, minute: int) -> UUID:
    start = a_start(MORNING + timedelta(minutes=minute))
    recording = a_recording(start.id)
    await PgCallLog(database).finish_call(a_message_call(start, recording))
    words = tuple(Word(word, None, None, 0.3 if word == "0123." else 0.9) for word in text.split())
    transcript = Transcript(TranscriptState.DONE, text, "vosk", "model", 0.9, words)
    await PgMessageBox(database).keep_transcript(recording.id, transcript)
    return recording.id


async def voicemail(practice: Path, *words: str) -> Answer:
    return await secondline("voicemail", *words, "--config", str(practice))


async def test_an_urgent_message_is_listed_first_and_every_hint_with_its_place_in_the_words(
    database: Database, practice: Path
) -> None:
    urgent = await a_message(database, URGENT, minute=0)
    routine = await a_message(database, ROUTINE, minute=5)
    listed = (await voicemail(practice, "list", "--json")).json
    assert [(row["id"], row["urgency"]) for row in listed] == [(str(urgent), "urgent"), (str(routine), "routine")]
    for row in listed:
        for hint in row["hints"]:
            assert row["transcript"]["text"][hint["start"] : hint["end"]] == hint["said"]
    hints = {hint["kind"]: hint for hint in listed[1]["hints"]}
    assert (hints["call-back"]["value"], hints["call-back"]["unsure"]) == ("+17175550123", True)
    assert hints["birth-date"]["value"] == "1962-05-12"
    assert (hints["word"]["value"], hints["word"]["said"]) == ("metoprolol", "metro pro lol")
    assert listed[1]["hints_line"].startswith(
        "call back (717) 555-0123 (unsure) [“717 555 0123”, not the number called from]; "
        "name Margaret Hale [“this is Margaret Hale”, the caller]; born 12 May 1962 ["
    )


async def test_a_message_is_shown_under_its_hints(database: Database, practice: Path) -> None:
    message = await a_message(database, f"{URGENT} {ROUTINE}", minute=0)
    shown = (await voicemail(practice, "show", str(message))).out
    assert shown.index("URGENT") < shown.index("Hints, made by a program") < shown.index("[bold]chest pains[/bold]")
    for what in ("metoprolol?", "“metro pro lol”", "(717) 555-0123", "the recogniser was not sure"):
        assert what in shown
