"""Asterisk brought back without a controller: while one starts or hangs, for seconds that a patient would wait.

It is started with the files that it had. The next controller takes it over with its calls, and what is new in.
"""

from __future__ import annotations

import logging
import time

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import find_asterisk
from pbx.asterisk.running import Running, find_running, only_starter, spawn

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds from one start to the next at least; they double while it does not stay."""

STAYED_SECONDS = 60.0

log = logging.getLogger(__name__)


class Revival:
    """Looks whether the Asterisk of a data folder died, and starts it again."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._pause = FIRST_PAUSE
        self._started: float | None = None
        self._revived: Running | None = None

    def look(self) -> None:
        """Start it unless it runs, was stopped on purpose or was started only just now.

        Raises ProgramMissing and OSError.
        """
        if self._revived is not None and self._revived.alive:
            return
        now = time.monotonic()
        if not self._layout.pid_file.exists() or find_running(self._layout) is not None or not self._is_due(now):
            return
        with only_starter(self._layout):
            if find_running(self._layout) is not None:
                return
            self._revived = spawn(self._layout, find_asterisk())
        self._note_start(now)
        log.error("Asterisk ended while there was no controller: it is started again without one")

    def _is_due(self, now: float) -> bool:
        return self._started is None or now - self._started >= self._pause

    def _note_start(self, now: float) -> None:
        if self._started is not None:
            stayed = now - self._started > STAYED_SECONDS
            self._pause = FIRST_PAUSE if stayed else min(2 * self._pause, LONGEST_PAUSE)
        self._started = now
