"""A running Asterisk, whoever started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess

import psutil

from pbx.asterisk.layout import Layout


class Running:
    """One process; a later one with the same id is not mistaken for it. `child` is given where we started it."""

    def __init__(self, process: psutil.Process, child: subprocess.Popen[bytes] | None = None) -> None:
        self._process = process
        self._child = child
        self.pid = process.pid

    @property
    def alive(self) -> bool:
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
