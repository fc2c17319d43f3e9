"""A program of the practice's that takes webhooks, over HTTP or HTTPS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from pbx.notify.webhook import is_ours

SECRET = b"secondline secret of 32 bytes!!!"


@dataclass
class Receiver:
    """`taken` are the bodies of requests that were signed; `answers` are given instead of 204, one for each.

    `now` is the program's clock, which must agree with the server's.
    """

    url: str = ""
    taken: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    forged: int = 0
    secret: bytes = SECRET
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_ours(self.secret, request.headers, body, self.now()):
            self.forged += 1
            return web.Response(status=401)
        self.headers.append(dict(request.headers))
        self.ids.append(request.headers["webhook-id"])
        self.taken.append(body)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"} if status // 100 == 3 else {})


@asynccontextmanager
async def receiver(context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/secondline", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        found.url = f"http{'s' if context else ''}://127.0.0.1:{port}/secondline"
        yield found
    finally:
        await runner.cleanup()
