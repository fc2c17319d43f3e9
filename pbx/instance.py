"""One server a data folder: a lock that the kernel lets go when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 2.0
"""A server that was killed lets go when its last process has ended, which takes a moment."""

_POLL = 0.02


class AlreadyRunning(Exception):
    """Another server holds the data folder."""


@contextmanager
def only_instance(lock: Path, owner: int | None = None, wait: float = 0.0) -> Iterator[None]:
    """Hold the data folder, for the process `owner` (default: this one). Raises AlreadyRunning with the one that has
    it, after waiting so many seconds for it to let go.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, lock, time.monotonic() + wait)
        os.ftruncate(handle, 0)
        os.write(handle, str(owner or os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def _take(handle: int, lock: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < until:
                time.sleep(_POLL)
                continue
            owner = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunning(
                f"a server (process {owner}) already runs on {lock.parent}: stop it first, "
                "or give another --data folder"
            ) from error
        return
