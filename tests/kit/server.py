"""The whole server under test: the real `secondline run` on a practice of its own, asked through the real commands."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from pbx.cli import main
from pbx.demo.practice import MENU_LINE, DemoPractice, write_practice
from pbx.demo.server import ServerProcess

LOGGED_WITHIN = 40.0
READY_WITHIN = 60.0
_POLL = 0.2

Changes = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Office:
    """A practice with its server running."""

    practice: DemoPractice
    server: ServerProcess

    async def secondline(self, *words: str, types: str = "") -> Answer:
        """Run the command on this practice, as an operator beside the server would, who `types` so much."""
        files = ("--config", str(self.practice.file), "--data", str(self.practice.data))
        return await secondline(*words, *files, types=types)

    async def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.secondline("voicemail", "list", "--json")).json
        return found

    async def call_from(self, number: str | None) -> dict[str, Any]:
        """The newest call from `number` (None: withheld), once it is over; a database that is away is waited for."""
        async with asyncio.timeout(LOGGED_WITHIN):
            while True:
                answer = await self.secondline("calls", "--json")
                calls: list[dict[str, Any]] = answer.json if answer.status == 0 else []
                found = next((call for call in calls if call["from"] == number), None)
                if found and found["ended_at"]:
                    return found
                await asyncio.sleep(_POLL)

    async def message_of(self, call: dict[str, Any]) -> dict[str, Any]:
        """The message that a call left."""
        [message] = [message for message in await self.messages() if message["call_id"] == call["id"]]
        return message

    async def is_ready(self) -> None:
        """Wait until the server says so; one that was killed is started again."""
        if not self.server.runs:
            await self.server.start()
        async with asyncio.timeout(READY_WITHIN):
            while (await self.secondline("status")).status:
                await asyncio.sleep(_POLL)

    async def transcribed(self, message: str) -> dict[str, Any]:
        """A message once its transcript is no longer pending."""
        async with asyncio.timeout(60):
            while True:
                shown: dict[str, Any] = (await self.secondline("voicemail", "show", message, "--json")).json
                if shown["transcript"]["state"] != "pending":
                    return shown
                await asyncio.sleep(_POLL)

    def edit(self, old: str, new: str) -> None:
        """Change the practice's file."""
        text = self.practice.file.read_text(encoding="utf-8")
        assert old in text
        self.practice.file.write_text(text.replace(old, new), encoding="utf-8")


def controller_of(supervisor: int) -> int:
    """The process id of the controller that `supervisor` watches; 0 between two of them.

    Asterisk may be its child, too; a controller is a fork, so it has the same command line.
    """
    with suppress(psutil.Error):
        watching = psutil.Process(supervisor)
        for child in watching.children():
            with suppress(psutil.Error):
                if child.status() != psutil.STATUS_ZOMBIE and child.cmdline() == watching.cmdline():
                    return child.pid
    return 0


_streams = threading.Lock()


async def secondline(*words: str, types: str = "") -> Answer:
    """Run the command with `types` as its standard input, and wait for its end.

    It runs in a thread of the tests: a Python of its own takes a second or more to come up, for every command.
    """
    return await asyncio.to_thread(_run_here, words, types)


async def secondline_process(*words: str) -> Answer:
    """Run the command as a process of its own: where that it is one is what is tested."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pbx.cli", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Answer(process.returncode or 0, out.decode(), err.decode())


def _run_here(words: Sequence[str], types: str) -> Answer:
    out, err, typed = io.StringIO(), io.StringIO(), io.StringIO(types)
    with _streams, redirect_stdout(out), redirect_stderr(err), patch("sys.stdin", typed), _unlogged():
        try:
            status = main(words)
        except SystemExit as wrong_words:
            status = int(wrong_words.code or 0)
    return Answer(status, out.getvalue(), err.getvalue())


@contextmanager
def _unlogged() -> Iterator[None]:
    """As in a process of its own, where nobody has set up logging yet: what is logged goes to the command's stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def open_office(folder: Path, ring_seconds: int = 5, changes: Changes = ()) -> Iterator[Office]:
    """A practice in `folder` with its server up; it is stopped at the end. For fixtures that many tests share.

    `changes` are made in its file before: old text, new text.
    """
    practice = write_practice(folder, ring_seconds, closed="The office is closed.", busy="The line is busy.")
    keep_two_plain_lines(practice.file)
    server = ServerProcess(practice.file, practice.data, practice.web_port)
    office = Office(practice, server)
    for old, new in changes:
        office.edit(old, new)
    asyncio.run(server.start())
    try:
        yield office
    finally:
        asyncio.run(server.stop())


def keep_two_plain_lines(file: Path) -> None:
    """Take the demonstration's menus, tests and acceptances out: here each test changes the file as it needs it."""
    text = file.read_text(encoding="utf-8")
    before, _, _ = text.partition(f'[numbers."{MENU_LINE}"]')
    _, server, after = text.partition("[server]")
    file.write_text(before + server + after, encoding="utf-8")
