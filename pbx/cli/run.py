"""`secondline run`: the server in the foreground until Ctrl-C or SIGTERM; SIGHUP takes the practice's file anew.

This process only watches: the server itself is its child, which is started again when it dies or hangs.
"""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.supervisor import BEAT_SECONDS, Life, Supervisor

if TYPE_CHECKING:
    from pbx.app import Server
    from pbx.asterisk.revival import Revival


def run(options: Namespace) -> int:
    """Serve until told to stop. A second signal stops without waiting for calls in progress."""
    life = Supervisor(_brings_asterisk_back(Path(options.data))).run()
    if not isinstance(life, Life):
        return life
    from pbx.app import Server  # in the child alone: the process that watches stays small

    server = Server(Path(options.config).absolute(), Path(options.data), life.owner, life.before)
    asyncio.run(_serve(server, life))
    return 0


def _brings_asterisk_back(data: Path) -> Callable[[], None]:
    """What is done while there is no controller; it is loaded when that is needed first."""

    @cache
    def revival() -> Revival:
        from pbx.asterisk.layout import Layout
        from pbx.asterisk.revival import Revival

        return Revival(Layout(data))

    return lambda: revival().look()


async def _serve(server: Server, life: Life) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    loop.add_signal_handler(signal.SIGHUP, server.reload_soon)
    beating = asyncio.create_task(_beat(server, life))
    try:
        await server.run()
    finally:
        beating.cancel()


async def _beat(server: Server, life: Life) -> None:
    while True:
        life.beat(server.serving)
        await asyncio.sleep(BEAT_SECONDS)
