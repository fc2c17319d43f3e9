"""The type of a connection that statements run on, whether it is of the pool or one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncpg import Connection, Record
    from asyncpg.pool import PoolConnectionProxy

    Session = Connection[Record] | PoolConnectionProxy[Record]
