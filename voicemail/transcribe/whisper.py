"""Whisper by faster-whisper, with the model in a folder that the practice names: the best words, the most work.

It is an extra (`pip install secondline[whisper]`). Nothing is ever fetched: a folder that is not whole is refused
before the library sees it, which would ask its hub for what is missing (faster_whisper/transcribe.py, WhisperModel).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]

from pbx.domain.transcript import Transcript, TranscriptState, Word
from voicemail.audio import RATE, Samples
from voicemail.transcribe.problem import EngineProblem

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")

_MODEL_RATE = 16000
_THREADS = 2
_NOTHING_SAID = 0.6
"""The publisher's own limits below which a piece is taken for silence (openai/whisper, transcribe.py)."""
_HARDLY_LIKELY = -1.0


class Whisper:
    name = "whisper"

    def __init__(self, model: Path | None) -> None:
        if model is None:
            raise EngineProblem("Whisper needs a model: name its folder in the practice's file (whisper_model).")
        if missing := missing_files(model):
            raise EngineProblem(f"There is no whole Whisper model in {model}: {missing} is missing.")
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            what = "Whisper needs the extra of that name: install secondline[whisper] (faster-whisper)."
            raise EngineProblem(what) from error
        try:
            self._whisper: Any = WhisperModel(
                str(model.resolve()), device="cpu", compute_type="int8", cpu_threads=_THREADS, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineProblem(f"The Whisper model in {model} is damaged: install it again.") from error
        self.model = model.resolve().name

    def transcribe(self, samples: Samples) -> Transcript:
        """The confidence of a word is the engine's own probability of it, that of the whole their mean."""
        sound = soxr.resample(samples.astype(np.float32) / 32768, RATE, _MODEL_RATE)
        pieces, _ = self._whisper.transcribe(
            sound,
            # A practice with a model for many languages has patients who speak them.
            language=None if self._whisper.model.is_multilingual else "en",
            # What was heard before leads it into repeating itself where a caller pauses.
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        heard = [word for piece in pieces if _is_speech(piece) for word in piece.words or ()]
        words = tuple(_word(word) for word in heard if word.word.strip())
        # Each word brings its own space, or none where it goes on with the one before it: `non-urgent`.
        text = "".join(word.word for word in heard).strip()
        if not text:
            return Transcript(TranscriptState.NO_SPEECH, "", self.name, self.model)
        known = [word.confidence for word in words if word.confidence is not None]
        return Transcript(TranscriptState.DONE, text, self.name, self.model, sum(known) / len(known), words)


def missing_files(model: Path) -> str:
    """The first file that a model folder lacks; empty if it is whole."""
    lacking = [name for name in NEEDED_FILES if not (model / name).is_file()]
    if not lacking and not any((model / name).is_file() for name in VOCABULARIES):
        lacking = [VOCABULARIES[0]]
    return lacking[0] if lacking else ""


def _is_speech(piece: Any) -> bool:
    return not (piece.no_speech_prob > _NOTHING_SAID and piece.avg_logprob < _HARDLY_LIKELY)


def _word(word: Any) -> Word:
    return Word(word.word.strip(), float(word.start), float(word.end), min(1.0, max(0.0, float(word.probability))))
