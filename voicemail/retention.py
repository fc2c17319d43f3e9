"""What is kept and what goes: messages are erased by the practice's rule, and audio without a message is found.

A row and its words go in one transaction with a note; the audio goes after the commit, because a file cannot be part of
it. Until it has gone its name stands in the database, so a crash in between only means that it goes a little later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid5

from pbx.domain.call import recording_id
from pbx.domain.keeping import BoxCount, Keeping
from pbx.sealing.keys import KeysMissing
from pbx.services.ports import StoreUnavailable
from voicemail.audio import AudioProblem, sync_folder, wav_bytes, write_durably
from voicemail.shelf import PLAIN, SEALED, Shelf
from voicemail.spool import MARKER, QUARANTINE, SAFE_TAG, read_spool

EVERY_SECONDS = 3600.0
WAIT_SECONDS = 30.0
"""While the database is away."""

ORPHANED_SECONDS = 3600.0
"""Audio that lies so long without a message is no message that is just being taken in."""

log = logging.getLogger(__name__)


class KeepingBook(Protocol):
    """The messages as far as keeping them goes. Each method raises `StoreUnavailable`."""

    async def erase_due(self, keeping: Keeping, now: datetime) -> Sequence[UUID]: ...

    async def forget_keys(self) -> None:
        """Have the keys of erased messages gone from the database's file too."""

    async def files_to_remove(self) -> Sequence[tuple[UUID, str]]: ...

    async def file_removed(self, message: UUID) -> None: ...

    async def known(self, messages: Collection[UUID]) -> frozenset[UUID]: ...

    async def counts(self, keeping: Keeping, now: datetime) -> Sequence[BoxCount]: ...


@dataclass(frozen=True, slots=True)
class KeptFolders:
    """The `shelf` of kept audio, and the folders from which calls are taken in."""

    shelf: Shelf
    spool: Path
    spare: Path

    @property
    def messages(self) -> Path:
        return self.shelf.folder


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one round did: messages erased, audio without a message taken in again, files that are none of ours."""

    erased: int = 0
    adopted: int = 0
    foreign: int = 0


class Retention:
    """One round an hour. `keeping` gives the rules in force, `now` the time in UTC."""

    def __init__(
        self,
        book: KeepingBook,
        folders: KeptFolders,
        keeping: Callable[[], Keeping],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._book = book
        self._folders = folders
        self._keeping = keeping
        self._now = now
        self.last = Tidied()
        self._full: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Do a round each hour for ever; meant to be cancelled."""
        while True:
            try:
                self.last = await self.once()
            except StoreUnavailable:
                await asyncio.sleep(WAIT_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - the edge of a job: the next round tries again
                log.error("messages could not be looked through (%s); tried again in an hour", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> Tidied:
        """Erase what is due, remove the audio of what was erased, look for audio without a message."""
        erased = 0
        while gone := await self._book.erase_due(self._keeping(), self._now()):
            erased += len(gone)
            for message in gone:
                log.info("message %s was kept as long as the rule says and is erased", message)
        if erased:
            await self._book.forget_keys()
        await self._remove_audio()
        adopted, foreign = await self._look_for_orphans()
        await self._warn_of_full()
        return Tidied(erased, adopted, foreign)

    async def counts(self) -> Sequence[BoxCount]:
        """What each mailbox holds now."""
        return await self._book.counts(self._keeping(), self._now())

    async def _warn_of_full(self) -> None:
        rule_of = self._keeping().rule_of
        full = frozenset(box.mailbox for box in await self.counts() if rule_of(box.mailbox).is_full(box.messages))
        for mailbox in sorted(full - self._full):
            log.warning("mailbox %s is full; it takes further messages all the same", mailbox)
        self._full = full

    async def _remove_audio(self) -> None:
        for message, file in await self._book.files_to_remove():
            await asyncio.to_thread(self._remove, self._folders.messages / file)
            await self._book.file_removed(message)

    def _remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        sync_folder(file.parent)

    async def _look_for_orphans(self) -> tuple[int, int]:
        found, foreign = await asyncio.to_thread(self._old_files)
        known = await self._book.known(found)
        orphans = [message for message in found if message not in known]
        if orphans and not (self._folders.spool / MARKER).exists():
            return 0, foreign  # the spool's disk is away
        for message in orphans:
            log.warning("audio without a message was found and goes to the unassigned mailbox (%s)", message)
            try:
                await asyncio.to_thread(self._adopt, message)
            except (AudioProblem, KeysMissing) as problem:
                log.error("audio without a message (%s) cannot be opened and is left: %s", message, problem)
        return len(orphans), foreign

    def _old_files(self) -> tuple[set[UUID], int]:
        """Ids of the audio that has lain long enough and that no call of the spool is about to bring, and how many
        files are not named like audio of ours."""
        expected = self._spooled()
        before = time.time() - ORPHANED_SECONDS
        found, foreign = set(), 0
        for path in self._folders.messages.iterdir():
            if path.name.startswith(".") or path.name == QUARANTINE:
                continue
            message = _id_in(path)
            if message is None:
                foreign += 1
            elif message not in expected and path.stat().st_mtime < before:
                found.add(message)
        return found, foreign

    def _spooled(self) -> frozenset[UUID]:
        content = read_spool(self._folders.spool, self._folders.spare)
        return frozenset(
            recording_id(call.id, recording.key) for call in content.calls for recording in call.recordings
        )

    def _adopt(self, message: UUID) -> None:
        """Put the audio back into the spool, as a call of which nothing else is known: ingest takes it from there.

        The call's id follows from the audio's, so that a crash in between brings the same call again.
        """
        for source in (self._folders.messages / f"{message}{ending}" for ending in (SEALED, PLAIN)):
            if source.exists():
                self._respool(message, source)

    def _respool(self, message: UUID, source: Path) -> None:
        if source.suffix == SEALED:
            data = wav_bytes(self._folders.shelf.read_orphan(message, source).pcm)
        else:
            data = source.read_bytes()
        write_durably(self._folders.spool / f"{uuid5(message, 'orphan')}-{SAFE_TAG}.wav", data)
        self._remove(source)


def _id_in(path: Path) -> UUID | None:
    try:
        message = UUID(path.stem)
    except ValueError:
        return None
    names = (f"{message}{SEALED}", f"{message}{PLAIN}")
    return message if path.name in names and path.is_file() and not path.is_symlink() else None
