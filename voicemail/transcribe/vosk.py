"""Vosk, with the model in a folder that the practice names: many languages, words with times and confidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import vosk  # type: ignore[import-untyped]

from pbx.domain.transcript import Transcript, TranscriptState, Word
from voicemail.audio import RATE, Samples, is_silent
from voicemail.transcribe.listening import Listening
from voicemail.transcribe.problem import EngineProblem

_PIECE = RATE // 2


class Vosk:
    name = "vosk"

    def __init__(self, model: Path | None) -> None:
        if model is None:
            raise EngineProblem("Vosk needs a model: name its folder in the practice's file (recognizer, vosk_model).")
        vosk.SetLogLevel(-1)
        if not (model / "am" / "final.mdl").is_file() and not (model / "final.mdl").is_file():
            raise EngineProblem(f"There is no Vosk model in {model}: unpack one there or correct the path.")
        try:
            self._model = vosk.Model(str(model))
        except Exception as error:  # the library raises nothing narrower
            raise EngineProblem(f"The Vosk model in {model} is damaged: unpack it again.") from error
        self.model = model.resolve().name

    def transcribe(self, samples: Samples) -> Transcript:
        listening = self.listen()
        listening.hear(samples)
        return listening.finish()

    def listen(self) -> Listening:
        recognizer = vosk.KaldiRecognizer(self._model, float(RATE))
        recognizer.SetWords(True)
        return _Stream(recognizer, self.name, self.model)


class _Stream:
    """Speech on its way through Vosk, in pieces of the same length however it comes: the words hang on that."""

    def __init__(self, recognizer: Any, name: str, model: str) -> None:
        self._recognizer = recognizer
        self._name, self._model = name, model
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._words: list[Word] = []
        self._silent = True

    def hear(self, samples: Samples) -> None:
        waiting = np.concatenate([self._rest, samples])
        whole = len(waiting) // _PIECE * _PIECE
        for at in range(0, whole, _PIECE):
            self._take(waiting[at : at + _PIECE])
        self._rest = waiting[whole:]

    def finish(self) -> Transcript:
        """The confidence of the whole is the mean of the engine's own figures for the words."""
        self._take(self._rest)
        self._words += _parsed(self._recognizer.FinalResult())
        if self._silent or not self._words:
            return Transcript(TranscriptState.NO_SPEECH, "", self._name, self._model)
        known = [word.confidence for word in self._words if word.confidence is not None]
        confidence = sum(known) / len(known) if known else None
        text = " ".join(word.text for word in self._words)
        return Transcript(TranscriptState.DONE, text, self._name, self._model, confidence, tuple(self._words))

    def _take(self, piece: Samples) -> None:
        self._silent = self._silent and is_silent(piece)
        if len(piece) and self._recognizer.AcceptWaveform(piece.tobytes()):
            self._words += _parsed(self._recognizer.Result())


def _parsed(result: str) -> Iterator[Word]:
    for word in json.loads(result).get("result", ()):
        # Kaldi's sums leave a certain word at 1.000001 now and then.
        yield Word(word["word"], word["start"], word["end"], min(1.0, max(0.0, word["conf"])))
