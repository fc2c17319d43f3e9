"""The practice that is measured: the demonstration's, with room for many calls, and a number without Secondline."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.console import Console
from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import find_asterisk
from pbx.database import Records
from pbx.demo.practice import EVENING_LINE, DemoPractice, write_practice
from pbx.demo.server import ServerProcess

ROUTED = EVENING_LINE
"""Goes straight to a greeting, by way of the controller."""

STATIC = "static"
_STATIC = ("Answer()", "Playback(${SL_GREETINGS}/emergency&${SL_GREETINGS}/closed)", "Hangup()")
"""The peer: the same prompts from the same Asterisk, with nothing in between."""

_RTP_PORTS = "12000-19999"
"""Two a call: no burst here may run out of them."""

_TAKEN_IN_WITHIN = 120.0
_QUIET_WITHIN = 60.0


class BenchFailed(Exception):
    """Something could not be measured; the text says what."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The running practice. `tell` says how far the measurements are."""

    practice: DemoPractice
    server: ServerProcess
    records: Records
    folder: Path
    tell: Callable[[str], None]

    @property
    def layout(self) -> Layout:
        return Layout(self.practice.data)

    @property
    def console(self) -> Console:
        return Console(find_asterisk(), self.layout)

    async def taken_in(self) -> None:
        """Wait until every call that is over is in the log, so that no burst pays for the one before.

        Raises BenchFailed.
        """
        try:
            async with asyncio.timeout(_TAKEN_IN_WITHIN):
                while _waiting(self.layout):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise BenchFailed(f"A burst was not taken in within {_TAKEN_IN_WITHIN:.0f} seconds.") from None

    async def hang_up_all(self) -> None:
        """End the calls that a burst left behind. Raises BenchFailed."""
        try:
            async with asyncio.timeout(_QUIET_WITHIN):
                while "\n0 active channels" not in f"\n{await self.console.run('core show channels count')}":
                    await self.console.run("channel request hangup all")
        except TimeoutError:
            raise BenchFailed(f"Asterisk did not get quiet within {_QUIET_WITHIN:.0f} seconds.") from None

    def complaints(self) -> int:
        """How often the server has warned or complained so far."""
        text = self.server.log.read_text(encoding="utf-8", errors="replace")
        return len(re.findall(r"^\S+ \S+ (?:WARNING|ERROR) ", text, re.MULTILINE))


def write(folder: Path) -> DemoPractice:
    """Write the practice's file into `folder`."""
    written = write_practice(folder)
    text = written.file.read_text(encoding="utf-8")
    roomy, changes = re.subn(r"(?m)^rtp_ports = .*$", f'rtp_ports = "{_RTP_PORTS}"', text)
    if changes != 1:
        raise BenchFailed("The practice's file has no line for its RTP ports.")
    written.file.write_text(roomy, encoding="utf-8")
    return written


async def add_static_number(console: Console) -> None:
    """Give the running Asterisk the peer's number, in memory only: no file of the practice changes."""
    for priority, application in enumerate(_STATIC, 1):
        command = f"dialplan add extension {STATIC},{priority},{application} into from-trunk"
        if "added" not in (await console.run(command) or ""):
            raise BenchFailed("Asterisk did not take the number without Secondline.")


def _waiting(layout: Layout) -> bool:
    return any(path.suffix in (".call", ".end", ".done") for f in (layout.spool, layout.spare) for path in f.iterdir())
