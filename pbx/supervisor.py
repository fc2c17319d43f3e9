"""Keeps a controller running: it is started again when it dies, and killed when it hangs.

A hung controller is worse than none: each question of Asterisk waits its three seconds, and half a line of it makes
Asterisk spin until the connection ends (res/res_agi.c, run_agi). Nothing inside of a hung process can be relied on to
notice, so this is a process of its own. It forks before anything else is loaded and holds no state. Asterisk outlives
each controller, and the next one takes it over with its calls; what dies while no controller is there to notice is
looked after from here.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

BEAT_SECONDS = 0.5
HUNG_SECONDS = 8.0
"""A controller whose loop has not turned for so long is killed. Nothing that it does takes a second."""

START_SECONDS = 180.0
"""The same while it starts: a large practice's greetings are spoken first."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""The wait before another start doubles for one that ended before it was up; one that was up starts again at once."""

ALONE_SECONDS = 1.5
"""A controller whose loop has not turned for so long looks after nothing, whether or not it will be killed."""

_LOOK_SECONDS = 0.25
_FROZEN_SECONDS = 2.0
_STARTING, _SERVING = b"s", b"."
_PR_SET_PDEATHSIG = 1  # prctl(2)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Before:
    """How the controller before ended: one sentence's end (`was killed`), and when (UTC). `times` counts all such."""

    times: int
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """A controller's side: what became of the one before, and how to tell that this one lives."""

    owner: int
    before: Before | None
    pulse: int

    def beat(self, serving: bool) -> None:
        """Tell that the loop turns. `serving`: it is up, so it may not hang for longer than `HUNG_SECONDS`."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self.pulse, _SERVING if serving else _STARTING)


@dataclass(slots=True)
class Supervisor:
    """`run` returns a `Life` in each controller that it forks, and an exit status in the process that called it.

    `alone` is called a few times a second while no controller does its work, once one has been up.
    """

    alone: Callable[[], None]
    _child: int = 0
    _told: set[int] = field(default_factory=set)
    _served: bool = False
    _before: Before | None = None

    def run(self) -> Life | int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._pass_on)
        pause = FIRST_PAUSE
        while True:
            life = self._fork()
            if isinstance(life, Life):
                return life
            status, why, was_up = self._watch(life)
            if self._is_over(status):
                return status if status >= 0 else 128 - status
            pause = FIRST_PAUSE if was_up else min(pause * 2, LONGEST_PAUSE)
            self._before = Before((self._before.times if self._before else 0) + 1, why, datetime.now(UTC))
            log.error("the controller %s; calls go on, and it is started again (number %d)", why, self._before.times)
            if self._waits_in_vain(pause):
                return 0

    def _is_over(self, status: int) -> bool:
        """Whether it was to end, or cannot even start: then it has said why."""
        return status == 0 or bool(self._told & {signal.SIGTERM, signal.SIGINT}) or (status > 0 and not self._served)

    def _fork(self) -> Life | int:
        """A `Life` in the new process; its pulse's other end here."""
        owner = os.getpid()
        hear, pulse = os.pipe()
        for end in (hear, pulse):
            os.set_blocking(end, False)
        sys.stdout.flush()
        sys.stderr.flush()
        # Held back meanwhile, lest one that comes before the child is known goes nowhere.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
        self._child = os.fork()
        if self._child == 0:
            os.close(hear)
            _live_no_longer_than(owner)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
        if self._child == 0:
            return Life(owner, self._before, pulse)
        os.close(pulse)
        return hear

    def _watch(self, hear: int) -> tuple[int, str, bool]:
        """Wait for the child's end; its status (negative: the signal), how it ended, and whether it was up before.

        One that hangs is killed.
        """
        serving, beat, looked, hung = False, time.monotonic(), time.monotonic(), False
        try:
            while (status := self._reaped()) is None:
                with contextlib.suppress(OSError):
                    select.select([hear], [], [], _LOOK_SECONDS)
                now, heard = time.monotonic(), _read(hear)
                serving = serving or _SERVING in heard
                self._served = self._served or serving
                # Where this process stood still too, the machine slept or was stopped: that is no sign of the child.
                if heard or now - looked > _FROZEN_SECONDS:
                    beat = now
                looked = now
                if not serving or now - beat > ALONE_SECONDS:
                    self._look_after()
                if not hung and now - beat > (HUNG_SECONDS if serving else START_SECONDS):
                    hung = True
                    os.kill(self._child, signal.SIGKILL)
                if not heard:
                    time.sleep(_LOOK_SECONDS / 5)  # the pipe's end is readable for ever
        finally:
            os.close(hear)
            self._child = 0
        return status, _how(status, hung), serving

    def _reaped(self) -> int | None:
        """The child's status once it has ended. As the first process of a container this one reaps all orphans."""
        found = None
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._child:
                    found = os.waitstatus_to_exitcode(ended[1])
        return found

    def _waits_in_vain(self, seconds: float) -> bool:
        """Wait before the next start; whether it is not wanted any more."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._told & {signal.SIGTERM, signal.SIGINT}:
                return True
            self._look_after()
            time.sleep(0.05)
        return False

    def _look_after(self) -> None:
        if not self._served or self._told & {signal.SIGTERM, signal.SIGINT}:
            return
        try:
            self.alone()
        except Exception:
            # Whatever it is, the controller has to be watched on; and the next one looks after all that itself.
            log.exception("what a controller looks after could not be looked after without one")

    def _pass_on(self, number: int, _: object) -> None:
        self._told.add(number)
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, number)


def _live_no_longer_than(owner: int) -> None:
    """In the child: end with the supervisor, even one that is killed; signals come from it alone."""
    os.setpgid(0, 0)  # a terminal's Ctrl-C would come twice otherwise, and twice means at once
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the server takes it: it starts with the file of now anyway
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != owner:
        os._exit(1)


def _read(pipe: int) -> bytes:
    try:
        return os.read(pipe, 4096)
    except BlockingIOError:
        return b""


def _how(status: int, hung: bool) -> str:
    if hung:
        return f"hung for {HUNG_SECONDS:.0f} seconds and was killed"
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
