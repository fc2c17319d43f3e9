"""The tokens in PostgreSQL, each as a hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.domain.token import NewToken, Token, TokenScope
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.queries import sql

if TYPE_CHECKING:
    from asyncpg import Record


class PgTokenBook:
    """`pbx.services.ports.TokenBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewToken, actor: str) -> bool:
        """Keep a token and note it. False if a token of that name is in use."""
        scopes = sorted(scope.value for scope in new.scopes)
        async with self._database.transaction() as connection:
            await sql.give_name_back(connection, name=new.name)
            added = await sql.add_token(
                connection,
                name=new.name,
                scopes=scopes,
                sha256=new.sha256,
                made_by=actor,
                person=new.person,
                mailboxes=_list(new.mailboxes),
                numbers=_list(new.numbers),
                expires_at=new.expires_at,
            )
            if added is None:
                return False
            about = {"name": new.name, "person": new.person or ""}
            await note(connection, actor, "made-token", f"token/{added}", scopes=scopes, **about)
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
        id=row["id"],
        name=row["name"],
        scopes=frozenset(TokenScope(scope) for scope in row["scopes"]),
        sha256=row["sha256"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        revoked_at=row["revoked_at"],
        person=row["person"],
        mailboxes=_tuple(row["mailboxes"]),
        numbers=_tuple(row["numbers"]),
        expires_at=row["expires_at"],
    )


def _list(keys: tuple[str, ...] | None) -> list[str] | None:
    return None if keys is None else list(keys)


def _tuple(keys: list[str] | None) -> tuple[str, ...] | None:
    return None if keys is None else tuple(keys)
