"""What somebody on call is fetched for: out of the spool while the caller waits, out of the database afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from agi.urgent_talk import Case, Sound
from pbx.asterisk.layout import Layout
from pbx.services.ports import MessageBox
from pbx.services.urgent import UrgentCalls
from voicemail.private import PrivateSounds
from voicemail.spool import SpooledCall, read_call


@dataclass(frozen=True, slots=True)
class UrgentCases:
    """`agi.urgent_talk.Cases` of a running server."""

    layout: Layout
    urgent: UrgentCalls
    messages: MessageBox
    private: PrivateSounds

    async def find(self, call: UUID, page: str) -> Case | None:
        """The case of a call; `page` is the position of its step, or an attempt's id. Raises StoreUnavailable."""
        if page.isdigit():
            return await asyncio.to_thread(self._waiting, call, int(page))
        return await self._relayed(call, UUID(page))

    def _waiting(self, call: UUID, position: int) -> Case | None:
        found = read_call(call, self.layout.spool, self.layout.spare)
        person = found.journal.people.get(position) if found.journal else None
        if person is None:
            return None
        return Case(person, _recording(found), _number(found), partial(self._waits, call))

    def _waits(self, call: UUID) -> bool:
        """The dialplan writes the end of a call down as soon as it is over."""
        folders = (self.layout.spool, self.layout.spare)
        names = (f"{call}.{ending}" for ending in ("end", "done"))
        return not any((folder / name).exists() for name in names for folder in folders)

    async def _relayed(self, call: UUID, attempt: UUID) -> Case | None:
        case = await self.urgent.book.of_call(call)
        if case is None or case.request.state.settled:
            return None
        person = next((a.person for a in case.request.attempts if a.id == attempt), None)
        if person is None:
            return None
        kept = None if case.message is None else await self.messages.message(case.message)
        recording = None if kept is None else partial(self.private.message, kept)
        return Case(
            person,
            recording,
            case.number,
            waits=lambda: False,
            take=partial(self.urgent.take, call, attempt, person),
            decided=partial(self.urgent.decided, attempt),
        )


def _recording(call: SpooledCall) -> Sound | None:
    """While the caller waits the recording is in the spool, as the PBX wrote it."""
    path = next((recording.file.path for recording in call.recordings), None)
    return None if path is None else partial(_as_it_is, path)


@asynccontextmanager
async def _as_it_is(path: Path) -> AsyncIterator[Path]:
    yield path


def _number(call: SpooledCall) -> str | None:
    if call.journal and call.journal.number:
        return call.journal.number
    digits = call.start.caller.lstrip("+") if call.start else ""
    return digits if digits.isdigit() else None
