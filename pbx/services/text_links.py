"""Links in place of words: a page shows one text to whoever has the address and the code.

The address is 160 random bits and is kept as its hash alone; the code is what protects a text whose address was seen
by somebody else (in a mail, on a locked screen), so tries are few.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pbx.domain.policy import Policy
from pbx.domain.texting import TextRecord
from pbx.services.pins import Verdict
from pbx.services.text_ports import Link, LinkBook, TextBook
from pbx.services.text_writing import fits, nobodys

TOKEN_BYTES = 20
MOST_TRIES = 5
STAFF_LINK_LASTS = timedelta(days=1)
LANE = "link"
"""Wrong PINs on a page are counted for themselves: a stranger with an address locks nobody's phone."""


class PinCheck(Protocol):
    """What is needed of `pbx.services.pins`."""

    def has(self, person: str) -> bool | None: ...

    async def check(self, person: str, pin: str, lane: str = "") -> Verdict: ...


@dataclass(frozen=True, slots=True)
class TextLinks:
    """`policy` gives what is in force."""

    links: LinkBook
    book: TextBook
    pins: PinCheck
    policy: Callable[[], Policy]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def words_for_patient(self, record: TextRecord) -> str:
        """What is sent in place of a text: the practice's name and a fresh address. Raises StoreUnavailable."""
        policy = self.policy()
        lasts = policy.texting.link_lasts
        url = await self._make(record, "", lasts)
        return f"{policy.practice} has a message for you, for {lasts.days} days: {url} They tell you its code."

    async def for_person(self, record: TextRecord, person: str) -> str | None:
        """An address that a person opens with the PIN; None where there is no page or no PIN."""
        if self.policy().texting.public_url is None or not person or not self.pins.has(person):
            return None
        return await self._make(record, person, STAFF_LINK_LASTS)

    async def open(self, token: str, code: str) -> TextRecord | None:
        """The text, if all is right; None whatever is wrong: no such link, over, a wrong code, too many tries.

        Raises StoreUnavailable.
        """
        hashed = hash_of(token)
        link = await self.links.link(hashed)
        if link is None:
            await asyncio.to_thread(fits, nobodys(), code)  # as long as it takes for one that is there
            return None
        who = f"person/{link.person}" if link.person else "patient"
        if not await self.links.count_try(hashed, MOST_TRIES) or not await self._right(link, code):
            await self.links.refused(link.text, who)
            return None
        await self.links.opened(hashed, who)
        return await self.book.text(link.text)

    async def _right(self, link: Link, code: str) -> bool:
        if link.person:
            return await self.pins.check(link.person, code, LANE) is Verdict.RIGHT
        return await asyncio.to_thread(fits, link.code_hash, code)

    async def _make(self, record: TextRecord, person: str, lasts: timedelta) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self.links.add(hash_of(token), record.id, person, self.now() + lasts)
        return f"{self.policy().texting.public_url}/t/{token}"


def hash_of(token: str) -> bytes:
    """What is kept of a token. It is random, so a fast hash protects it."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
