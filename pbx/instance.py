"""One server a data folder: a lock that the kernel lets go when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another server holds the data folder."""


@contextmanager
def only_instance(lock: Path) -> Iterator[None]:
    """Hold the data folder. Raises AlreadyRunning with the process that has it."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, lock)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def _take(handle: int, lock: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
        raise AlreadyRunning(
            f"a server (process {owner}) already runs on {lock.parent}: stop it first, or give another --data folder"
        ) from error
