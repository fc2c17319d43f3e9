"""What a recogniser made of a message. A confidence is the engine's own figure or None, never an invented one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TRANSCRIPTION_ATTEMPTS = 3
"""How often it is tried to transcribe a message before it is given up."""


class TranscriptState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    NO_SPEECH = "no-speech"


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times in seconds from the start of the recording and a confidence in 0..1, where known."""

    text: str
    start: float | None
    end: float | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A finished transcription: `state` is DONE or NO_SPEECH. `confidence` in 0..1 for the whole, None if not known."""

    state: TranscriptState
    text: str
    engine: str
    model: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()
