"""Links to one text each, in PostgreSQL: the address is kept as its hash, the code as a slow one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pbx.services.text_ports import Link
from pbx.store.audit import note
from pbx.store.database import Database
from pbx.store.queries import sql


class PgLinkBook:
    """`pbx.services.text_ports.LinkBook` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: bytes, text: UUID, person: str, expires_at: datetime) -> None:
        """Keep a link under the SHA-256 of its token. With a `person` that one's PIN opens it, else the text's code."""
        async with self._database.session() as connection:
            await sql.add_text_link(connection, token_sha256=token, text_id=text, person=person, expires_at=expires_at)

    async def link(self, token: bytes) -> Link | None:
        """What is kept, unless it is over."""
        async with self._database.session() as connection:
            row = await sql.text_link(connection, token_sha256=token)
        return None if row is None else Link(row["text_id"], row["person"], row["code_hash"], row["wrong"])

    async def count_try(self, token: bytes, most: int) -> bool:
        """Count a try as wrong before it is looked at; False if all are used up or the link is over."""
        async with self._database.session() as connection:
            return await sql.count_link_try(connection, token_sha256=token, most=most) is not None

    async def opened(self, token: bytes, who: str) -> None:
        """The code was right: that try was none, and the audit has who saw which text."""
        async with self._database.transaction() as connection:
            text = await sql.link_opened(connection, token_sha256=token)
            if text is not None:
                await note(connection, who, "link-opened", f"text/{text}")

    async def refused(self, text: UUID, who: str) -> None:
        """Note a wrong code in the audit."""
        async with self._database.transaction() as connection:
            await note(connection, who, "link-refused", f"text/{text}")
