"""What controller and worker say to each other: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from pbx.domain.transcript import Transcript, TranscriptState, Word

READY = b'{"ready": true}\n'


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no transcript, in one sentence without patient data; `retry`: another attempt may succeed."""

    reason: str
    retry: bool


class Garbage(Exception):
    """A line that is no answer."""


def encode_transcript(transcript: Transcript) -> bytes:
    return _line({"transcript": asdict(transcript)})


def encode_failure(failure: Failure) -> bytes:
    return _line({"failure": asdict(failure)})


def decode_answer(line: bytes) -> Transcript | Failure:
    """Read an answer. Raises `Garbage`."""
    try:
        answer = json.loads(line)
        if "failure" in answer:
            return Failure(str(answer["failure"]["reason"]), bool(answer["failure"]["retry"]))
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
