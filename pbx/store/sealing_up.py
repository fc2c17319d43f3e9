"""Seal what was written before there were keys: in small transactions, so that a start that is cut short goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.store.data_keys import CALLBACK, CALLER, NOTE, key_for, seal_words
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    from pbx.sealing.vault import Vault

AT_ONCE = 200
"""Rows sealed in one transaction."""

Batch = Callable[["Connection[Record]", "Vault"], Awaitable[int]]

log = logging.getLogger(__name__)


async def seal_old_rows(connection: Connection[Record], vault: Vault) -> int:
    """Seal every row that holds something plain; gives how many there were. Raises KeysMissing.

    The tables are written anew afterwards, because a row that was changed leaves its old self in the file.
    """
    sealed = 0
    for batch, rewrite in (
        (_calls, sql.rewrite_call),
        (_transcripts, sql.rewrite_transcript),
        (_callbacks, sql.rewrite_urgent_request),
        (_notes, sql.rewrite_inbox_event),
    ):
        done = await _all_of(batch, connection, vault)
        if done:
            await rewrite(connection)
        sealed += done
    if sealed:
        log.info("%d rows of before were sealed", sealed)
    return sealed


async def _all_of(batch: Batch, connection: Connection[Record], vault: Vault) -> int:
    total = 0
    while True:
        async with connection.transaction():
            done = await batch(connection, vault)
        total += done
        if not done:
            return total


async def _calls(connection: Connection[Record], vault: Vault) -> int:
    rows = [row async for row in sql.unsealed_calls(connection, limit=AT_ONCE)]
    for row in rows:
        number = row["caller_number"]
        key = await key_for(connection, vault, row["id"])
        sealed = key.seal_text(CALLER, number)
        await sql.seal_call(connection, caller_sealed=sealed, caller_index=vault.index(number), id=row["id"])
    return len(rows)


async def _transcripts(connection: Connection[Record], vault: Vault) -> int:
    rows = [row async for row in sql.unsealed_transcripts(connection, limit=AT_ONCE)]
    for row in rows:
        key = await key_for(connection, vault, row["message_id"])
        sealed = seal_words(key, row["text"], json.loads(row["words"]))
        await sql.seal_transcript(connection, sealed=sealed, message_id=row["message_id"])
    return len(rows)


async def _callbacks(connection: Connection[Record], vault: Vault) -> int:
    rows = [row async for row in sql.unsealed_callbacks(connection, limit=AT_ONCE)]
    for row in rows:
        key = await key_for(connection, vault, row["call_id"])
        sealed = key.seal_text(CALLBACK, row["callback"])
        await sql.seal_callback(connection, callback_sealed=sealed, call_id=row["call_id"])
    return len(rows)


async def _notes(connection: Connection[Record], vault: Vault) -> int:
    rows = [row async for row in sql.unsealed_notes(connection, limit=AT_ONCE)]
    for row in rows:
        key = await key_for(connection, vault, row["message_id"])
        await sql.seal_note(connection, sealed=key.seal_text(NOTE, row["text"]), id=row["id"])
    return len(rows)
