"""Whether prompts are heard in a recording, by the likeness of the sound itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voicemail.audio import RATE, Samples

LONGEST_LOOK_SECONDS = 4
"""So much of the loudest of a prompt tells it from all others."""

ALIKE = 0.7
"""Correlation from which on two sounds are the same; µ-law and packets that came late take little from 1."""

_Sound = npt.NDArray[np.float64]


def not_heard(recording: Samples, prompts: Sequence[tuple[str, Samples]]) -> list[str]:
    """The names of those prompts that do not come in `recording` in their order."""
    missing, begin = [], 0
    for name, sound in prompts:
        look, lead = _loudest(sound)
        place = _place(recording[begin:].astype(np.float64), look)
        if place is None:
            missing.append(name)
        else:
            begin += max(0, place - lead) + min(len(sound), lead + len(look)) // 2
    return missing


def _loudest(sound: Samples) -> tuple[_Sound, int]:
    """The loudest stretch of a sound, and where it begins."""
    whole = sound.astype(np.float64)
    length = min(len(whole), LONGEST_LOOK_SECONDS * RATE)
    energy = np.concatenate([[0.0], np.cumsum(whole**2)])
    start = int(np.argmax(energy[length:] - energy[:-length])) if len(whole) > length else 0
    return whole[start : start + length], start


def _place(recording: _Sound, look: _Sound) -> int | None:
    """Where `look` is in `recording`, if anything there is like it."""
    norm = float(np.sqrt(np.sum(look**2)))
    if len(recording) < len(look) or norm == 0:
        return None
    size = len(recording) + len(look)
    products = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(look, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(recording**2)])
    windows = np.sqrt(np.maximum(energy[len(look) :] - energy[: -len(look)], 1.0))
    likeness = products[: len(windows)] / (windows * norm)
    best = int(np.argmax(likeness))
    return best if likeness[best] >= ALIKE else None
