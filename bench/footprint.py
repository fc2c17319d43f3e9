"""What the server takes: time to start, memory of each process; and what machine it ran on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.figures import Figure
from bench.practice import BenchFailed, Measured
from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import find_asterisk
from pbx.asterisk.running import find_running
from pbx.demo.server import ServerProcess

_ROOT = Path(__file__).resolve().parents[1]
_MEGABYTE = 1024 * 1024


async def start_seconds(server: ServerProcess) -> float:
    """Start the server; how long it took from the start of its process until it was ready."""
    began = time.monotonic()
    await server.start()
    return time.monotonic() - began


def memory_figures(measured: Measured) -> list[Figure]:
    """The memory of each process, what it shares with others counted in proportion (PSS)."""
    watching = psutil.Process(measured.server.pid)
    found = {
        "controller": [watching, *watching.children()],  # the process that watches, and the one at work
        "asterisk": [_asterisk(measured.layout)],
        "postgres": list(_postgres(measured.layout)),
        "transcriber": list(_transcriber(watching)),
    }
    return [Figure(f"memory_mb_{name}", sum(map(_memory, each)) / _MEGABYTE, "MB") for name, each in found.items()]


def asterisk_after_overload(measured: Measured) -> Figure:
    """Asterisk's memory after more calls at once than it can serve."""
    return Figure("memory_mb_asterisk_after_overload", _memory(_asterisk(measured.layout)) / _MEGABYTE, "MB")


def machine() -> Figure:
    """What it was measured on: cores, versions, commit and date."""
    parts = (
        f"{len(os.sched_getaffinity(0))} cores",
        f"Python {platform.python_version()}",
        f"Asterisk {find_asterisk().version or 'of an unknown version'}",
        f"commit {_commit()}",
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Figure("machine", ", ".join(parts), "")


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except (psutil.AccessDenied, AttributeError):  # PSS is Linux's only
        return float(process.memory_info().rss)


def _asterisk(layout: Layout) -> psutil.Process:
    running = find_running(layout)
    if running is None:
        raise BenchFailed("Asterisk does not run at the end of the measurements.")
    return psutil.Process(running.pid)


def _postgres(layout: Layout) -> Iterator[psutil.Process]:
    server = psutil.Process(int((layout.postgres / "postmaster.pid").read_text().split()[0]))
    yield server
    yield from server.children(recursive=True)


def _transcriber(watching: psutil.Process) -> Iterator[psutil.Process]:
    for child in watching.children(recursive=True):
        if "voicemail.transcribe.worker" in child.cmdline():
            yield child


def _commit() -> str:
    """The commit, with a plus sign where files differ from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit}{'+' if _git('status', '--porcelain') else ''}" if commit else "unknown"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ("git", "-C", str(_ROOT), *words), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
