"""Looks after the keys while the server runs: what is plain from before is sealed, rotations are finished, and master
keys that have had their time are destroyed."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from pbx.config.settings import KeySource
from pbx.sealing.keys import KeyRing, KeysRefused
from pbx.sealing.vault import DataKey
from pbx.services.ports import StoreUnavailable
from pbx.store.audit import SYSTEM
from pbx.store.key_book import KeyInUse, PgKeyBook
from voicemail.audio import AudioProblem, read_audio
from voicemail.shelf import PLAIN, Shelf

EVERY_SECONDS = 3600.0
WAIT_SECONDS = 15.0
"""While the database or a key is away."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A master key that is in force no longer: since when, and from when on it may be destroyed."""

    kek: str
    since: datetime
    goes_at: datetime


def ended(ring: KeyRing, retired_days: int) -> tuple[Ended, ...]:
    """The master keys that newer ones have replaced, the oldest first."""
    ids = ring.ids()
    found = []
    for kek, following in itertools.pairwise(ids):
        since = ring.key(following).made_at
        found.append(Ended(kek, since, since + timedelta(days=retired_days)))
    return tuple(found)


class KeyKeeper:
    """One round an hour. `source` is what the practice's file said of the keys at the start."""

    def __init__(
        self,
        book: PgKeyBook,
        shelf: Shelf,
        source: KeySource,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._book = book
        self._shelf = shelf
        self._source = source
        self._now = now

    async def run(self) -> None:
        """Do a round each hour for ever; meant to be cancelled."""
        while True:
            try:
                await self.once()
            except StoreUnavailable:
                await asyncio.sleep(WAIT_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - the edge of a job: the next round tries again
                log.error("the keys could not be looked after (%s); tried again in an hour", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Seal, rotate where the file says so, bring all under the key in force, destroy. Raises StoreUnavailable."""
        await self._seal_recordings()
        await self._rotate_if_due()
        done = await self._book.rewrap()
        if done.keys:
            log.info("%d keys came under the master key in force", done.keys)
        await self._destroy_old()

    async def _seal_recordings(self) -> None:
        plain = await asyncio.to_thread(_plain_recordings, self._shelf.folder)
        for path, message in plain:
            try:
                sealed = await self._book.seal_file(message, path.name, partial(self._seal, path))
            except AudioProblem as problem:
                log.error("the recording of message %s %s; it stays as it is", message, problem.flaw)
                continue
            if sealed or await self._book.known(message):
                await asyncio.to_thread(path.unlink, missing_ok=True)
        if plain:
            log.info("%d recordings of before were looked through and sealed", len(plain))

    def _seal(self, path: Path, key: DataKey) -> str:
        return self._shelf.keep_under(key, read_audio(path))

    async def _rotate_if_due(self) -> None:
        days, ring = self._source.rotate_days, self._book.vault.ring
        if days is None or self._now() - ring.current().made_at < timedelta(days=days):
            return
        try:
            made = await asyncio.to_thread(ring.add)
        except KeysRefused as refused:
            log.warning("the master key is older than rotate_days says: %s", refused)
            return
        await self._book.made(made.id, SYSTEM)
        log.warning("master key %s is in force now: renew your copy of the keys (`secondline keys copy`)", made.id)

    async def _destroy_old(self) -> None:
        for one in ended(self._book.vault.ring, self._source.retired_days):
            if one.goes_at > self._now():
                continue
            try:
                await self._book.destroy(one.kek, SYSTEM)
                log.info("master key %s had its time and is destroyed", one.kek)
            except (KeyInUse, KeysRefused) as refused:
                log.warning("%s", refused)


def _plain_recordings(folder: Path) -> list[tuple[Path, UUID]]:
    found = []
    for path in sorted(folder.glob(f"*{PLAIN}")):
        try:
            message = UUID(path.stem)
        except ValueError:
            continue
        if path.is_file() and not path.is_symlink():
            found.append((path, message))
    return found
