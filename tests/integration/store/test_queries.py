"""All SQL stands in one file; each statement is used, and the real server understands it."""

from __future__ import annotations

import re
from pathlib import Path

from pbx.store import queries
from pbx.store.database import Database
from pbx.store.queries import sql

NAMES = [name for name in sql.available_queries if not name.endswith("_cursor")]
STORE = Path(queries.__file__).parent


async def test_the_server_prepares_every_statement(database: Database) -> None:
    async with database.session() as connection:
        for name in NAMES:
            await connection.prepare(getattr(sql, name).sql)


def test_every_statement_is_used() -> None:
    code = "".join(file.read_text("utf-8") for file in STORE.glob("*.py"))
    assert set(re.findall(r"\bsql\.(\w+)\b", code)) == set(NAMES)


def test_no_statement_hides_in_the_code() -> None:
    statement = re.compile(r"['\"]\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP)\s", re.IGNORECASE)
    assert [file.name for file in STORE.glob("*.py") if statement.search(file.read_text("utf-8"))] == []
