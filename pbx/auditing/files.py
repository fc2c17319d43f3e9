"""The checkpoints in their files: one in the data folder, and a copy wherever the practice wants one.

A line is added, made durable and never changed. A file that was away, such as one on a share that was not mounted, is
brought up to the other when it is back; neither is ever shortened.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pbx.auditing.key import believing
from pbx.domain.checkpoints import Believes, Checkpoint, Log, longer, read_log


class FileAway(Exception):
    """A file of checkpoints cannot be read or written; the text is a sentence."""


class CheckpointFiles:
    """`main` is in the data folder; `copy` is the second one, or None. Files that did not change are not read again."""

    def __init__(self, main: Path, copy: Path | None = None) -> None:
        self.main = main
        self.copy = copy
        self._log: Log | None = None
        self._marks: dict[Path, tuple[int, int] | None] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the files: a command and the server add one after the other. Raises FileAway."""
        try:
            self.main.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.main.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FileAway(f"the folder {self.main.parent} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @property
    def empty(self) -> bool:
        """Whether no checkpoint was ever written, as far as the files tell."""
        return not any(_text(path) for path in self._paths())

    def read(self, believes: Believes) -> Log:
        """What both say. A copy that cannot be read is left out. Raises FileAway if the main one cannot be."""
        marks = {path: _mark(path) for path in self._paths()}
        if self._log is None or marks != self._marks:
            self._log = read_log(_text(self.main), believes)
            if self.copy is not None and (text := _text_or_none(self.copy)) is not None:
                self._log = longer(self._log, read_log(text, believes))
            self._marks = marks
        return self._log

    def add(self, one: Checkpoint, log: Log) -> str | None:
        """Put `one` below `log`, which `read` gave, in both files; gives what went wrong with the copy.

        Raises FileAway if the main one cannot be written.
        """
        self._bring_up(self.main, log, one)
        failure = None
        if self.copy is not None:
            try:
                self._bring_up(self.copy, log, one)
            except FileAway as error:
                failure = str(error)
        self._log = replace(log, checkpoints=(*log.checkpoints, one))
        self._marks = {path: _mark(path) for path in self._paths()}
        return failure

    def _paths(self) -> Sequence[Path]:
        return (self.main,) if self.copy is None else (self.main, self.copy)

    def _bring_up(self, path: Path, log: Log, one: Checkpoint) -> None:
        """Add what the file lacks. One that says something else is left as it is."""
        whole = _text(path)
        whole = whole[: whole.rfind("\n") + 1]
        lines = whole.count("\n")
        last = whole[whole.rfind("\n", 0, -1) + 1 : -1]
        if lines > len(log.checkpoints) or (lines and last != log.checkpoints[lines - 1].line):
            raise FileAway(f"the checkpoints in {path} are not ours: find out why, and move the file away")
        wanted = [*log.checkpoints[lines:], one]
        try:
            _append(path, "".join(f"{one.line}\n" for one in wanted).encode(), len(whole.encode()))
        except OSError as error:
            raise FileAway(f"the checkpoints in {path} cannot be written: {error.strerror}") from error


def read_files(paths: Sequence[Path], public: str) -> Log:
    """The checkpoints of these files as one log, believed by the public key. Raises FileAway, KeyProblem."""
    believes = believing(public)
    log = Log()
    for number, path in enumerate(paths):
        if not path.is_file():
            raise FileAway(f"there are no checkpoints in {path}")
        found = read_log(_text(path), believes)
        log = found if number == 0 else longer(log, found)
    return log


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _text_or_none(path: Path) -> str | None:
    try:
        return _text(path)
    except FileAway:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FileAway(f"the checkpoints in {path} cannot be read: {error.strerror}") from error


def _append(path: Path, more: bytes, at: int) -> None:
    # A folder that is missing is not made: it is where a share is mounted, or is not.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(handle, at)  # takes away what a crash left of a line, nothing else
        os.lseek(handle, at, os.SEEK_SET)
        os.write(handle, more)
        os.fsync(handle)
    finally:
        os.close(handle)
