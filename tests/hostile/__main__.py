"""`python -m tests.hostile [--datagrams N] [--seed N]`: hostile SIP at length. Prints what was sent and found.

Exit status 1 when the PBX broke; the seed then repeats it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.storm import Broken, Storm, flood, takes_a_call
from tests.kit.asterisk import NIGHT_DID, Pbx, a_practice, running

FLOOD_RATE = 500
FLOOD_SECONDS = 10


async def storm(one: Storm, datagrams: int, seed: int) -> None:
    await one.rfc4475()
    print(
        f"RFC 4475: 49 messages, 2 ways of a stranger, 1 of the carrier; slowest OPTIONS {one.slowest * 1000:.0f} ms",
        flush=True,
    )
    await one.mutated(datagrams, seed)
    print(f"{one.sent} hostile messages in all; slowest OPTIONS {one.slowest * 1000:.0f} ms", flush=True)
    flooding = asyncio.create_task(flood(one.server, FLOOD_RATE, FLOOD_SECONDS))
    calls = 0
    while not flooding.done():
        if not await takes_a_call(one.server, one.did):
            raise Broken("a call of the carrier's was not answered within a second in a flood")
        calls += 1
        await asyncio.sleep(0.2)
    print(f"flood: {await flooding} INVITEs of a stranger in {FLOOD_SECONDS} s; {calls} calls answered within a second")


async def hang_up(pbx: Pbx) -> None:
    await pbx.process.console.run("channel request hangup all")
    await pbx.is_quiet(within=20)


def besiege(datagrams: int, seed: int) -> str:
    """All of it against a PBX of its own; what broke, or nothing."""
    with tempfile.TemporaryDirectory(prefix="torture-") as folder, running(Path(folder), a_practice()) as pbx:
        try:
            one = Storm(pbx.server, NIGHT_DID, lambda: pbx.process.pid, lambda: hang_up(pbx))
            asyncio.run(storm(one, datagrams, seed))
        except Broken as broken:
            return str(broken)
    return ""


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description="Hostile SIP, at length.")
    parser.add_argument("--datagrams", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args(words)
    print(f"seed {chosen.seed}", flush=True)
    if broken := besiege(chosen.datagrams, chosen.seed):
        print(f"BROKEN: {broken}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
