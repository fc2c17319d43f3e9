"""`secondline bans`: from where nobody is let in, because secrets were guessed from there."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

from pbx.asterisk.bans import kept_bans
from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.live import ask
from pbx.output import print_json


def list_bans(options: Namespace) -> int:
    """Show what the running server holds, or what the last one kept."""
    banned = kept_bans(Layout(Path(options.data))).in_force(datetime.now(UTC))
    if options.json:
        print_json([{"address": place, "until": until.isoformat()} for place, until in banned.items()])
        return 0
    for place, until in banned.items():
        print(f"{place} until {until:%Y-%m-%d %H:%M:%S} UTC")
    if not banned:
        print("Nobody is banned.")
    return 0


def lift(options: Namespace) -> int:
    """Let an address in again. 1 when it is not banned."""
    try:
        address = str(ip_address(options.address))
    except ValueError:
        raise BadOption(f"{options.address!r} is not an IP address; `secondline bans list` shows them") from None
    answer = asyncio.run(ask(Layout(Path(options.data)), "POST", f"/bans/lift?address={quote(address)}"))
    print("Lifted." if answer["ok"] else "Nobody is banned there.")
    return 0 if answer["ok"] else 1
