"""The FastAGI server: Asterisk connects here, once for each question."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from agi.out import OutDesk, out_route
from agi.routes import Router, next_route
from agi.session import Access, GuardedApplication, Limits, Stats
from agi.talks import LONGEST_TALK, NO_TALKS, Talks, talk_route
from agi.wire import HEADER_BYTES

__all__ = ["Router", "Server", "Talks", "serve"]

_DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the port it listens on (useful where 0 was asked for) and what it has done so far."""

    port: int
    stats: Stats


@contextlib.asynccontextmanager
async def serve(  # noqa: PLR0913 - what is answered here, and where
    router: Router,
    host: str,
    port: int,
    *,
    limits: Limits = _DEFAULTS,
    talks: Talks = NO_TALKS,
    out: OutDesk | None = None,
) -> AsyncIterator[Server]:
    """Answer Asterisk's questions with `router` until the block ends; then questions in hand are given up at once.

    `talks` are what the practice's own people can do by phone; one that is going on when the block ends is broken off,
    and the dialplan says so. `out` judges calls to numbers outside; without it none is placed.

    FastAGI has neither TLS nor a password: only loopback may ask. Raises OSError when the port cannot be had.
    """
    # At DEBUG and INFO panoramisk writes down what Asterisk says of the caller.
    logging.getLogger("panoramisk").setLevel(logging.WARNING)
    application = GuardedApplication(limits, Access())
    application.add_route("next", next_route(router))
    if out is not None:
        application.add_route("out", out_route(out))
    for name in talks.named:
        application.add_route(f"talk/{name}", talk_route(talks, name), LONGEST_TALK)
    # A backlog for a burst of calls; asyncio sets TCP_NODELAY on each connection by itself.
    server = await asyncio.start_server(application.handler, host, port, limit=HEADER_BYTES, backlog=limits.sessions)
    try:
        yield Server(server.sockets[0].getsockname()[1], application.stats)
    finally:
        server.close()
        await application.end_sessions()
        await server.wait_closed()
