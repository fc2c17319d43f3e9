"""Erasure by rule and audio without a message, with real files and a real database."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.domain.keeping import BoxRule, Keeping
from pbx.domain.policy import UNASSIGNED_MAILBOX
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.keeping import PgKeeping
from pbx.store.messages import PgMessageBox
from tests.integration.store.test_keeping import NOW, a_message
from tests.unit.voicemail.spooling import folders_in, policy, put, put_message, recording
from voicemail.audio import parse_wav
from voicemail.ingest import Folders, Ingest
from voicemail.retention import KeptFolders, Retention, Tidied


class Office:
    def __init__(self, folder: Path, database: Database) -> None:
        self.folders: Folders = folders_in(folder)
        self.database = database
        self.keeping = Keeping(BoxRule(30, 1))
        self.seconds = 0.0
        kept = KeptFolders(self.folders.shelf, self.folders.spool, self.folders.spare)
        self.retention = Retention(PgKeeping(database), kept, lambda: self.keeping, lambda: NOW)

    def audio(self, message: UUID, hours: float = 2) -> Path:
        """A recording in the message folder that has been there for `hours`."""
        path = self.folders.messages / self.folders.shelf.keep(message, parse_wav(recording())).file
        then = path.stat().st_mtime - hours * 3600
        os.utime(path, (then, then))
        return path

    async def take_in(self) -> None:
        async def none_up() -> frozenset[UUID]:
            return frozenset()

        ingest = Ingest(self.folders, PgCallLog(self.database), policy, none_up, lambda: self.seconds)
        await ingest.scan_once()
        self.seconds += 60
        await ingest.scan_once()


@pytest.fixture
def office(tmp_path: Path, database: Database) -> Office:
    return Office(tmp_path, database)


async def test_audio_goes_with_its_message_and_no_other_does(office: Office) -> None:
    old, young = await a_message(office.database, 31), await a_message(office.database, 1)
    gone, stays = office.audio(old), office.audio(young)
    assert await office.retention.once() == Tidied(erased=1)
    assert (gone.exists(), stays.exists()) == (False, True)
    assert await office.retention.once() == Tidied()


async def test_a_crash_before_the_audio_is_gone_only_means_that_it_goes_later(office: Office) -> None:
    old = await a_message(office.database, 31)
    audio = office.audio(old)
    await PgKeeping(office.database).erase_due(office.keeping, NOW)
    assert audio.exists()
    assert await office.retention.once() == Tidied()
    assert not audio.exists()


async def test_many_are_erased_in_one_round(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.store.keeping.AT_ONCE", 2)
    for _ in range(5):
        await a_message(office.database, 31)
    assert (await office.retention.once()).erased == 5


async def test_audio_without_a_message_becomes_one_that_nobody_owns_once(office: Office) -> None:
    orphan = uuid4()
    office.audio(orphan)
    assert await office.retention.once() == Tidied(adopted=1)
    await office.take_in()
    office.audio(orphan)  # as if the power had gone before it was removed
    await office.retention.once()
    await office.take_in()
    (message,) = await PgMessageBox(office.database).messages(None, 10)
    assert (message.mailbox, message.seconds) == (UNASSIGNED_MAILBOX, 2.0)
    assert [path.name for path in office.folders.messages.iterdir()] == [message.file]


async def test_audio_that_is_just_being_taken_in_is_no_orphan(office: Office) -> None:
    put_message(office.folders)
    office.audio(uuid4(), hours=0.5)
    await office.take_in()
    put_message(office.folders)  # the same again, as after a crash, and long ago
    (message,) = await PgMessageBox(office.database).messages(None, 10)
    office.audio(message.id)
    async with office.database.session() as connection:
        await connection.execute("DELETE FROM message")
    assert await office.retention.once() == Tidied()


async def test_where_the_spools_disk_is_away_orphans_wait(office: Office) -> None:
    audio = office.audio(uuid4())
    (office.folders.spool / ".mounted").unlink()
    assert await office.retention.once() == Tidied()
    assert audio.exists()


async def test_files_that_are_none_of_ours_are_told_and_left(office: Office) -> None:
    put(office.folders.messages, "notes.txt", "sun")
    (office.folders.messages / f"{uuid4()}.wav").symlink_to("/etc/hostname")
    assert await office.retention.once() == Tidied(foreign=2)
    assert len(list(office.folders.messages.iterdir())) == 2


async def test_a_full_mailbox_is_told_once_and_takes_more(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        await a_message(office.database, 1, "rictor")
    with caplog.at_level(logging.WARNING):
        await office.retention.once()
        await office.retention.once()
    assert [record.getMessage() for record in caplog.records] == [
        "mailbox rictor is full; it takes further messages all the same"
    ]
    put_message(office.folders)
    await office.take_in()
    assert len(await PgMessageBox(office.database).messages("rictor", 10)) == 3


async def test_a_message_is_kept_to_the_day(office: Office) -> None:
    await a_message(office.database, 30 - 1 / 24)
    assert (await office.retention.once()).erased == 0
    office.retention = Retention(
        PgKeeping(office.database),
        KeptFolders(office.folders.shelf, office.folders.spool, office.folders.spare),
        lambda: office.keeping,
        lambda: NOW + timedelta(hours=2),
    )
    assert (await office.retention.once()).erased == 1
