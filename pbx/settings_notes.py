"""What becomes of the practice's file, and when the server works, as the audit is told of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from pbx import __version__
from pbx.services.journal import Journal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SettingsNotes:
    """Notes about the file `config`. Nothing of it waits for the database, or stops the server."""

    journal: Journal
    config: Path

    async def loaded(self, version: str) -> None:
        """The server begins with this version of the file."""
        await self._note("config-loaded", version=version, program=__version__)

    async def reloaded(self, version: str) -> None:
        """The running server takes this version."""
        await self._note("config-reloaded", version=version)

    async def refused(self, problems: int) -> None:
        """It does not take the file as it is now. Its problems may quote it, so the audit has their number alone."""
        await self._note("config-refused", sha256=await asyncio.to_thread(_digest, self.config), problems=problems)

    async def stopped(self) -> None:
        """The server ends."""
        await self._note("stopped", program=__version__)

    async def _note(self, action: str, **detail: str | int) -> None:
        try:
            await self.journal.note("system", action, "practice", **detail)
        except OSError:
            log.error("the audit was not told of %r: the data folder cannot be written", action)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
