"""Runs of the seeds that are given, each on a practice of its own, then hostile SIP; the figures go to a JSON file."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.hostile.__main__ import besiege
from tests.torture.run import Plan, torture
from tests.torture.summary import in_words, report_of, write

DEFAULT_OUT = Path("var/torture.json")


def main() -> int:
    """0 when nothing was wrong in any run."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--calls", type=int, default=1500, help="calls altogether, at least (default: 1500)")
    parser.add_argument("--kills", type=int, default=300, help="kills altogether, at least (default: 300)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="a run for each (default: 1 2 3)")
    parser.add_argument(
        "--datagrams", type=int, default=100_000, help="hostile datagrams after the runs; 0: none (default: 100000)"
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"the report (default: {DEFAULT_OUT})")
    parser.add_argument("--keep", type=Path, help="keep the practices in this folder")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for loud in ("aiohttp.access", "mail.log"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    shares, runs = len(options.seeds), []
    for seed in options.seeds:
        plan = Plan(-(-options.calls // shares), -(-options.kills // shares), seed)
        runs.append(_one(plan, options.keep))
        write(options.out, report_of(runs))
    report = report_of(runs, _siege(options.datagrams, options.seeds[0]))
    write(options.out, report)
    print(in_words(report, options.out))
    return 1 if report["findings"] else 0


def _siege(datagrams: int, seed: int) -> dict[str, Any] | None:
    if not datagrams:
        return None
    print(f"hostile SIP: {datagrams} mutated datagrams of seed {seed}, and a flood", flush=True)
    began = time.monotonic()
    broken = besiege(datagrams, seed)
    seconds = round(time.monotonic() - began, 1)
    return {"datagrams": datagrams, "seed": seed, "wrong": [broken] if broken else [], "seconds": seconds}


def _one(plan: Plan, keep: Path | None) -> dict[str, Any]:
    if keep is not None:
        folder = keep / f"seed-{plan.seed}"
        folder.mkdir(parents=True)
        return asyncio.run(torture(plan, folder.absolute()))
    with tempfile.TemporaryDirectory(prefix="torture-") as made:
        return asyncio.run(torture(plan, Path(made)))


if __name__ == "__main__":
    sys.exit(main())
