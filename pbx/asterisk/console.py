"""Asterisk's control socket, by way of `asterisk -rx`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import Program
from pbx.asterisk.running import Running

ANSWER_WITHIN = 10.0


class Console:
    """Sends commands to the Asterisk of one data folder."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self._program = program
        self._layout = layout

    async def run(self, command: str, within: float = ANSWER_WITHIN) -> str | None:
        """What Asterisk answers to `command`, or None when it does not answer in `within` seconds."""
        process = await asyncio.create_subprocess_exec(
            *self._program.command("-C", self._layout.asterisk_conf, "-rx", command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self._program.env},
        )
        try:
            async with asyncio.timeout(within):
                answer, _ = await process.communicate()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return answer.decode(errors="replace") if process.returncode == 0 else None

    async def booted(self, within: float) -> bool:
        """Whether Asterisk has fully booted, waiting up to `within` seconds if it is about to; False when it is not
        there at all."""
        return "fully booted" in (await self.run("core waitfullybooted", within) or "")

    async def stop(self, command: str, running: Running, within: float) -> bool:
        """Give a `core stop` command and wait up to `within` seconds; True when Asterisk is gone.

        The command itself only returns when Asterisk ends, if at all (main/asterisk.c quit_handler).
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within), asyncio.TaskGroup() as both:
                both.create_task(self.run(command, within + ANSWER_WITHIN))
                await running.ended()
        return not running.alive
