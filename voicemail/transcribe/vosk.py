"""Vosk, with the model in a folder that the practice names: many languages, words with times and confidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import vosk  # type: ignore[import-untyped]

from pbx.domain.transcript import Transcript, TranscriptState, Word
from voicemail.audio import RATE, Samples
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
        """The confidence of the whole is the mean of the engine's own figures for the words."""
        words = tuple(self._words(samples))
        if not words:
            return Transcript(TranscriptState.NO_SPEECH, "", self.name, self.model)
        known = [word.confidence for word in words if word.confidence is not None]
        confidence = sum(known) / len(known) if known else None
        text = " ".join(word.text for word in words)
        return Transcript(TranscriptState.DONE, text, self.name, self.model, confidence, words)

    def _words(self, samples: Samples) -> Iterator[Word]:
        recognizer = vosk.KaldiRecognizer(self._model, float(RATE))
        recognizer.SetWords(True)
        for at in range(0, len(samples), _PIECE):
            if recognizer.AcceptWaveform(samples[at : at + _PIECE].tobytes()):
                yield from _parsed(recognizer.Result())
        yield from _parsed(recognizer.FinalResult())


def _parsed(result: str) -> Iterator[Word]:
    for word in json.loads(result).get("result", ()):
        # Kaldi's sums leave a certain word at 1.000001 now and then.
        yield Word(word["word"], word["start"], word["end"], min(1.0, max(0.0, word["conf"])))
