"""The worker's side of its requests: the recordings that are being listened to, several at a time, each in slices."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pbx.domain.transcript import Transcript
from voicemail.audio import RATE, Audio, AudioProblem, Samples, read_audio
from voicemail.transcribe.engine import Recogniser, listen
from voicemail.transcribe.listening import Listening
from voicemail.transcribe.wire import (
    Drop,
    Failure,
    Finish,
    Garbage,
    Hear,
    Left,
    More,
    Read,
    Request,
    Whole,
    decode_request,
)

SLICE_SECONDS = 5.0
"""How much of a recording is listened to in one request: so long at most waits what is more urgent."""

MOST_AT_ONCE = 32
"""Beyond it the recording that was least lately heard of is forgotten: whoever wanted it went away."""

_SLICE = int(SLICE_SECONDS * RATE)


@dataclass(slots=True)
class _Work:
    listening: Listening
    heard: int = 0
    waiting: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.int16))


class Lost(Exception):
    """A recording is asked for of which this process does not know the beginning."""


class Desk:
    """Answers requests with a loaded engine; raises nothing."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._works: OrderedDict[str, _Work] = OrderedDict()

    def answer(self, line: bytes) -> Transcript | Failure | Left:
        """Do what a request says; a failure ends the work on that recording alone."""
        name = None
        try:
            request = decode_request(line)
            name = request.work
            return self._do(request)
        except Exception as error:  # noqa: BLE001 - the edge of a job; the error's text may hold a patient's words
            self._works.pop(name or "", None)
            return _failure(error)

    def _do(self, request: Request) -> Transcript | Left:
        match request:
            case Read():
                work = self._begin(request.work)
                work.waiting = read_audio(Path(request.path)).samples
                return Left(len(work.waiting) / RATE)
            case Whole():
                work = self._begin(request.work)
                work.waiting = Audio(request.pcm).samples
                return Left(len(work.waiting) / RATE)
            case Hear():
                work = self._begin(request.work) if request.at == 0 else self._known(request.work)
                if work.heard != request.at:
                    raise Lost
                work.waiting = Audio(request.pcm).samples
                return _hear(work, len(work.waiting))
            case More():
                return _hear(self._known(request.work), _SLICE)
            case Finish():
                transcript = self._known(request.work).listening.finish()
                del self._works[request.work]
                return transcript
            case Drop():
                self._works.pop(request.work, None)
                return Left(0)

    def _begin(self, name: str) -> _Work:
        work = self._works[name] = _Work(listen(self._recogniser))
        if len(self._works) > MOST_AT_ONCE:
            self._works.popitem(last=False)
        return work

    def _known(self, name: str) -> _Work:
        if name not in self._works:
            raise Lost
        self._works.move_to_end(name)
        return self._works[name]


def _hear(work: _Work, samples: int) -> Left:
    now, work.waiting = work.waiting[:samples], work.waiting[samples:]
    work.listening.hear(now)
    work.heard += len(now)
    return Left(len(work.waiting) / RATE)


def _failure(error: Exception) -> Failure:
    match error:
        case AudioProblem():
            return Failure(str(error), retry=False)
        case FileNotFoundError():
            return Failure("The recording is missing from the message folder.", retry=False)
        case MemoryError():
            return Failure("The recogniser needed more memory than it is allowed.", retry=True)
        case Lost():
            return Failure("The recogniser was started anew in mid-work.", retry=True)
        case Garbage():
            return Failure("The recogniser did not understand what it was asked.", retry=True)
        case _:
            return Failure(f"The recogniser failed ({type(error).__name__}).", retry=True)
