"""Answers to programs that are given again for the same Idempotency-Key, in PostgreSQL.

A request may hold a patient's number, and a plain hash of one can be guessed: so the database has keyed ones alone. A
program may also put something of a patient into its key.
"""

from __future__ import annotations

from dataclasses import replace

from pbx.services.program_ports import Kept
from pbx.store.database import Database
from pbx.store.queries import sql


class PgAnswers:
    """`pbx.services.program_ports.AnswerBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, token: int, key: str, sha256: bytes) -> Kept | None:
        """Write a request down before it is carried out. None if the key is new, else what is known of it."""
        stored, hashed = self._key(key), self._hash(sha256)
        async with self._database.session() as connection:
            await sql.forget_answers(connection)
            if await sql.begin_answer(connection, token_id=token, key=stored, sha256=hashed) is not None:
                return None
            row = await sql.answer(connection, token_id=token, key=stored)
        if row is None:  # it was dropped this very moment
            return await self.begin(token, key, sha256)
        known = Kept(row["sha256"], row["status"], row["body"] or "", row["location"])
        return replace(known, sha256=sha256) if known.sha256 == hashed else known

    async def keep(self, token: int, key: str, kept: Kept) -> None:
        """Keep the answer, for whoever asks again."""
        stored = self._key(key)
        async with self._database.session() as connection:
            await sql.keep_answer(
                connection, status=kept.status, body=kept.body, location=kept.location, token_id=token, key=stored
            )

    async def drop(self, token: int, key: str) -> None:
        """Nothing was done: the key is as good as new."""
        async with self._database.session() as connection:
            await sql.drop_answer(connection, token_id=token, key=self._key(key))

    def _key(self, key: str) -> str:
        return self._database.vault.index(f"api-key|{key}").hex()

    def _hash(self, sha256: bytes) -> bytes:
        return self._database.vault.index(f"api-request|{sha256.hex()}")
