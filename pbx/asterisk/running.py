"""A running Asterisk, whoever started it.

Two processes may start one: the controller, and the one that watches the controller while there is none. So whoever
does it holds a lock, looks first whether the other has done it, and leaves the process id for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator

import psutil

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import Program


class Running:
    """One process; a later one with the same id is not mistaken for it. `child` is given where we started it."""

    def __init__(self, process: psutil.Process, child: subprocess.Popen[bytes] | None = None) -> None:
        self._process = process
        self._child = child
        self.pid = process.pid

    @property
    def alive(self) -> bool:
        self._reap()
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    async def ended(self) -> None:
        """Wait until it has ended with all its threads, so that its ports are free. It need not be our child."""
        if not self._process.is_running():
            return
        try:
            handle = os.pidfd_open(self.pid)  # readable when the whole process is gone: pidfd_open(2)
        except ProcessLookupError:
            return
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(handle, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
            self._reap()

    async def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.kill()
        await self.ended()

    def _reap(self) -> None:
        if self._child is not None:
            self._child.poll()


def find_running(layout: Layout) -> Running | None:
    """The Asterisk that runs on this data folder, if there is one."""
    try:
        process = psutil.Process(int(layout.pid_file.read_text()))
        ours = str(layout.asterisk_conf) in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    running = Running(process)
    return running if ours and running.alive else None


@contextlib.contextmanager
def only_starter(layout: Layout) -> Iterator[None]:
    """Hold the right to start Asterisk on this data folder, for as long as it takes to fork."""
    handle = os.open(layout.start_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def spawn(layout: Layout, program: Program) -> Running:
    """Start Asterisk with the files that are there, as the only starter. It outlives whoever does this."""
    # Each run has a log of its own; that of the run before is kept.
    if layout.messages_log.exists():
        layout.messages_log.replace(layout.messages_log.with_suffix(".1"))
    layout.output.touch(mode=0o600)
    with layout.output.open("wb") as output:
        child = subprocess.Popen(
            program.command("-f", "-C", layout.asterisk_conf),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            env={**os.environ, **program.env},
        )
    # Asterisk writes the same, but only after a moment in which another would be started.
    layout.pid_file.write_text(str(child.pid))
    return Running(psutil.Process(child.pid), child)
