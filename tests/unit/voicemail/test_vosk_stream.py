"""Vosk is given the same half seconds of a recording however it comes."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.transcript import Transcript, TranscriptState
from tests.unit.voicemail.spooling import tone
from voicemail.audio import RATE, Samples
from voicemail.transcribe.vosk import _Stream

SOUND = tone(5.3)


class Kaldi:
    """Takes down what it is given; says a word at the end."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def AcceptWaveform(self, piece: bytes) -> bool:
        self.given.append(piece)
        return len(self.given) % 4 == 0

    def Result(self) -> str:
        return json.dumps({"result": [{"word": "so", "start": 0.0, "end": 0.5, "conf": 1.000001}]})

    def FinalResult(self) -> str:
        return json.dumps({"result": [{"word": "far", "start": 4.0, "end": 4.5, "conf": 0.5}]})


def heard(samples: Samples, *at: int) -> tuple[list[bytes], Transcript]:
    kaldi = Kaldi()
    stream = _Stream(kaldi, "vosk", "small")
    for piece in np.split(samples, sorted(at)):
        stream.hear(piece)
    return kaldi.given, stream.finish()


@given(st.lists(st.integers(0, len(SOUND)), max_size=9))
def test_however_it_comes_vosk_is_given_the_same(arrivals: list[int]) -> None:
    given_whole, words = heard(SOUND)
    assert heard(SOUND, *arrivals) == (given_whole, words)
    assert b"".join(given_whole) == SOUND.tobytes()
    assert (words.text, words.confidence) == ("so so far", (1 + 1 + 0.5) / 3)


def test_words_in_silence_are_not_believed() -> None:
    assert heard(np.zeros(3 * RATE, dtype=np.int16))[1].state is TranscriptState.NO_SPEECH
