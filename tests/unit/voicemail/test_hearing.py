"""Whether prompts are heard: by likeness, in their order, through what a line does to them."""

from __future__ import annotations

import numpy as np
import pytest

from voicemail.audio import RATE, Samples
from voicemail.hearing import not_heard


def speech(seed: int, seconds: float) -> Samples:
    """Something as irregular as speech."""
    luck = np.random.default_rng(seed)
    noise = np.convolve(luck.normal(size=int(seconds * RATE)), np.ones(8) / 8, "same")
    envelope = np.repeat(luck.uniform(0.0, 1.0, int(seconds * 10) + 1), RATE // 10)[: len(noise)]
    return (noise * envelope * 8000).astype(np.int16)


A, B, LONG = ("a", speech(1, 1.5)), ("b", speech(2, 2.0)), ("long", speech(3, 9.0))
QUIET = np.zeros(RATE // 2, np.int16)


def line(*sounds: Samples) -> Samples:
    """As it comes over a line: a little quieter, with some noise."""
    heard = np.concatenate([QUIET, *sounds, QUIET]).astype(np.float64) * 0.8
    return (heard + np.random.default_rng(9).normal(size=len(heard)) * 30).astype(np.int16)


def test_prompts_that_come_in_their_order_are_heard() -> None:
    assert not_heard(line(A[1], B[1], LONG[1]), [A, B, LONG]) == []


@pytest.mark.parametrize(
    ("heard", "missing"),
    [
        ((), ["a", "b"]),
        ((A[1],), ["b"]),
        ((B[1],), ["a"]),
        ((LONG[1],), ["a", "b"]),
        ((speech(7, 4.0),), ["a", "b"]),
    ],
)
def test_what_is_missing_is_named(heard: tuple[Samples, ...], missing: list[str]) -> None:
    assert not_heard(line(*heard), [A, B]) == missing


def test_the_order_counts() -> None:
    assert not_heard(line(B[1], A[1]), [A, B]) == ["b"]


def test_a_packet_that_came_late_does_not_make_another_prompt_of_it() -> None:
    torn = np.concatenate([A[1][:6000], np.zeros(160, np.int16), A[1][6000:]])
    assert not_heard(line(torn, B[1]), [A, B]) == []


def test_silence_is_heard_nowhere() -> None:
    assert not_heard(line(A[1]), [("nothing", np.zeros(RATE, np.int16))]) == ["nothing"]
