"""The practice that is tortured: its processes, its disks, and the program that hears of its messages."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pbx.asterisk.layout import MARKER, Layout
from pbx.asterisk.running import find_running
from pbx.demo.practice import DAY_LINE, PHONE, DemoPractice, write_practice
from pbx.demo.server import ServerProcess
from tests.kit.carrier import Carrier, carrier
from tests.kit.clock import Clock
from tests.kit.hooks import SECRET, Receiver, receiver
from tests.kit.server import controller_of, keep_two_plain_lines
from tests.kit.tls import Certificate, make_certificate
from tests.torture.post import SENDER, Post, post
from tests.torture.wire import Wire, wire

DISK_MB = 64
READER, CHANNEL_OF_MAIL = "rictor", "mail"
EXPORTED = "exported.wav"
"""Where a message is written to be looked at; in the world's folder."""

_WATCHED = f"""
[notify.hook]
kind = "webhook"
url = "{{url}}"
secret_file = "{{secret}}"

[notify.{CHANNEL_OF_MAIL}]
kind = "email"
server = "localhost"
port = {{mail_port}}
sender = "{SENDER}"
ca_file = "{{ca_file}}"

[notices.{READER}]
by = ["hook", "{CHANNEL_OF_MAIL}"]
tell = "{READER}"

[watch]
heartbeat_minutes = 0

[outbound]
people = "{READER}"

[emergency.office]
phones = ["{PHONE}"]
address = "12 Main Street, Suite 200, Scotland, PA 17254"
call_back = "{DAY_LINE}"
tell = "{READER}"

[[phone_exceptions]]
allow = "udp"
because = "What the phone of these runs sends is written by hand."

[server]
"""


@dataclass
class World:
    """Everything that can break. Process ids are those of now; 0 where there is none."""

    practice: DemoPractice
    server: ServerProcess
    hook: Receiver
    post: Post
    wire: Wire
    carrier: Carrier
    has_disk: bool
    asterisk_killed: list[float] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return Layout(self.practice.data)

    @property
    def files(self) -> tuple[str, ...]:
        """For the commands: which practice."""
        return ("--config", str(self.practice.file), "--data", str(self.practice.data))

    def port(self, name: str) -> int:
        """The one between Asterisk and the controller that is called so, `ami` or `agi`, as it is now."""
        return port_of(self.layout, name)

    @property
    def disk(self) -> Path:
        """The spool's disk, where it is mounted from."""
        return self.practice.data.parent / "disk"

    @property
    def supervisor(self) -> int:
        return self.server.pid if self.server.runs else 0

    @property
    def controller(self) -> int:
        return controller_of(self.supervisor) if self.supervisor else 0

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


def port_of(layout: Layout, name: str) -> int:
    """A port that a server of the data folder chose. Raises OSError where it has chosen none yet."""
    return int(json.loads(layout.ports.read_text(encoding="utf-8"))[name])


@asynccontextmanager
async def world(folder: Path, *, disk: bool, clock: Clock | None = None, more: str = "") -> AsyncIterator[World]:
    """The practice with its server up. `disk`: its spool is a disk of its own, where this account may mount one.

    All of the server goes by `clock`; `more` is put into its file.
    """
    practice = write_practice(folder, 5, closed="We are closed for today.", busy="The line is busy now.")
    certificate = await asyncio.to_thread(make_certificate, folder)
    async with AsyncExitStack() as stack:
        hook = await stack.enter_async_context(receiver())
        letters = await stack.enter_async_context(post(certificate))
        link = await stack.enter_async_context(wire(lambda: port_of(Layout(practice.data), "ami")))
        trunk = await stack.enter_async_context(carrier(practice.trunk_port, practice.trunk))
        hook.now = clock.now if clock else hook.now
        _write_file(practice, hook, letters, certificate, more)
        command = (sys.executable, "-m", "tests.torture.wired", str(link.port))
        env = clock.env() if clock else None
        server = ServerProcess(practice.file, practice.data, practice.web_port, command, env)
        made = World(practice, server, hook, letters, link, trunk, has_disk=disk and _can_mount(folder))
        if made.has_disk:
            _make_disk(made)
        try:
            await server.start()
            yield made
        finally:
            await _end(made)


def _write_file(practice: DemoPractice, hook: Receiver, letters: Post, certificate: Certificate, more: str) -> None:
    """Two plain lines, and somebody who hears of their messages by a program and by mail."""
    keep_two_plain_lines(practice.file)
    secret = practice.file.with_name("secret")
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    text = practice.file.read_text(encoding="utf-8")
    text = text.replace("[trunk]", 'emergency_sentence = "In an emergency dial 911."\n\n[trunk]', 1)
    phones = f'phones = ["{PHONE}"]'
    text = text.replace(phones, f'{phones}\nemail = "rictor@practice.example"', 1)
    watched = _WATCHED.format(url=hook.url, secret=secret, mail_port=letters.port, ca_file=certificate.file)
    practice.file.write_text(text.replace("[server]\n", f"{more}{watched}", 1), encoding="utf-8")


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
