"""Sounds that are about a patient: files for one talk, of nobody but this user, gone as soon as they were heard."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from pbx.domain.call import MessageRecord
from voicemail.audio import wav_bytes, write_durably
from voicemail.prompt_audio import Speaker, spoken_pcm
from voicemail.transcription import Kept


class PrivateSounds:
    """`folder` is one that only this user may enter; it holds nothing between talks. Best it lies in memory (tmpfs).

    `shelf` has the recordings of messages.
    """

    def __init__(self, folder: Path, speaker: Speaker | None, shelf: Kept | None = None) -> None:
        self._folder = folder
        self._speaker = speaker
        self._shelf = shelf

    def clear(self) -> None:
        """Remove what a server that died has left. Raises OSError."""
        for path in self._folder.iterdir():
            path.unlink()

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Path]:
        """A place for one WAV, which Asterisk may write; it is empty again at the end."""
        path = self._folder / f"{uuid4()}.wav"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @asynccontextmanager
    async def spoken(self, text: str) -> AsyncIterator[Path]:
        """A WAV that says `text`, as long as the block lasts. Raises GreetingProblem and OSError."""
        async with self.room() as path:
            await asyncio.to_thread(self._speak, text, path)
            yield path

    @asynccontextmanager
    async def message(self, record: MessageRecord) -> AsyncIterator[Path]:
        """The recording of a message as a WAV that Asterisk can play, as long as the block lasts.

        Raises AudioProblem, StoreUnavailable and OSError.
        """
        async with self.room() as path:
            await asyncio.to_thread(self._lay_out, record, path)
            yield path

    def _lay_out(self, record: MessageRecord, path: Path) -> None:
        if self._shelf is None:
            raise FileNotFoundError(record.file)
        with open(path, "xb", opener=_private) as file:
            file.write(wav_bytes(self._shelf.read(record).pcm))

    def _speak(self, text: str, path: Path) -> None:
        write_durably(path, wav_bytes(spoken_pcm("announcement", text, self._speaker)))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
