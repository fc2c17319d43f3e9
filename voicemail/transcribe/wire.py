"""What controller and worker say to each other: one JSON object a line."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from pbx.domain.transcript import Transcript, TranscriptState, Word

READY = b'{"ready": true}\n'


@dataclass(frozen=True, slots=True)
class Read:
    """Begin with a whole recording, the file at `path`. `work` names it in what follows, here as everywhere."""

    work: str
    path: str


@dataclass(frozen=True, slots=True)
class Whole:
    """Begin with a whole recording, the samples `pcm`: so one that is sealed on the disk never lies there plain."""

    work: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class More:
    """Listen to the next slice of a whole recording."""

    work: str


@dataclass(frozen=True, slots=True)
class Hear:
    """Listen to the samples `pcm` of a recording that grows; `at` were heard of it before, 0 begins it."""

    work: str
    at: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """That was all: answer with the words."""

    work: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget it."""

    work: str


Request = Read | Whole | More | Hear | Finish | Drop


@dataclass(frozen=True, slots=True)
class Left:
    """How many seconds of a recording are known to the worker and not listened to yet."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no transcript, in one sentence without patient data; `retry`: another attempt may succeed."""

    reason: str
    retry: bool


class Garbage(Exception):
    """A line that is no request or no answer."""


def encode_request(request: Request) -> bytes:
    fields = asdict(request)
    if isinstance(request, Hear | Whole):
        fields["pcm"] = base64.b64encode(request.pcm).decode("ascii")
    return _line({type(request).__name__.lower(): fields})


def decode_request(line: bytes) -> Request:
    """Read a request. Raises `Garbage`."""
    try:
        ((kind, fields),) = json.loads(line).items()
        if "pcm" in fields:
            fields["pcm"] = base64.b64decode(fields["pcm"], validate=True)
        request: Request = _REQUESTS[kind](**fields)
        return request
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Garbage(type(error).__name__) from None


def encode(answer: Transcript | Failure | Left) -> bytes:
    return _line({type(answer).__name__.lower(): asdict(answer)})


def decode_answer(line: bytes) -> Transcript | Failure | Left:
    """Read an answer. Raises `Garbage`."""
    try:
        answer = json.loads(line)
        if "failure" in answer:
            return Failure(str(answer["failure"]["reason"]), bool(answer["failure"]["retry"]))
        if "left" in answer:
            return Left(float(answer["left"]["seconds"]))
        return _transcript(answer["transcript"])
    except (ValueError, KeyError, TypeError) as error:
        # The line may hold a patient's words: neither it nor the error's text goes on.
        raise Garbage(type(error).__name__) from None


def _transcript(fields: dict[str, Any]) -> Transcript:
    words = tuple(Word(**word) for word in fields["words"])
    return Transcript(
        TranscriptState(fields["state"]),
        str(fields["text"]),
        str(fields["engine"]),
        str(fields["model"]),
        fields["confidence"],
        words,
    )


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


_REQUESTS: dict[str, type[Any]] = {kind.__name__.lower(): kind for kind in (Read, Whole, More, Hear, Finish, Drop)}
