"""The keys as practice IT meets them, and what the server does with them by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest

from pbx.cli import main
from pbx.config.settings import KeySource
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.key_keeper import KeyKeeper
from pbx.sealing.keys import KeyRing
from pbx.sealing.vault import Vault
from pbx.services.ports import StoreUnavailable
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.key_book import PgKeyBook
from pbx.store.messages import PgMessageBox
from tests.kit.calls import MORNING, a_message_call, a_recording, a_start
from tests.kit.server import Answer
from tests.unit.voicemail.spooling import tone
from voicemail.audio import Audio, parse_wav, wav_bytes
from voicemail.shelf import Shelf

SOLO = Path(__file__).parents[2] / "docs" / "examples" / "solo.toml"
SOUND = Audio(tone(2.0).tobytes())
Run = Callable[..., Awaitable[Answer]]


class Office:
    """A practice with keys of its own; its commands run in a thread of this process."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        self.ring = database.vault.ring
        self.shelf = Shelf(folder / "var" / "messages", database.vault)
        self.shelf.folder.mkdir(parents=True)
        self.book, self.box = PgKeyBook(database), PgMessageBox(database)
        self.file = folder / "practice.toml"
        places = f"\n[database]\nurl = '{database.dsn}'\n[keys]\nfolder = '{self.ring.folder}'\n"
        self.file.write_text(SOLO.read_text("utf-8") + places, "utf-8")

    async def run(self, *words: str) -> Answer:
        def command() -> Answer:
            with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
                status = main([*words, "--config", str(self.file)])
            return Answer(status, out.getvalue(), err.getvalue())

        return await asyncio.to_thread(command)

    async def message(self, text: str, minute: int = 0) -> UUID:
        start = a_start(MORNING + timedelta(minutes=minute))
        recording = a_recording(start.id)
        kept = self.shelf.keep(recording.id, SOUND)
        made = type(recording)(recording.id, "rictor", kept.file, 2.0, kept.sha256, repaired=False, key=kept.key)
        await PgCallLog(self.database).finish_call(a_message_call(start, made))
        await self.box.keep_transcript(recording.id, Transcript(TranscriptState.DONE, text, "moonshine", "tiny-en"))
        return recording.id

    async def plays(self, message: UUID) -> bool:
        record = await self.box.message(message)
        return record is not None and self.shelf.read(record) == SOUND

    def keeper(self, source: KeySource | None = None, days: float = 0) -> KeyKeeper:
        now = datetime.now(UTC) + timedelta(days=days)
        return KeyKeeper(self.book, self.shelf, source or KeySource(), lambda: now)


@pytest.fixture
async def office(dsn: str, tmp_path: Path) -> AsyncIterator[Office]:
    ring = KeyRing(tmp_path / "keys")
    ring.make_first()
    async with Database.connect(dsn, Vault(ring)) as database:
        yield Office(tmp_path, database)


async def test_keys_are_listed_rotated_copied_and_destroyed(office: Office) -> None:
    message = await office.message("my knee hurts")
    sealed = (office.shelf.folder / f"{message}.sealed").read_bytes()
    [first] = (await office.run("keys", "list", "--json")).json
    assert (first["in_force"], first["here"], first["data_keys"]) == (True, True, 2)
    rotated = (await office.run("keys", "rotate", "--json")).json
    assert (rotated["new"], rotated["rewrapped"], rotated["damaged"]) == (True, 2, 0)
    assert (office.shelf.folder / f"{message}.sealed").read_bytes() == sealed, "no recording is written anew"
    refused = await office.run("keys", "destroy", rotated["key"])
    assert (refused.status, "rotate" in refused.err) == (1, True)
    assert (await office.run("keys", "destroy", first["id"], "--json")).json["destroyed"]
    assert await office.plays(message)
    copy = office.folder / "copy.key"
    assert (await office.run("keys", "copy", str(copy), "--json")).json["keys"] == [rotated["key"]]
    assert copy.stat().st_mode & 0o777 == 0o400
    listed = await office.run("keys", "list")
    assert f"{rotated['key']}: in force, 2 data keys under it" in listed.out
    async with office.database.session() as connection:
        rows = await connection.fetch("SELECT action FROM audit WHERE object LIKE 'key/%' ORDER BY id")
    assert [row["action"] for row in rows] == ["made-key", "destroyed-key"]


async def test_a_rotation_that_was_cut_short_is_finished_and_not_begun_anew(office: Office) -> None:
    await office.message("my knee hurts")
    key = office.ring.add().id
    finished = (await office.run("keys", "rotate", "--json")).json
    assert (finished["key"], finished["new"], finished["rewrapped"]) == (key, False, 2)


async def test_lost_keys_are_told_and_a_copy_brings_them_back(office: Office) -> None:
    message = await office.message("my knee hurts")
    await office.run("keys", "copy", str(office.folder / "copy.key"))
    for path in office.ring.folder.glob("*.key"):
        path.unlink()
    with pytest.raises(StoreUnavailable, match="Put your copy of the keys back"):
        await office.database.check_keys()
    lost = await office.run("voicemail", "show", str(message))
    assert (lost.status, "Put your copy of the keys back" in lost.err) == (1, True)
    (office.folder / "copy.key").rename(office.ring.folder / "copy.key")
    await office.database.check_keys()
    assert "my knee hurts" in (await office.run("voicemail", "show", str(message))).out


async def test_an_export_is_plain_and_a_search_finds_words(office: Office) -> None:
    knee, _ = await office.message("My KNEE hurts at night"), await office.message("a refill please", 1)
    target = office.folder / "knee.wav"
    assert (await office.run("voicemail", "export", str(knee), str(target))).status == 0
    assert parse_wav(target.read_bytes()) == SOUND
    found = (await office.run("voicemail", "list", "--search", "night knee", "--json")).json
    assert [message["id"] for message in found] == [str(knee)]
    assert (await office.run("voicemail", "list", "--search", "elbow", "--json")).json == []


async def test_recordings_of_before_are_sealed_whatever_a_crash_left(office: Office) -> None:
    messages = [await office.message("my knee hurts", minute) for minute in range(3)]
    async with office.database.session() as connection:
        await connection.execute("UPDATE message SET file = id || '.wav'")
    for message in messages:
        (office.shelf.folder / f"{message}.sealed").unlink()
        (office.shelf.folder / f"{message}.wav").write_bytes(wav_bytes(SOUND.pcm))
    # The first was sealed, and the power went before its plain file did.
    await office.book.seal_file(messages[0], f"{messages[0]}.wav", lambda key: office.shelf.keep_under(key, SOUND))
    assert all([await office.plays(message) for message in messages])
    await office.keeper().once()
    assert sorted(path.name for path in office.shelf.folder.iterdir()) == sorted(f"{m}.sealed" for m in messages)
    assert all([await office.plays(message) for message in messages])


async def test_the_server_rotates_and_destroys_when_the_file_says(office: Office) -> None:
    message = await office.message("my knee hurts")
    first = office.ring.current().id
    source = KeySource(rotate_days=30, retired_days=60)
    await office.keeper(source, days=29).once()
    assert office.ring.ids() == (first,)
    await office.keeper(source, days=31).once()
    assert len(office.ring.ids()) == 2
    assert list(await office.book.counts()) == [office.ring.current().id]
    await office.keeper(KeySource(retired_days=5), days=6).once()
    assert first not in office.ring.ids()
    assert await office.plays(message)
