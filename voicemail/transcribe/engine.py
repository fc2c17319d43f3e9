"""What a recogniser is to the rest, and which ones there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pbx.domain.transcript import Transcript, TranscriptState
from voicemail.audio import Samples, is_silent
from voicemail.transcribe.problem import EngineProblem


class Recogniser(Protocol):
    """A loaded engine. `name` and `model` are kept with every transcript."""

    name: str
    model: str

    def transcribe(self, samples: Samples) -> Transcript:
        """The words in 8 kHz samples. May take seconds and raise anything."""


def load(engine: str, model: Path | None) -> Recogniser:
    """Load `engine` (`moonshine`, `vosk`) with the model in folder `model`. Raises `EngineProblem`."""
    try:
        return _LOADERS[engine](model)
    except KeyError:
        raise EngineProblem(f"There is no recogniser {engine!r}: choose one of {', '.join(_LOADERS)}.") from None


def recognise(recogniser: Recogniser, samples: Samples) -> Transcript:
    """The words in 8 kHz samples. Silence is not shown to an engine: some hear words in it."""
    if not is_silent(samples):
        transcript = recogniser.transcribe(samples)
        if transcript.text:
            return transcript
    return Transcript(TranscriptState.NO_SPEECH, "", recogniser.name, recogniser.model)


# The libraries are loaded in the worker only, and only the one that is wanted.
def _moonshine(model: Path | None) -> Recogniser:
    from voicemail.transcribe.moonshine import Moonshine

    return Moonshine()


def _vosk(model: Path | None) -> Recogniser:
    from voicemail.transcribe.vosk import Vosk

    return Vosk(model)


_LOADERS: dict[str, Callable[[Path | None], Recogniser]] = {"moonshine": _moonshine, "vosk": _vosk}
