"""The FastAGI server: Asterisk connects here, once for each question."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from agi.routes import Router, next_route
from agi.session import Access, GuardedApplication, Limits, Stats
from agi.wire import HEADER_BYTES

__all__ = ["Router", "Server", "serve"]

_DEFAULTS = Limits()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the port it listens on (useful where 0 was asked for) and what it has done so far."""

    port: int
    stats: Stats


@contextlib.asynccontextmanager
async def serve(
    router: Router, host: str, port: int, allowed: Collection[str] = (), limits: Limits = _DEFAULTS
) -> AsyncIterator[Server]:
    """Answer Asterisk's questions with `router` until the block ends; then questions in hand are given up at once.

    `allowed` are addresses of peers besides loopback. FastAGI has neither TLS nor a password, so bind to loopback or
    to a network that only Asterisk is on. Raises OSError when the port cannot be had.
    """
    # At DEBUG and INFO panoramisk writes down what Asterisk says of the caller.
    logging.getLogger("panoramisk").setLevel(logging.WARNING)
    application = GuardedApplication(limits, Access(frozenset(allowed)))
    application.add_route("next", next_route(router))
    # A backlog for a burst of calls; asyncio sets TCP_NODELAY on each connection by itself.
    server = await asyncio.start_server(application.handler, host, port, limit=HEADER_BYTES, backlog=limits.sessions)
    try:
        yield Server(server.sockets[0].getsockname()[1], application.stats)
    finally:
        server.close()
        await application.end_sessions()
        await server.wait_closed()
