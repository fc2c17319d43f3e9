"""`python -m tests.torture.wired PORT run …`: `secondline run …`, whose controllers reach Asterisk over a wire.

Asterisk's own files keep the real port. The process that watches forks its controllers, so what is set here holds for
each of them; nothing else of the product is another than that of `secondline`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from pbx.ami import link
from pbx.ami.link import Account, Timing
from pbx.ami.messages import Fields
from pbx.ami.protocol import GuardedProtocol
from pbx.cli import main

_plainly = link._connect


def over(port: int) -> None:
    """Have every manager link go through `port` from now on."""

    async def connect(account: Account, timing: Timing, on_event: Callable[[Fields], None]) -> GuardedProtocol:
        return await _plainly(replace(account, port=port), timing, on_event)

    link._connect = connect


if __name__ == "__main__":
    over(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
