"""Answers to programs that are given again for the same Idempotency-Key, in PostgreSQL."""

from __future__ import annotations

from pbx.services.program_ports import Kept
from pbx.store.database import Database
from pbx.store.queries import sql


class PgAnswers:
    """`pbx.services.program_ports.AnswerBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, token: int, key: str, sha256: bytes) -> Kept | None:
        """Write a request down before it is carried out. None if the key is new, else what is known of it."""
        async with self._database.session() as connection:
            await sql.forget_answers(connection)
            if await sql.begin_answer(connection, token_id=token, key=key, sha256=sha256) is not None:
                return None
            row = await sql.answer(connection, token_id=token, key=key)
        if row is None:  # it was dropped this very moment
            return await self.begin(token, key, sha256)
        return Kept(row["sha256"], row["status"], row["body"] or "", row["location"])

    async def keep(self, token: int, key: str, kept: Kept) -> None:
        """Keep the answer, for whoever asks again."""
        async with self._database.session() as connection:
            await sql.keep_answer(
                connection, status=kept.status, body=kept.body, location=kept.location, token_id=token, key=key
            )

    async def drop(self, token: int, key: str) -> None:
        """Nothing was done: the key is as good as new."""
        async with self._database.session() as connection:
            await sql.drop_answer(connection, token_id=token, key=key)
