"""The real server in a process of its own, started and stopped as an operator would."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

COMMAND = (sys.executable, "-m", "pbx.cli")
READY_WITHIN = 60.0
STOPPED_WITHIN = 30.0
_POLL = 0.05


class ServerFailed(Exception):
    """The server did not start or stop as it should; the text ends with what it said last."""


class ServerProcess:
    """`secondline run` on the file `config` and the folder `data`; an async context manager.

    Leaving the block stops it by SIGTERM. What it says is in `log`. `command` is the command line in front of `run`,
    `env` is added to the environment.
    """

    def __init__(
        self,
        config: Path,
        data: Path,
        web_port: int,
        command: Sequence[str] = COMMAND,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.log = data.parent / "server.log"
        self._command = (*command, "run", "--config", str(config), "--data", str(data))
        self._env = dict(env or {})
        self._url = f"http://127.0.0.1:{web_port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The server's process id. Raises ServerFailed when it was not started."""
        return self._running().pid

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises ServerFailed."""
        self._process = process = self._spawn()
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not await self._is("/ready"):
                    if process.poll() is not None:
                        raise ServerFailed(f"The server stopped while it started. {self.last_words()}")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise ServerFailed(f"The server was not ready in {READY_WITHIN:.0f} s. {self.last_words()}") from None

    async def stop(self) -> int:
        """Stop it as Ctrl-C does; gives its exit status. Raises ServerFailed when it does not stop."""
        process = self._running()
        if self.runs:
            process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(process.wait, STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            await self.kill()
            raise ServerFailed(f"The server did not stop in {STOPPED_WITHIN:.0f} s. {self.last_words()}") from None

    async def kill(self) -> None:
        """Kill it without warning, as a power cut to this one process would."""
        process = self._running()
        process.kill()
        await asyncio.to_thread(process.wait)

    async def is_alive(self) -> bool:
        """Whether it answers at all."""
        return await self._is("/health")

    async def is_ready(self) -> bool:
        """Whether it is ready now."""
        return await self._is("/ready")

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Not asyncio's process: the server may be stopped from another event loop than it was started from."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demonstration, which stops the server itself
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | self._env,
            )

    def last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "It said: " + " | ".join(lines[-5:]) if lines else "It said nothing."

    async def _is(self, path: str) -> bool:
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self._url + path) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerFailed("The server was not started.")
        return self._process
