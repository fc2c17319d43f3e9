"""What happens beside the database is written down in a file first, and then told to the audit, each once.

A line is durable before the deed takes effect, so a PIN that opened something is in the audit sooner or later, with the
time at which it was keyed, whatever became of the database or of this process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from pbx.services.ports import StoreUnavailable
from pbx.store.errors import StoreError

log = logging.getLogger(__name__)

MOST_BYTES = 4_000_000
"""While the database is away nothing more is kept than that; how many were left out is."""

LOOK_SECONDS = 2.0


class Told(Protocol):
    """The audit."""

    async def tell(self, event: UUID, actor: str, action: str, thing: str, detail: dict[str, Any]) -> None:
        """Append a row; asking again with its id changes nothing. Raises StoreUnavailable."""


class FileJournal:
    """`pbx.services.journal.Journal` in a file of the data folder."""

    def __init__(self, file: Path, audit: Told) -> None:
        self._file = file
        self._audit = audit
        self._left_out = 0
        self._one_at_a_time = asyncio.Lock()
        self._bell = asyncio.Event()

    async def note(self, actor: str, action: str, thing: str, **detail: str | bool | int) -> None:
        """Make it durable. Raises OSError if it cannot be."""
        noted = {"noted": datetime.now(UTC).isoformat(timespec="milliseconds")}
        line = json.dumps([str(uuid4()), actor, action, thing, detail | noted])
        async with self._one_at_a_time:
            await asyncio.to_thread(self._add, line)
        self._bell.set()

    async def run(self) -> None:
        """Tell the audit for ever; meant to be cancelled."""
        while True:
            try:
                await self.tell_all()
            except StoreUnavailable:
                log.debug("the journal waits for the database")
            except OSError as error:
                log.error("the journal of the audit cannot be read or written: %s", error.strerror)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def tell_all(self) -> None:
        """Tell the audit what is written down, and forget what it has. Raises StoreUnavailable, OSError."""
        self._bell.clear()
        async with self._one_at_a_time:
            read = await asyncio.to_thread(self._read)
        if not read and not self._left_out:
            return
        for line in read.decode("utf-8", "replace").splitlines():
            await self._tell(line)
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            await self._audit.tell(uuid4(), "system", "journal-full", "audit", {"left_out": left_out})
        async with self._one_at_a_time:
            await asyncio.to_thread(self._forget, len(read))

    async def _tell(self, line: str) -> None:
        try:
            event, actor, action, thing, detail = json.loads(line)
            about = (UUID(event), str(actor), str(action), str(thing), dict(detail))
        except (ValueError, TypeError):
            log.error("a line of the journal of the audit cannot be read")  # it was cut off by a crash
            return
        try:
            await self._audit.tell(*about)
        except StoreError as error:
            log.error("a line of the journal of the audit was not taken: %s", error)

    def _add(self, line: str) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size > MOST_BYTES:
                self._left_out += 1
                return
            cut_off = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # by a crash
            os.write(handle, ("\n" * cut_off + line + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def _read(self) -> bytes:
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            return b""

    def _forget(self, many: int) -> None:
        """Take away the first bytes; lines that came meanwhile stay."""
        rest = self._file.read_bytes()[many:]
        part = self._file.with_name(self._file.name + ".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(rest)
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._file)
