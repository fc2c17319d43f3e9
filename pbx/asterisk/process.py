"""The Asterisk of one data folder as a process: start or adopt it, watch it, reload it, stop it.

It runs in a session of its own, so it outlives a controller that dies; the next one adopts it with its calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pbx.asterisk.console import Console
from pbx.asterisk.layout import Layout
from pbx.asterisk.logs import rotate
from pbx.asterisk.programs import Program
from pbx.asterisk.running import Running, find_running, only_starter, spawn
from pbx.asterisk.sip_port import are_all_taken, whose_sip_port
from pbx.config.settings import Network

READY_WITHIN = 30.0
STOP_WITHIN = 5.0
LONGEST_PAUSE = 30.0
"""The longest wait before another start, in seconds; it doubles from one."""

HEALTHY_AFTER = 60.0
LOGS_EVERY = 60.0
_LINES_SHOWN = 5
_POLL = 0.05

_log = logging.getLogger(__name__)


class AsteriskFailed(Exception):
    """Asterisk does not run; the text is a sentence that says what to do."""


class AsteriskProcess:
    """Asterisk of the data folder `layout`, with the files that `render` put there.

    `restarts` counts how often it was started again after it ended by itself.
    """

    def __init__(self, layout: Layout, program: Program, network: Network) -> None:
        self.restarts = 0
        self.console = Console(program, layout)
        self._layout = layout
        self._program = program
        self._network = network
        self._running: Running | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The process id, or None while it does not run."""
        return self._running.pid if self._running is not None and self._running.alive else None

    async def start(self) -> bool:
        """Start Asterisk and wait until it takes calls. Raises AsteriskFailed.

        True when it ran already: it was adopted, with its calls, and has taken the files in.
        """
        self._stopping = False
        self._running = find_running(self._layout)
        if self._running is not None and await self._can_be_adopted():
            await self.reload()
            return True
        if self._running is not None:
            await self.stop(STOP_WITHIN)
            self._stopping = False
        await self._launch()
        return False

    async def _can_be_adopted(self) -> bool:
        """Whether the running Asterisk answers, and listens where the practice's file says now. It may just have been
        started."""
        try:
            await self.wait_ready()
        except AsteriskFailed:
            return False
        return are_all_taken(self._network)

    async def wait_ready(self) -> None:
        """Wait until Asterisk has booted. Raises AsteriskFailed."""
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not await self.console.booted(READY_WITHIN):
                    if self.pid is None:
                        raise AsteriskFailed(f"Asterisk stopped while it started. {self._last_words()}")
                    await asyncio.sleep(_POLL)
        except TimeoutError as error:
            raise AsteriskFailed(
                f"Asterisk was not ready within {READY_WITHIN:.0f} seconds. {self._last_words()}"
            ) from error

    async def reload(self) -> None:
        """Take the rendered files in; calls go on. Raises AsteriskFailed.

        The address and ports of `[network]` are only taken in at a start.
        """
        if await self.console.run("core reload") is None:
            raise AsteriskFailed("Asterisk does not answer, so it has not taken its new files in: restart it.")

    async def watch(self) -> None:
        """Start Asterisk again whenever it ends, until `stop` is called; after each failure wait longer."""
        clock = asyncio.get_running_loop().time
        pause = 1.0
        while self._running is not None:
            began = clock()
            await self._ended(self._running)
            if self._stopping:
                return
            if clock() - began > HEALTHY_AFTER:
                pause = 1.0
            self.restarts += 1
            _log.error("Asterisk ended by itself; it is started again (number %d)", self.restarts)
            try:
                await self._launch()
            except AsteriskFailed as error:
                _log.error("%s Next try in %.0f seconds.", error, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self, drain_seconds: float) -> None:
        """Take no more calls, wait up to `drain_seconds` for those in progress, then end Asterisk whatever it does."""
        self._stopping = True
        running = self._running or find_running(self._layout)
        if running is None:
            return
        if drain_seconds > 0 and await self.console.stop("core stop gracefully", running, drain_seconds):
            return
        if await self.console.stop("core stop now", running, STOP_WITHIN):
            return
        _log.error("Asterisk does not stop: it is killed")
        await self._kill(running)

    async def _ended(self, running: Running) -> None:
        """Wait until Asterisk has ended; meanwhile keep its logs small."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOGS_EVERY):
                    await running.ended()
                    return
            if rotate(self._layout):
                await self.console.run("logger reload")

    async def _launch(self) -> None:
        if self._program.module_dir is None or not self._program.module_dir.is_dir():
            raise AsteriskFailed("Asterisk's modules are missing: run `make setup`.")
        self._layout.make()
        with only_starter(self._layout):
            self._running = find_running(self._layout) or self._spawn()
        try:
            await self.wait_ready()
        except BaseException:
            await self._kill(self._running)
            raise

    def _spawn(self) -> Running:
        taken = whose_sip_port(self._network)
        if taken is not None:
            raise AsteriskFailed(taken)
        return spawn(self._layout, self._program)

    async def _kill(self, running: Running) -> None:
        self._layout.pid_file.unlink(missing_ok=True)  # it is ended on purpose: nobody brings it back
        await running.kill()

    def _last_words(self) -> str:
        # Safe to show: at a start there has been no call, so nobody's number can stand there.
        texts = [path.read_text(errors="replace") for path in (self._layout.output, self._layout.messages_log)
                 if path.is_file()]  # fmt: skip
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        return "Its last lines: " + " | ".join(lines[-_LINES_SHOWN:]) if lines else "It said nothing."
