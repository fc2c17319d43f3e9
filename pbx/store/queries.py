"""All SQL of the store by name: `await sql.open_call(connection, id=…)` runs `-- name: open_call!` of queries.sql."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiosql

FILE = Path(__file__).with_name("queries.sql")

sql: Any = aiosql.from_path(FILE, "asyncpg")
"""aiosql makes its methods while it loads, so no type is known; a test prepares each on a real server."""
