"""`make torture`: runs of the seeds that are given, each on a practice of its own; the figures go to a JSON file."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from pbx import __version__
from tests.torture.run import Plan, torture

DEFAULT_OUT = Path("var/torture.json")


def main() -> int:
    """0 when nothing was wrong in any run."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--calls", type=int, default=1500, help="calls altogether, at least (default: 1500)")
    parser.add_argument("--kills", type=int, default=300, help="kills altogether, at least (default: 300)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="a run for each (default: 1 2 3)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"the report (default: {DEFAULT_OUT})")
    parser.add_argument("--keep", type=Path, help="keep the practices in this folder")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    shares = len(options.seeds)
    runs = []
    for seed in options.seeds:
        plan = Plan(-(-options.calls // shares), -(-options.kills // shares), seed)
        runs.append(_one(plan, options.keep))
        _write(options.out, runs)
    report = _write(options.out, runs)
    print(json.dumps(report, indent=1))
    return 1 if any(run["wrong"] for run in runs) else 0


def _one(plan: Plan, keep: Path | None) -> dict[str, Any]:
    if keep is not None:
        folder = keep / f"seed-{plan.seed}"
        folder.mkdir(parents=True)
        return asyncio.run(torture(plan, folder.absolute()))
    with tempfile.TemporaryDirectory(prefix="torture-") as made:
        return asyncio.run(torture(plan, Path(made)))


def _write(out: Path, runs: list[dict[str, Any]]) -> dict[str, Any]:
    kills = sum(run["kills"] for run in runs)
    report = {
        "version": __version__,
        "seeds": [run["seed"] for run in runs],
        "calls": sum(run["calls"] for run in runs),
        "kills": kills,
        "messages": sum(run["messages"] for run in runs),
        "findings": sum(len(texts) for run in runs for texts in run["wrong"].values()),
        # With nothing found in n trials the true rate is below 3/n at 95 % (Hanley and Lippman-Hand, 1983).
        "bound_a_kill": round(3 / kills, 4) if kills else None,
        "longest_tail_s": max((run["longest_tail_s"] for run in runs), default=0.0),
        "greeting_p99_s": max((run["greeting_p99_s"] for run in runs), default=0.0),
        "runs": runs,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


if __name__ == "__main__":
    sys.exit(main())
