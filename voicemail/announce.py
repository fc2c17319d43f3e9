"""Sentences for the practice's own people, spoken when they are needed: "closed until tomorrow at 9 AM".

Never anything about a patient: a sentence becomes a file in the folder of the greetings, which outlives the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from pathlib import Path

from voicemail.audio import wav_bytes, write_durably
from voicemail.prompt_audio import VOICE, Speaker, spoken_pcm

LONGEST_SENTENCE = 600
"""Letters."""

KEPT = 400
"""How many sentences stay: about 50 MB. Those asked for longest ago go first."""

_PREFIX = "said-"
_EDITION = 2
"""Counts up when the same sentence would sound different."""


class Announcer:
    """Speaks with `speaker` (flite; None: not installed) into `folder`; at most `kept` sentences stay there."""

    def __init__(self, folder: Path, speaker: Speaker | None, kept: int = KEPT) -> None:
        self._folder = folder
        self._speaker = speaker
        self._kept = kept
        self._one_at_a_time = asyncio.Lock()

    async def prompt(self, text: str) -> str:
        """The name of the prompt that says `text`, which must hold nothing about a patient.

        A sentence that was spoken before is there at once; another takes about a tenth of a second, beside the event
        loop. Raises GreetingProblem, ValueError for one that is too long, and OSError.
        """
        if len(text) > LONGEST_SENTENCE:
            raise ValueError("a sentence is too long to be spoken")
        name = f"{_PREFIX}{hashlib.sha256(f'{_EDITION}:{VOICE}:{text}'.encode()).hexdigest()[:32]}"
        async with self._one_at_a_time:
            await asyncio.to_thread(self._make, name, text)
        return name

    def _make(self, name: str, text: str) -> None:
        path = self._folder / f"{name}.wav"
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)  # whoever is about to hear it keeps it from being the oldest
            return
        write_durably(path, wav_bytes(spoken_pcm("announcement", text, self._speaker)))
        self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        # One that is being played goes on: Asterisk has it open.
        there = sorted(self._folder.glob(f"{_PREFIX}*.wav"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in there[self._kept :]:
            path.unlink(missing_ok=True)
