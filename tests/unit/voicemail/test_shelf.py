"""Kept recordings: sealed whole, read back as they were, and never played once they were changed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.domain.call import MessageRecord
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.sealed import WrappedKey
from pbx.domain.transcript import TranscriptState
from tests.kit.database import vault
from tests.unit.voicemail.spooling import tone
from voicemail.audio import Audio, AudioProblem, wav_bytes
from voicemail.private import PrivateSounds
from voicemail.shelf import Kept, Shelf

SOUND = Audio(tone(6.0).tobytes())
MESSAGE = UUID("6f1f3a52-8a7e-4d0c-9f35-0b6f2a1c9d01")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "messages").mkdir()
    return Shelf(tmp_path / "messages", vault())


def record(kept: Kept, key: WrappedKey | None = None, message: UUID = MESSAGE) -> MessageRecord:
    return MessageRecord(
        message, MESSAGE, "rictor", Caller(NumberKind.WITHHELD), "+17175550100", datetime(2026, 11, 23, tzinfo=UTC),
        6.0, kept.file, TranscriptState.PENDING, None, None, key=key,
    )  # fmt: skip


def test_a_recording_is_sealed_and_read_back(shelf: Shelf) -> None:
    kept = shelf.keep(MESSAGE, SOUND)
    path = shelf.folder / kept.file
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(SOUND.pcm[at : at + 32] in path.read_bytes() for at in range(0, len(SOUND.pcm), 8192))
    assert shelf.read(record(kept, kept.key)) == shelf.read(record(kept)) == SOUND


def test_what_an_earlier_attempt_left_is_taken_as_it_is_and_anything_else_is_not(shelf: Shelf) -> None:
    first = shelf.keep(MESSAGE, SOUND)
    written = (shelf.folder / first.file).read_bytes()
    assert shelf.keep(MESSAGE, SOUND) == first
    assert (shelf.folder / first.file).read_bytes() == written
    (shelf.folder / first.file).write_bytes(written[:-1])
    again = shelf.keep(MESSAGE, SOUND)
    assert again.key.fingerprint != first.key.fingerprint
    assert shelf.keep(MESSAGE, Audio(SOUND.pcm[:-2])).key.fingerprint != again.key.fingerprint


@pytest.mark.parametrize("at", [3, 60, 200, 70_000, -1])
def test_a_changed_recording_is_put_aside_and_says_so_each_time(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    kept = shelf.keep(MESSAGE, SOUND)
    path = shelf.folder / kept.file
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(AudioProblem, match="was changed since it was kept: restore it from a backup"):
            shelf.read(record(kept, kept.key))
    assert (shelf.folder / "quarantine" / kept.file).read_bytes() == data
    assert shelf.damaged() == 1
    assert str(MESSAGE) in caplog.text
    data[at] ^= 1
    path.write_bytes(data)  # brought back from a backup
    assert shelf.read(record(kept, kept.key)) == SOUND


def test_the_recording_of_another_message_is_not_played(shelf: Shelf) -> None:
    kept, other = shelf.keep(MESSAGE, SOUND), uuid4()
    with pytest.raises(AudioProblem):
        shelf.read(record(kept, kept.key, other))


async def test_a_phone_is_given_it_plain_for_a_moment(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    kept, sounds = shelf.keep(MESSAGE, SOUND), PrivateSounds(tmp_path / "private", None, shelf)
    async with sounds.message(record(kept, kept.key)) as path:
        assert path.read_bytes() == wav_bytes(SOUND.pcm)
        assert path.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "private").iterdir()) == []


def test_a_recording_of_before_is_read_as_it_is(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    (shelf.folder / f"{MESSAGE}.wav").write_bytes(wav_bytes(SOUND.pcm))
    with caplog.at_level(logging.ERROR):
        assert shelf.read(record(Kept(f"{MESSAGE}.wav", "", shelf.keep(MESSAGE, SOUND).key))) == SOUND
    assert caplog.text == ""
