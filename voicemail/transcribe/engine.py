"""What a recogniser is to the rest, and which ones there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pbx.domain.transcript import Transcript
from voicemail.audio import Samples
from voicemail.transcribe.listening import Listening, Segmented, Streams
from voicemail.transcribe.problem import EngineProblem


class Recogniser(Protocol):
    """A loaded engine. `name` and `model` are kept with every transcript."""

    name: str
    model: str

    def transcribe(self, samples: Samples) -> Transcript:
        """The words in 8 kHz samples. May take seconds and raise anything."""


def load(engine: str, model: Path | None) -> Recogniser:
    """Load `engine` (`moonshine`, `vosk`, `whisper`) with the model in folder `model`. Raises `EngineProblem`."""
    try:
        return _LOADERS[engine](model)
    except KeyError:
        raise EngineProblem(f"There is no recogniser {engine!r}: choose one of {', '.join(_LOADERS)}.") from None


def listen(recogniser: Recogniser) -> Listening:
    """Begin to listen to one recording: an engine that takes speech as it comes does, any other gets it in pieces."""
    return recogniser.listen() if isinstance(recogniser, Streams) else Segmented(recogniser)


def recognise(recogniser: Recogniser, samples: Samples) -> Transcript:
    """The words in 8 kHz samples, by the same way as of a recording that is followed while it grows."""
    listening = listen(recogniser)
    listening.hear(samples)
    return listening.finish()


# The libraries are loaded in the worker only, and only the one that is wanted.
def _moonshine(model: Path | None) -> Recogniser:
    from voicemail.transcribe.moonshine import Moonshine

    return Moonshine()


def _vosk(model: Path | None) -> Recogniser:
    from voicemail.transcribe.vosk import Vosk

    return Vosk(model)


def _whisper(model: Path | None) -> Recogniser:
    from voicemail.transcribe.whisper import Whisper

    return Whisper(model)


_LOADERS: dict[str, Callable[[Path | None], Recogniser]] = {"moonshine": _moonshine, "vosk": _vosk, "whisper": _whisper}
