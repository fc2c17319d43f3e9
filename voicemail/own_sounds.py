"""The recordings of people's own greetings: kept in a folder of their own, and put beside the prompts for calls.

The prompts may be thrown away and made anew from the practice's file; these may not, so a start puts them back.
"""

from __future__ import annotations

from pathlib import Path

from pbx.domain.policy import Greeting
from voicemail.audio import wav_bytes, write_durably
from voicemail.prompt_audio import prompt_pcm


class OwnSounds:
    """`pbx.services.own_greetings.Sounds` in the folder `kept`; calls hear what is in `greetings`."""

    def __init__(self, kept: Path, greetings: Path) -> None:
        self._kept = kept
        self._greetings = greetings

    def put_back(self) -> None:
        """Let calls hear all that is kept. Raises OSError."""
        for path in self._kept.glob("*.wav"):
            data = path.read_bytes()
            heard = self._greetings / path.name
            if not heard.is_file() or heard.read_bytes() != data:
                write_durably(heard, data)

    def keep(self, prompt: str, pcm: bytes) -> None:
        data = wav_bytes(pcm)
        write_durably(self._kept / f"{prompt}.wav", data)
        write_durably(self._greetings / f"{prompt}.wav", data)

    def remove(self, prompt: str) -> None:
        # What calls hear stays beside the prompts: a call may be about to play it.
        (self._kept / f"{prompt}.wav").unlink(missing_ok=True)


def recorded_pcm(path: Path) -> bytes:
    """A recording by phone as it can be played to callers: checked and levelled. Raises `GreetingProblem`."""
    return prompt_pcm(Greeting("recorded", file=str(path)), None)
