"""`secondline run`: the server in the foreground until Ctrl-C or SIGTERM; SIGHUP takes the practice's file anew."""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from pathlib import Path

from pbx.app import Server


def run(options: Namespace) -> int:
    """Serve until told to stop. A second signal stops without waiting for calls in progress."""
    asyncio.run(_serve(Server(Path(options.config).absolute(), Path(options.data).absolute())))
    return 0


async def _serve(server: Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    loop.add_signal_handler(signal.SIGHUP, server.reload_soon)
    await server.run()
