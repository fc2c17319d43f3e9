"""`python -m tests.fuzz [TARGET ...] [--seconds N] [--seed N]`: atheris on each target, for so long, by that seed.

Exit status 1 when an input broke a target: its file is named, and `python -m tests.fuzz TARGET --input FILE` gives it
once more. Where atheris is not to be had (Python 3.13, other machines than x86_64), it says so and ends well: the tests
feed the same targets by hypothesis everywhere.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

SECONDS = 30
LONGEST_INPUT = 20_000
_MEMORY_MB = 2000
_INPUT_SECONDS = 10
_SLACK = 60


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed what takes bytes from outside.")
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="all where none is named")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 2**31)
    parser.add_argument("--input", type=Path, help="give this one input to the target, and nothing else")
    chosen = parser.parse_args(words)
    targets = chosen.targets or list(TARGETS)
    if chosen.input:
        TARGETS[targets[0]](chosen.input.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: atheris is not to be had for this Python and machine; the tests feed the same targets")
        return 0
    return max(_fuzz(target, chosen.seconds, chosen.seed) for target in targets)


def _fuzz(target: str, seconds: int, seed: int) -> int:
    """In a process of its own: libFuzzer ends the one that it runs in."""
    findings = Path(tempfile.mkdtemp(prefix=f"fuzz-{target}-"))
    with tempfile.TemporaryDirectory(prefix="corpus-") as corpus:
        for number, content in enumerate(SEEDS[target]):
            (Path(corpus) / str(number)).write_bytes(content)
        limits = (f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-timeout={_INPUT_SECONDS}")
        more = (f"-seed={seed}", f"-rss_limit_mb={_MEMORY_MB}", f"-artifact_prefix={findings}/", "-print_final_stats=1")
        words = [sys.executable, "-m", "tests.fuzz.run", target, corpus, *limits, *more]
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + _SLACK, check=False)
    return _told(target, seed, done, findings)


def _told(target: str, seed: int, done: subprocess.CompletedProcess[str], findings: Path) -> int:
    executed = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "?")
    found = sorted(findings.iterdir())
    print(f"{target}: {executed} inputs by seed {seed}, {len(found)} findings", flush=True)
    if done.returncode == 0 and not found:
        findings.rmdir()
        return 0
    print("\n".join(done.stderr.splitlines()[-40:]), file=sys.stderr)
    for file in found:
        print(f"  once more: python -m tests.fuzz {target} --input {file}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
