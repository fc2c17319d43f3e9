"""Speech is cut at pauses, all of it, within bounds, and alike however it comes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.transcript import Transcript, TranscriptState, Word
from tests.unit.voicemail.spooling import tone
from voicemail.audio import RATE, Samples
from voicemail.transcribe.listening import Segmented, joined
from voicemail.transcribe.segments import LONGEST_SECONDS, Cutter, Segment

WORD, PAUSE, BREATH = tone(0.9), np.zeros(int(0.6 * RATE), dtype=np.int16), np.zeros(RATE // 10, dtype=np.int16)

sounds = st.lists(
    st.tuples(st.sampled_from([0, 20, 300, 9000]), st.integers(1, 3 * RATE), st.integers(0, 9)), min_size=1, max_size=9
)


def made(parts: list[tuple[int, int, int]]) -> Samples:
    noise = [np.random.default_rng(seed).normal(0, level, length) for level, length, seed in parts]
    return np.concatenate(noise).astype(np.int16)


def cut(samples: Samples, *at: int) -> list[Segment]:
    cutter = Cutter()
    pieces = np.split(samples, sorted(at))
    return [segment for piece in pieces for segment in cutter.push(piece)] + cutter.finish()


@settings(max_examples=60, deadline=None)
@given(sounds, st.lists(st.integers(0, 20 * RATE), max_size=12))
def test_however_it_comes_it_is_cut_alike_and_nothing_is_lost(
    parts: list[tuple[int, int, int]], arrivals: list[int]
) -> None:
    samples = made(parts)
    whole, grown = cut(samples), cut(samples, *(at for at in arrivals if at < len(samples)))
    assert [(s.start, len(s.samples), s.loud) for s in whole] == [(s.start, len(s.samples), s.loud) for s in grown]
    assert np.array_equal(np.concatenate([s.samples for s in grown]), samples)
    assert all(s.start == sum(len(t.samples) for t in grown[:i]) for i, s in enumerate(grown))
    assert max(len(s.samples) for s in grown) <= LONGEST_SECONDS * RATE + RATE // 50


def test_a_pause_ends_a_piece_and_no_word_is_cut() -> None:
    speech = np.concatenate([WORD, BREATH, WORD, BREATH, WORD, PAUSE] * 4)
    segments = cut(speech)
    assert len(segments) == 5
    for segment in segments[:-1]:
        assert not segment.samples[:400].any() or segment.start == 0
        assert 3.0 <= len(segment.samples) / RATE <= LONGEST_SECONDS


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    softer = tone(0.3, level=0.02)
    first, *_ = cut(np.concatenate([tone(4.0), softer, tone(9.0)]))
    assert 4.0 <= len(first.samples) / RATE <= 4.3


def test_a_line_that_only_hums_is_told_from_speech() -> None:
    hum = np.random.default_rng(1).normal(0, 300, 20 * RATE).astype(np.int16)
    assert not any(segment.loud for segment in cut(hum)[1:])
    assert any(segment.loud for segment in cut(np.concatenate([hum[: 9 * RATE], WORD, hum[: 2 * RATE]]))[1:])


def test_times_of_words_count_from_the_start_of_the_recording() -> None:
    one = Transcript(TranscriptState.DONE, "call", "e", "m", 0.5, (Word("call", 0.5, 0.9, 0.5),))
    two = Transcript(TranscriptState.DONE, "me back", "e", "m", 0.8, (Word("me", 0.1, None, 0.8),))
    both = joined([(0.0, one), (6.0, two)], "e", "m")
    assert (both.text, both.confidence) == ("call me back", (0.5 + 2 * 0.8) / 3)
    assert [(word.start, word.end) for word in both.words] == [(0.5, 0.9), (6.1, None)]


class Deaf:
    name, model = "deaf", "none"
    asked = 0

    def transcribe(self, samples: Samples) -> Transcript:
        self.asked += 1
        return Transcript(TranscriptState.NO_SPEECH, "", self.name, self.model)


def test_an_engine_is_not_asked_about_silence() -> None:
    engine = Deaf()
    listening = Segmented(engine)
    listening.hear(np.zeros(60 * RATE, dtype=np.int16))
    assert listening.finish().state is TranscriptState.NO_SPEECH
    assert engine.asked == 0
