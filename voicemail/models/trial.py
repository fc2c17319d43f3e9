"""Try a recogniser with a built-in recording: does it run here, how long does it take, does it hear the words?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from voicemail.audio import read_audio
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions
from voicemail.transcribe.word_errors import comparable, errors

RECORDING = Path(__file__).with_name("trial.wav")
"""Spoken by a synthetic voice (flite, rms), as a telephone line carries it: no patient's voice is in this program."""

TEXT = (
    "This is Martha Jones. I need a refill of my blood pressure medicine. "
    "Please call me at seven one seven, five five five, oh one two three."
)
GOOD_SHARE = 0.25
"""More word errors than this in such a clear recording: a wrong language or a broken model."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; seconds for the start (the model is loaded), for the recording, and its own length."""

    heard: str
    confidence: float | None
    start_seconds: float
    work_seconds: float
    recording_seconds: float
    words: int
    wrong: int

    @property
    def good(self) -> bool:
        return self.wrong <= GOOD_SHARE * self.words


async def try_model(options: WorkerOptions) -> Trial:
    """Transcribe the built-in recording as a message would be. Raises `RecognitionFailed`."""
    recording = read_audio(RECORDING).seconds
    wanted = comparable(TEXT)
    async with RecogniserProcess(options) as recogniser:
        began = time.monotonic()
        await recogniser.start()
        loaded = time.monotonic()
        transcript = await recogniser.transcribe(RECORDING, recording)
        done = time.monotonic()
    return Trial(
        heard=transcript.text,
        confidence=transcript.confidence,
        start_seconds=loaded - began,
        work_seconds=done - loaded,
        recording_seconds=recording,
        words=len(wanted),
        wrong=errors(wanted, comparable(transcript.text)),
    )
