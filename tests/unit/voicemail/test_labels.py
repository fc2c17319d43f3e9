"""Recordings without a message in them are told from their sound alone."""

from __future__ import annotations

import numpy as np
import pytest

from pbx.domain.call import Label
from tests.unit.voicemail.spooling import tone
from voicemail.audio import RATE, Samples
from voicemail.labels import is_steady, label_of


def line(seconds: float, level: float) -> Samples:
    return np.random.default_rng(3).normal(0, level, round(seconds * RATE)).astype(np.int16)


def syllables(seconds: float) -> Samples:
    """Something like speech: a third of a second of sound, a fifth of a softer one."""
    one = np.concatenate([tone(0.3), tone(0.2, level=0.01)])
    return np.tile(one, round(seconds / 0.5))


@pytest.mark.parametrize(
    ("samples", "label"),
    [
        (line(10, 0), Label.SILENT),
        (line(10, 20), Label.SILENT),
        (line(10, 500), Label.NOISE_ONLY),
        (line(10, 30000), Label.NOISE_ONLY),
        (tone(5), Label.NOISE_ONLY),
        (np.concatenate([line(5, 20), tone(0.05), line(5, 20)]), Label.NOISE_ONLY),
        (np.concatenate([line(2, 20), syllables(1), line(5, 20)]), Label.SHORT),
        (syllables(6), None),
        (syllables(6) + line(6, 300), None),
        (np.concatenate([line(20, 20), syllables(4), line(60, 20)]), None),
        (line(0, 0), Label.SILENT),
    ],
)
def test_a_recording_is_told_from_its_sound(samples: Samples, label: Label | None) -> None:
    assert label_of(samples) is label


@pytest.mark.parametrize("samples", [line(8, 500), line(8, 30000).clip(-32768, 32767), tone(5)])
def test_what_is_as_loud_all_the_time_is_no_voice(samples: Samples) -> None:
    assert is_steady(samples)


@pytest.mark.parametrize("samples", [syllables(6), syllables(6) + line(6, 300), tone(0.5), line(0, 0)])
def test_a_voice_and_what_is_too_short_to_tell_are_heard(samples: Samples) -> None:
    assert not is_steady(samples)
