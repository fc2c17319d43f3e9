"""Sounds that are about a patient: files for one talk, of nobody but this user, gone as soon as they were heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from voicemail.audio import wav_bytes, write_durably
from voicemail.prompt_audio import Speaker, spoken_pcm


class PrivateSounds:
    """`folder` is one that only this user may enter; it holds nothing between talks."""

    def __init__(self, folder: Path, speaker: Speaker | None) -> None:
        self._folder = folder
        self._speaker = speaker

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

    def _speak(self, text: str, path: Path) -> None:
        write_durably(path, wav_bytes(spoken_pcm("announcement", text, self._speaker)))
