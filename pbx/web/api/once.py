"""Requests that may be sent again: the same Idempotency-Key within a day gives the same answer, and nothing twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from pbx.services.ports import StoreUnavailable
from pbx.services.program_ports import AnswerBook, Kept
from pbx.web.api.problems import PROBLEM, Wrong

HEADER = "Idempotency-Key"
AGAIN = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_FREE_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""Answers that say that nothing was done: the same request may be tried anew."""


@dataclass(frozen=True, slots=True)
class Once:
    """Carries out a POST with a key at most once."""

    book: AnswerBook

    async def answer(
        self, request: web.Request, token: int, content: bytes, do: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        """What `do` answers, or what was answered before. Raises Wrong and StoreUnavailable, and what `do` raises.

        Where it is not known how `do` ended (it raised what nobody foresaw, the server died), the key is used up: the
        other side has to look before it asks for the same with another one.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return await do()
        if not _KEY.fullmatch(key):
            raise Wrong(HTTPStatus.BAD_REQUEST, f"{HEADER} must be 1 to 200 printable characters without spaces")
        asked = hashlib.sha256(b"\n".join((request.method.encode(), request.path.encode(), content))).digest()
        known = await self.book.begin(token, key, asked)
        if known is not None:
            return _again(known, asked)
        return await self._do(token, key, asked, do)

    async def _do(self, token: int, key: str, asked: bytes, do: Callable[[], Awaitable[web.Response]]) -> web.Response:
        try:
            answer = await do()
        except StoreUnavailable:
            await self.book.drop(token, key)
            raise
        if answer.status in _FREE_AGAIN:
            await self.book.drop(token, key)
        else:
            kept = Kept(asked, answer.status, answer.text or "", answer.headers.get("Location"))
            await self.book.keep(token, key, kept)
        return answer


def _again(known: Kept, asked: bytes) -> web.Response:
    if known.sha256 != asked:
        raise Wrong(HTTPStatus.UNPROCESSABLE_ENTITY, f"this {HEADER} was used for another request: choose a new one")
    if known.status is None:
        sentence = "the first request with this key has not ended, or nobody knows how: look before you ask anew"
        raise Wrong(HTTPStatus.CONFLICT, sentence, {"Retry-After": "5"})
    content_type = "application/json" if known.status < HTTPStatus.BAD_REQUEST else PROBLEM
    headers = {"Cache-Control": "no-store", AGAIN: "true"}
    if known.location:
        headers["Location"] = known.location
    return web.Response(text=known.body, status=known.status, content_type=content_type, headers=headers)
