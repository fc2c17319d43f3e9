"""The process that watches the controller: real processes, of a few lines each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

_PROGRAM = """
import os, signal, sys, time
import pbx.supervisor as it

it.HUNG_SECONDS, it.START_SECONDS, it.LONGEST_PAUSE = 1.0, 2.0, 0.2
it.ALONE_SECONDS = 0.4
life = it.Supervisor(lambda: open(sys.argv[1] + ".alone", "a").close()).run()
if not isinstance(life, it.Life):
    sys.exit(life)
log = open(sys.argv[1], "a", buffering=1)
signal.signal(signal.SIGTERM, lambda *_: (print("told", file=log), os._exit(0)))
signal.signal(signal.SIGHUP, lambda *_: print("hup", file=log))
print("up", os.getpid(), life.before.why if life.before else "", file=log)
{body}
"""
_BEATS = """
while True:
    life.beat(True)
    time.sleep(0.1)
"""
_HANGS_AT_FIRST = "life.beat(True)\nif life.before is None:\n    time.sleep(60)\n" + _BEATS
_NEVER_STARTS = "life.beat(False)\nsys.exit(3)\n"
_BREAKS_ONCE = "life.beat(True)\ntime.sleep(0.3)\nif life.before is None:\n    sys.exit(4)\n" + _BEATS
_TELLS_WHEN_UP = "time.sleep(0.5)\nlife.beat(True)\nprint('serving', file=log)\n" + _BEATS
_SLOW_START = "for _ in range(15):\n    life.beat(False)\n    time.sleep(0.1)\n" + _BEATS


class Watched:
    """A supervisor with its child, and what the child wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def lives(self) -> list[list[str]]:
        return [line.split(" ", 2) for line in self.said if line.startswith("up ")]

    def is_looked_after_within(self, seconds: float) -> bool:
        """Whether the supervisor does what a controller would, from now on."""
        mark, until = self._log.with_suffix(".alone"), time.monotonic() + seconds
        mark.unlink(missing_ok=True)
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.02)
        return mark.exists()

    def until(self, condition: Callable[[], bool], within: float = 8.0) -> None:
        until = time.monotonic() + within
        while not condition():
            assert time.monotonic() < until, self.said
            time.sleep(0.02)


@contextmanager
def supervised(folder: Path, body: str) -> Iterator[Watched]:
    log = folder / "log"
    words = [sys.executable, "-c", _PROGRAM.format(body=body), str(log)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield Watched(process, log)
    finally:
        process.kill()
        process.wait()


def test_one_that_is_killed_is_started_again_and_a_signal_reaches_it_once(tmp_path: Path) -> None:
    with supervised(tmp_path, _BEATS) as watched:
        watched.until(lambda: len(watched.lives) == 1)
        time.sleep(0.3)
        os.kill(int(watched.lives[0][1]), signal.SIGKILL)
        watched.until(lambda: len(watched.lives) == 2)
        assert watched.lives[1][2] == "was killed by SIGKILL"
        time.sleep(0.3)
        watched.process.send_signal(signal.SIGHUP)
        watched.until(lambda: "hup" in watched.said)
        watched.process.send_signal(signal.SIGTERM)
        assert watched.process.wait(5) == 0
        assert watched.said[-2:] == ["hup", "told"]


@pytest.mark.parametrize(("body", "why"), [(_HANGS_AT_FIRST, "hung for"), (_BREAKS_ONCE, "ended with status 4")])
def test_one_that_hangs_or_breaks_is_started_again(body: str, why: str, tmp_path: Path) -> None:
    with supervised(tmp_path, body) as watched:
        watched.until(lambda: len(watched.lives) == 2)
        assert why in watched.lives[1][2]
        watched.process.send_signal(signal.SIGTERM)
        assert watched.process.wait(5) == 0


def test_one_that_is_stopped_by_a_signal_is_killed_and_started_again(tmp_path: Path) -> None:
    with supervised(tmp_path, _BEATS) as watched:
        watched.until(lambda: len(watched.lives) == 1)
        time.sleep(0.3)
        os.kill(int(watched.lives[0][1]), signal.SIGSTOP)
        watched.until(lambda: len(watched.lives) == 2)
        assert "hung for" in watched.lives[1][2]


def test_one_that_cannot_start_is_not_tried_again(tmp_path: Path) -> None:
    with supervised(tmp_path, _NEVER_STARTS) as watched:
        assert watched.process.wait(5) == 3
        assert len(watched.lives) == 1


def test_a_start_may_take_longer_than_a_hang(tmp_path: Path) -> None:
    with supervised(tmp_path, _SLOW_START) as watched:
        watched.until(lambda: len(watched.lives) == 1)
        time.sleep(2.0)
        assert len(watched.lives) == 1


def test_one_whose_supervisor_is_killed_ends_with_it(tmp_path: Path) -> None:
    with supervised(tmp_path, _BEATS) as watched:
        watched.until(lambda: len(watched.lives) == 1)
        child = psutil.Process(int(watched.lives[0][1]))
        watched.process.kill()
        watched.process.wait()
        assert psutil.wait_procs([child], timeout=3)[1] == []


def test_while_no_controller_does_its_work_the_supervisor_looks_after_what_it_would(tmp_path: Path) -> None:
    with supervised(tmp_path, _TELLS_WHEN_UP) as watched:
        watched.until(lambda: watched.said.count("serving") == 1)
        assert not watched.is_looked_after_within(0.6), "nothing had been up before, and now it is"
        os.kill(int(watched.lives[0][1]), signal.SIGKILL)
        assert watched.is_looked_after_within(1.0), "the next one has yet to start"
        watched.until(lambda: watched.said.count("serving") == 2)
        watched.is_looked_after_within(0.3)
        assert not watched.is_looked_after_within(0.6), "it is up"
        os.kill(int(watched.lives[1][1]), signal.SIGSTOP)
        assert watched.is_looked_after_within(0.9), "it hangs"
        watched.process.send_signal(signal.SIGTERM)
        watched.is_looked_after_within(0.3)
        assert not watched.is_looked_after_within(0.6), "it is to end"
