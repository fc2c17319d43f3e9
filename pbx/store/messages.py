"""The messages and their transcripts in PostgreSQL."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pbx.domain.call import Label, MessageRecord
from pbx.domain.events import EventKind
from pbx.domain.serial import words_from_list, words_to_list
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.sealing.vault import Unopenable
from pbx.store.audit import SYSTEM, note
from pbx.store.callers import caller_of
from pbx.store.data_keys import TRANSCRIPT, Keys, key_for, keys_of, seal_words
from pbx.store.database import Database
from pbx.store.events import happened
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record

    from pbx.store.session import Session

log = logging.getLogger(__name__)


class PgMessageBox:
    """`pbx.services.ports.MessageBox` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(
        self, mailbox: str | None, limit: int, ids: Sequence[UUID] | None = None
    ) -> Sequence[MessageRecord]:
        """The newest messages first, of one mailbox or of all; `ids`: only these."""
        async with self._database.session() as connection:
            rows = [row async for row in sql.messages(connection, mailbox=mailbox, ids=ids, limit=limit)]
            keys = await self._keys(connection, rows)
        return [_record(row, keys) for row in rows]

    async def message(self, message: UUID) -> MessageRecord | None:
        """One message, or None if there is no such message."""
        async with self._database.session() as connection:
            row = await sql.message(connection, id=message)
            keys = await self._keys(connection, [] if row is None else [row])
        return None if row is None else _record(row, keys)

    async def keep_transcript(self, message: UUID, transcript: Transcript) -> None:
        """Keep a finished transcription; it replaces an earlier one. Nothing happens if the message is gone."""
        async with self._database.transaction() as connection:
            if await sql.set_transcribed(connection, id=message, state=transcript.state.value) is None:
                return
            key = await key_for(connection, self._database.vault, message)
            await sql.keep_transcript(
                connection,
                message_id=message,
                engine=transcript.engine,
                model=transcript.model,
                confidence=transcript.confidence,
                sealed=seal_words(key, transcript.text, words_to_list(transcript.words)),
            )
            await note(connection, SYSTEM, "transcribed", f"message/{message}", engine=transcript.engine)
            await happened(connection, EventKind.MESSAGE_TRANSCRIBED, message, state=transcript.state.value)

    async def transcription_failed(self, message: UUID, failure: str) -> None:
        """Set the state to failed, with one sentence for people; a transcript that is there stays as it is."""
        async with self._database.transaction() as connection:
            if await sql.set_transcription_failed(connection, id=message, failure=failure) is not None:
                await note(connection, SYSTEM, "not-transcribed", f"message/{message}")

    async def _keys(self, connection: Session, rows: Sequence[Record]) -> Keys:
        ids = [row[name] for row in rows for name in ("id", "call_id")]
        return await keys_of(connection, self._database.vault, ids)


def _record(row: Record, keys: Keys) -> MessageRecord:
    state, failure = TranscriptState(row["transcript_state"]), row["transcript_failure"]
    transcript = None
    if row["engine"] is not None:
        try:
            transcript = _transcript(row, state, keys)
        except Unopenable as problem:
            log.error("the words of message %s cannot be read: %s", row["id"], problem)
            state, failure = TranscriptState.FAILED, str(problem)
    return MessageRecord(
        id=row["id"],
        call_id=row["call_id"],
        mailbox=row["mailbox"],
        caller=caller_of(row, keys, row["call_id"]),
        dialled=row["dialled"],
        received_at=row["received_at"],
        seconds=row["seconds"],
        file=row["file"],
        state=state,
        transcript=transcript,
        failure=failure,
        label=None if row["label"] is None else Label(row["label"]),
        read_at=row["read_at"],
        held_at=row["held_at"],
        transcribed_at=row["made_at"],
        key=keys.wrapped(row["id"]),
    )


def _transcript(row: Record, state: TranscriptState, keys: Keys) -> Transcript:
    opened = keys.text(row["id"], TRANSCRIPT, row["sealed"])
    made = json.loads(opened) if opened is not None else {"text": row["text"], "words": json.loads(row["words"])}
    words = words_from_list(made["words"])
    return Transcript(state, made["text"], row["engine"], row["model"], row["confidence"], words)
