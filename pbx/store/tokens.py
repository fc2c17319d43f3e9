"""The tokens in PostgreSQL, each as a hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.domain.token import Token, TokenScope
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record


class PgTokenBook:
    """`pbx.services.ports.TokenBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, name: str, scope: TokenScope, sha256: bytes, actor: str) -> bool:
        """Keep a token and note it. False if a token of that name is in use."""
        async with self._database.transaction() as connection:
            added = await sql.add_token(connection, name=name, scope=scope.value, sha256=sha256, made_by=actor)
            if added is None:
                return False
            await note(connection, actor, "made-token", f"token/{added}", name=name, scope=scope.value)
        return True

    async def revoke(self, name: str, actor: str) -> bool:
        """Let a token be used no more, and note it. False if there is none of that name in use."""
        async with self._database.transaction() as connection:
            revoked = await sql.revoke_token(connection, name=name, revoked_by=actor)
            if revoked is None:
                return False
            await note(connection, actor, "revoked-token", f"token/{revoked}", name=name)
        return True

    async def tokens(self) -> Sequence[Token]:
        """All tokens, those that were revoked too, in the order in which they were made."""
        async with self._database.session() as connection:
            return [_token(row) async for row in sql.tokens(connection)]


def _token(row: Record) -> Token:
    return Token(
        name=row["name"],
        scope=TokenScope(row["scope"]),
        sha256=row["sha256"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        revoked_at=row["revoked_at"],
    )
