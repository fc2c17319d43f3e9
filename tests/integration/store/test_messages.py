"""Messages are listed with their words; what failed says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pbx.domain.transcript import Transcript, TranscriptState, Word
from pbx.services.ports import CallLog, MessageBox
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.messages import PgMessageBox
from tests.kit.calls import LINE, MORNING, a_message_call, a_recording, a_start

WORDS = (Word("please", 0.1, 0.5, 0.9), Word("call", None, None, None))
TRANSCRIPT = Transcript(TranscriptState.DONE, "please call", "moonshine", "tiny-en", None, WORDS)


@pytest.fixture
def calls(database: Database) -> CallLog:
    return PgCallLog(database)


@pytest.fixture
def box(database: Database) -> MessageBox:
    return PgMessageBox(database)


async def a_message(calls: CallLog, mailbox: str = "rictor", minute: int = 0) -> UUID:
    start = a_start(MORNING + timedelta(minutes=minute))
    recording = a_recording(start.id, mailbox=mailbox)
    await calls.finish_call(a_message_call(start, recording))
    return recording.id


async def notes(database: Database, message: UUID) -> list[tuple[str, str]]:
    async with database.session() as connection:
        rows = await connection.fetch(
            "SELECT actor, action FROM audit WHERE object = $1 ORDER BY id", f"message/{message}"
        )
    return [(row["actor"], row["action"]) for row in rows]


async def test_a_new_message_waits_for_its_transcript(calls: CallLog, box: MessageBox) -> None:
    message = await a_message(calls)
    found = await box.message(message)
    assert found is not None
    assert (found.mailbox, found.dialled, found.seconds) == ("rictor", LINE, 12.5)
    assert (found.state, found.transcript, found.failure) == (TranscriptState.PENDING, None, None)
    assert found.received_at == MORNING + timedelta(minutes=1)
    assert list(await box.messages(None, 10)) == [found]


async def test_a_message_that_is_not_there_is_none(box: MessageBox) -> None:
    assert await box.message(uuid4()) is None


async def test_messages_come_newest_first_and_by_mailbox(calls: CallLog, box: MessageBox) -> None:
    first, other, last = await a_message(calls), await a_message(calls, "salk", 1), await a_message(calls, minute=2)
    assert [m.id for m in await box.messages(None, 10)] == [last, other, first]
    assert [m.id for m in await box.messages("rictor", 10)] == [last, first]
    assert [m.id for m in await box.messages(None, 1)] == [last]
    assert list(await box.messages("nobody", 10)) == []


async def test_a_transcript_is_read_back_as_it_was(calls: CallLog, box: MessageBox) -> None:
    message = await a_message(calls)
    await box.keep_transcript(message, TRANSCRIPT)
    found = await box.message(message)
    assert found is not None
    assert (found.state, found.transcript) == (TranscriptState.DONE, TRANSCRIPT)


async def test_a_later_transcript_replaces_the_earlier(calls: CallLog, box: MessageBox) -> None:
    message = await a_message(calls)
    silence = Transcript(TranscriptState.NO_SPEECH, "", "vosk", "small", 0.25)
    await box.keep_transcript(message, TRANSCRIPT)
    await box.keep_transcript(message, silence)
    found = await box.message(message)
    assert found is not None
    assert (found.state, found.transcript) == (TranscriptState.NO_SPEECH, silence)


async def test_a_failure_says_why_until_a_transcript_is_there(calls: CallLog, box: MessageBox) -> None:
    message = await a_message(calls)
    await box.transcription_failed(message, "The recording could not be understood.")
    failed = await box.message(message)
    assert failed is not None
    assert (failed.state, failed.failure) == (TranscriptState.FAILED, "The recording could not be understood.")
    await box.keep_transcript(message, TRANSCRIPT)
    done = await box.message(message)
    assert done == replace(failed, state=TranscriptState.DONE, transcript=TRANSCRIPT, failure=None)


async def test_a_finished_transcript_is_never_called_failed(calls: CallLog, box: MessageBox) -> None:
    message = await a_message(calls)
    await box.keep_transcript(message, TRANSCRIPT)
    await box.transcription_failed(message, "too late")
    found = await box.message(message)
    assert found is not None
    assert (found.state, found.transcript) == (TranscriptState.DONE, TRANSCRIPT)


async def test_a_transcript_of_a_message_that_is_gone_is_dropped(box: MessageBox) -> None:
    await box.keep_transcript(uuid4(), TRANSCRIPT)
    await box.transcription_failed(uuid4(), "gone")
    assert list(await box.messages(None, 10)) == []


async def test_what_became_of_a_message_is_noted(calls: CallLog, box: MessageBox, database: Database) -> None:
    message = await a_message(calls)
    await box.keep_transcript(message, TRANSCRIPT)
    assert await notes(database, message) == [("system", "kept"), ("system", "transcribed")]
