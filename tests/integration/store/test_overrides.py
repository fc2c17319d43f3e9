"""Overrides and tokens are kept with who made them, in the audit, and each is ended or revoked once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pbx.domain.override import Mode, Override, Scope
from pbx.domain.token import OVERRIDES, NewToken, find_token, hash_of, new_token
from pbx.services.ports import OverrideBook, TokenBook
from pbx.store.database import Database
from pbx.store.migrate import migrate, migrations
from pbx.store.overrides import PgOverrideBook
from pbx.store.tokens import PgTokenBook

NOW = datetime.now(UTC)
CLOSED = Override(
    None, Scope.NUMBER, "+17175550100", Mode.CLOSED, NOW, NOW + timedelta(hours=2), "Sam Mills", "roads are closed"
)


@pytest.fixture
def book(database: Database) -> OverrideBook:
    return PgOverrideBook(database)


@pytest.fixture
def token_book(database: Database) -> TokenBook:
    return PgTokenBook(database)


async def notes(database: Database) -> list[tuple[str, str, str, dict[str, str]]]:
    async with database.session() as connection:
        rows = await connection.fetch("SELECT actor, action, object, detail FROM audit ORDER BY id")
    return [(row["actor"], row["action"], row["object"], json.loads(row["detail"])) for row in rows]


async def test_an_override_is_read_back_as_it_was_made_the_newest_first(book: OverrideBook) -> None:
    first = await book.add(CLOSED, "mia")
    second = await book.add(replace(CLOSED, scope=Scope.PRACTICE, target="", mode=Mode.SNOW_DAY), "mia")
    assert [record.override for record in await book.overrides()] == [second, first]
    assert first == replace(CLOSED, id=first.id)


async def test_one_that_is_over_is_on_record_only(book: OverrideBook) -> None:
    await book.add(replace(CLOSED, starts=NOW - timedelta(hours=2), ends=NOW - timedelta(hours=1)), "mia")
    assert await book.overrides() == []
    [record] = await book.overrides(over=True)
    assert record.ended_at is None
    assert await book.end(record.override.id or 0, "Sam Mills", "mia") is None


async def test_one_is_ended_once(book: OverrideBook) -> None:
    made = await book.add(CLOSED, "mia")
    assert made.id is not None
    assert await book.end(made.id, "Dr. Okafor", "joe") == made
    assert await book.end(made.id, "Dr. Okafor", "joe") is None
    assert await book.overrides() == []
    [record] = await book.overrides(over=True)
    assert record.ended_by == "Dr. Okafor" and record.ended_at is not None


async def test_both_are_in_the_audit_with_who_what_and_until_when(book: OverrideBook, database: Database) -> None:
    made = await book.add(CLOSED, "mia")
    await book.end(made.id or 0, "Dr. Okafor", "token/desk")
    of_line = {"scope": "number", "target": "+17175550100"}
    assert await notes(database) == [
        (
            "mia",
            "overrode",
            f"override/{made.id}",
            of_line | {"mode": "closed", "by": "Sam Mills", "end": CLOSED.ends.isoformat()},
        ),
        ("token/desk", "ended-override", f"override/{made.id}", of_line | {"by": "Dr. Okafor"}),
    ]


async def test_of_a_token_only_its_hash_is_kept(token_book: TokenBook, database: Database) -> None:
    text = new_token()
    assert await token_book.add(NewToken("desk", OVERRIDES, hash_of(text)), "mia")
    assert not await token_book.add(NewToken("desk", OVERRIDES, hash_of(new_token())), "mia")
    [token] = await token_book.tokens()
    assert find_token([token], text, NOW) == token
    assert find_token([token], new_token(), NOW) is None
    async with database.session() as connection:
        rows = await connection.fetch(
            "SELECT to_jsonb(t)::text AS t FROM api_token t UNION ALL SELECT detail::text FROM audit"
        )
    assert not any(text.removeprefix("secondline_") in row["t"] for row in rows)


async def test_a_token_is_revoked_once_and_its_name_is_free_again(token_book: TokenBook, database: Database) -> None:
    text = new_token()
    await token_book.add(NewToken("desk", OVERRIDES, hash_of(text)), "mia")
    assert await token_book.revoke("desk", "joe")
    assert not await token_book.revoke("desk", "joe")
    assert find_token(await token_book.tokens(), text, NOW) is None
    assert await token_book.add(NewToken("desk", OVERRIDES, hash_of(new_token())), "mia")
    assert [(actor, action) for actor, action, *_ in await notes(database)] == [
        ("mia", "made-token"),
        ("joe", "revoked-token"),
        ("mia", "made-token"),
    ]


async def test_a_token_of_before_there_were_scopes_goes_on_setting_overrides(empty_dsn: str) -> None:
    before = [migration for migration in migrations() if migration.version < 14]
    text = new_token()
    async with Database.connect(empty_dsn) as database:
        async with database.dedicated() as connection:
            await migrate(connection, before)
        async with database.session() as connection:
            await connection.execute(
                "INSERT INTO api_token (name, scope, sha256, made_by) VALUES ('desk', 'overrides', $1, 'mia')",
                hash_of(text),
            )
        await database.migrate()
        token = find_token(await PgTokenBook(database).tokens(), text, NOW)
    assert token is not None
    assert (token.scopes, token.person, token.mailboxes, token.expires_at) == (OVERRIDES, None, None, None)
