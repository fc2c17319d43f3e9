"""The messages and their transcripts in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.call import Label, MessageRecord
from pbx.domain.events import EventKind
from pbx.domain.serial import words_from_list, words_to_list
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.store.audit import SYSTEM, note
from pbx.store.calls import caller_of
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record


class PgMessageBox:
    """`pbx.services.ports.MessageBox` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(
        self, mailbox: str | None, limit: int, ids: Sequence[UUID] | None = None
    ) -> Sequence[MessageRecord]:
        """The newest messages first, of one mailbox or of all; `ids`: only these."""
        async with self._database.session() as connection:
            rows = sql.messages(connection, mailbox=mailbox, ids=ids, limit=limit)
            return [_record(row) async for row in rows]

    async def message(self, message: UUID) -> MessageRecord | None:
        """One message, or None if there is no such message."""
        async with self._database.session() as connection:
            row = await sql.message(connection, id=message)
        return None if row is None else _record(row)

    async def keep_transcript(self, message: UUID, transcript: Transcript) -> None:
        """Keep a finished transcription; it replaces an earlier one. Nothing happens if the message is gone."""
        async with self._database.transaction() as connection:
            if await sql.set_transcribed(connection, id=message, state=transcript.state.value) is None:
                return
            await sql.keep_transcript(
                connection,
                message_id=message,
                engine=transcript.engine,
                model=transcript.model,
                text=transcript.text,
                confidence=transcript.confidence,
                words=json.dumps(words_to_list(transcript.words)),
            )
            await note(connection, SYSTEM, "transcribed", f"message/{message}", engine=transcript.engine)
            await happened(connection, EventKind.MESSAGE_TRANSCRIBED, message, state=transcript.state.value)

    async def transcription_failed(self, message: UUID, failure: str) -> None:
        """Set the state to failed, with one sentence for people; a transcript that is there stays as it is."""
        async with self._database.transaction() as connection:
            if await sql.set_transcription_failed(connection, id=message, failure=failure) is not None:
                await note(connection, SYSTEM, "not-transcribed", f"message/{message}")


def _record(row: Record) -> MessageRecord:
    state = TranscriptState(row["transcript_state"])
    return MessageRecord(
        id=row["id"],
        call_id=row["call_id"],
        mailbox=row["mailbox"],
        caller=caller_of(row),
        dialled=row["dialled"],
        received_at=row["received_at"],
        seconds=row["seconds"],
        file=row["file"],
        state=state,
        transcript=None if row["engine"] is None else _transcript(row, state),
        failure=row["transcript_failure"],
        label=None if row["label"] is None else Label(row["label"]),
        read_at=row["read_at"],
        held_at=row["held_at"],
        transcribed_at=row["made_at"],
    )


def _transcript(row: Record, state: TranscriptState) -> Transcript:
    words = words_from_list(json.loads(row["words"]))
    return Transcript(state, row["text"], row["engine"], row["model"], row["confidence"], words)
