"""Listening to a recording as it comes in. What is heard does not depend on how it was divided on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from pbx.domain.transcript import Transcript, TranscriptState
from voicemail.audio import RATE, Samples, is_silent
from voicemail.labels import is_steady
from voicemail.transcribe.segments import Cutter, Segment


class Listening(Protocol):
    """One recording on its way through an engine."""

    def hear(self, samples: Samples) -> None:
        """Take the next 8 kHz samples; works on what can be worked on now. May raise anything."""

    def finish(self) -> Transcript:
        """The words of all that was heard; the end of the listening."""


@runtime_checkable
class Streams(Protocol):
    """An engine that takes speech in as it comes."""

    def listen(self) -> Listening: ...


class TakesPieces(Protocol):
    """An engine that takes a whole piece of speech at a time."""

    name: str
    model: str

    def transcribe(self, samples: Samples) -> Transcript: ...


class Segmented:
    """Listens in pieces that end at pauses; each is transcribed as soon as it is complete."""

    def __init__(self, engine: TakesPieces) -> None:
        self._engine = engine
        self._cutter = Cutter()
        self._heard: list[tuple[float, Transcript]] = []

    def hear(self, samples: Samples) -> None:
        self._take(self._cutter.push(samples))

    def finish(self) -> Transcript:
        self._take(self._cutter.finish())
        return joined(self._heard, self._engine.name, self._engine.model)

    def _take(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            # Silence and hiss are not shown to an engine: some hear words in them.
            if segment.loud and not is_silent(segment.samples) and not is_steady(segment.samples):
                self._heard.append((segment.start / RATE, self._engine.transcribe(segment.samples)))


def joined(pieces: Sequence[tuple[float, Transcript]], engine: str, model: str) -> Transcript:
    """One transcript of several, each with the second at which its piece begins.

    The confidence is the mean over the words where each piece with words has one, else None.
    """
    spoken = [(start, piece) for start, piece in pieces if piece.text]
    if not spoken:
        return Transcript(TranscriptState.NO_SPEECH, "", engine, model)
    words = tuple(
        replace(
            word,
            start=None if word.start is None else word.start + start,
            end=None if word.end is None else word.end + start,
        )
        for start, piece in spoken
        for word in piece.words
    )
    text = " ".join(piece.text for _, piece in spoken)
    return Transcript(TranscriptState.DONE, text, engine, model, _confidence([piece for _, piece in spoken]), words)


def _confidence(pieces: Sequence[Transcript]) -> float | None:
    known = [(len(piece.text.split()), piece.confidence) for piece in pieces if piece.confidence is not None]
    if len(known) < len(pieces):
        return None
    return sum(count * sure for count, sure in known) / sum(count for count, _ in known)
