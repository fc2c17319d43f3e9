"""The practice that is tortured: its processes, its disks, and the program that hears of its messages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pbx.asterisk.layout import MARKER, Layout
from pbx.asterisk.running import find_running
from pbx.demo.practice import DemoPractice, write_practice
from pbx.demo.server import ServerProcess
from tests.kit.hooks import SECRET, Receiver, receiver
from tests.kit.server import _keep_two_plain_lines as keep_two_plain_lines

DISK_MB = 64

_WATCHED = """
[notify.hook]
kind = "webhook"
url = "{url}"
secret_file = "{secret}"

[notices.rictor]
by = "hook"
tell = "rictor"

[watch]
heartbeat_minutes = 0

[server]
"""


@dataclass
class World:
    """Everything that can break. Process ids are those of now; 0 where there is none."""

    practice: DemoPractice
    server: ServerProcess
    hook: Receiver
    has_disk: bool
    asterisk_killed: list[float] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return Layout(self.practice.data)

    @property
    def disk(self) -> Path:
        """The spool's disk, where it is mounted from."""
        return self.practice.data.parent / "disk"

    @property
    def supervisor(self) -> int:
        return self.server.pid if self.server.runs else 0

    @property
    def controller(self) -> int:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.supervisor).children() if self.supervisor else ():
                if child.status() != psutil.STATUS_ZOMBIE:
                    return child.pid
        return 0

    @property
    def asterisk(self) -> int:
        found = find_running(self.layout)
        return found.pid if found else 0

    @property
    def postmaster(self) -> int:
        try:
            return int((self.layout.postgres / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    @property
    def backends(self) -> list[int]:
        return self._children(self.postmaster, "postgres")

    @property
    def worker(self) -> int:
        found = self._children(self.controller, "transcribe.worker")
        return found[0] if found else 0

    @staticmethod
    def _children(pid: int, word: str) -> list[int]:
        found = []
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(pid).children() if pid else ():
                with contextlib.suppress(psutil.Error):
                    if word in " ".join(child.cmdline()):
                        found.append(child.pid)
        return found

    def mount(self) -> None:
        _run("mount", "--bind", self.disk, self.layout.spool)

    def remount(self, way: str) -> bool:
        """Make the spool's disk read-only (ro) or writable (rw); whether that could be done now."""
        try:
            _run("mount", "-o", f"remount,bind,{way}", self.layout.spool)
        except subprocess.CalledProcessError:
            return False
        return True

    def unmount(self) -> None:
        _run("umount", "--lazy", self.layout.spool)


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Whether there was such a process."""
    if not pid:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def world(folder: Path, *, disk: bool) -> AsyncIterator[World]:
    """The practice with its server up. `disk`: its spool is a disk of its own, where this account may mount one."""
    async with receiver() as hook:
        practice = write_practice(folder, 5, closed="We are closed for today.", busy="The line is busy now.")
        keep_two_plain_lines(practice.file)
        (folder / "secret").write_bytes(SECRET)
        (folder / "secret").chmod(0o600)
        text = practice.file.read_text(encoding="utf-8")
        text = text.replace("[trunk]", 'emergency_sentence = "In an emergency dial 911."\n\n[trunk]', 1)
        text = text.replace("[server]\n", _WATCHED.format(url=hook.url, secret=folder / "secret"), 1)
        practice.file.write_text(text, encoding="utf-8")
        server = ServerProcess(practice.file, practice.data, practice.web_port)
        made = World(practice, server, hook, has_disk=disk and _can_mount(folder))
        if made.has_disk:
            _make_disk(made)
        try:
            await server.start()
            yield made
        finally:
            await _end(made)


def _make_disk(made: World) -> None:
    made.layout.make()
    made.disk.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "tmpfs", made.disk)
    (made.disk / MARKER).touch(mode=0o600)
    # What lies below is the root's disk: without the marker it is no spool.
    (made.layout.spool / MARKER).unlink()
    made.mount()


async def _end(made: World) -> None:
    try:
        if made.server.runs:
            await made.server.stop()
    finally:
        for pid in (made.asterisk, made.postmaster):
            kill(pid)
        if made.has_disk:
            await asyncio.to_thread(_run, "umount", "--lazy", made.layout.spool)
            await asyncio.to_thread(_run, "umount", "--lazy", made.disk)


def _can_mount(folder: Path) -> bool:
    probe = folder / "probe"
    probe.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "tmpfs", probe)
        _run("umount", probe)
    except (subprocess.CalledProcessError, OSError):
        return False
    finally:
        probe.rmdir()
    return True


def _run(*words: str | Path) -> None:
    subprocess.run([*map(str, words)], check=True, capture_output=True)
