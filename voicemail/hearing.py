"""Whether prompts are heard in a recording, by the likeness of the sound itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voicemail.audio import RATE, Samples

LONGEST_LOOK_SECONDS = 4
"""So much of the loudest of a prompt tells it from all others."""

ALIKE = 0.85
"""Correlation from which on two sounds are the same: a line's µ-law and noise take little from 1."""

_PIECE = RATE // 2
"""Samples that are compared at once: a packet that came late moves what comes after it, so a longer piece is torn."""

_Sound = npt.NDArray[np.float64]


def not_heard(recording: Samples, prompts: Sequence[tuple[str, Samples]]) -> list[str]:
    """The names of those prompts that do not come in `recording` in their order."""
    missing, begin = [], 0
    for name, sound in prompts:
        end = _end_of(recording[begin:].astype(np.float64), _loudest(sound))
        if end is None:
            missing.append(name)
        else:
            begin += end
    return missing


def _loudest(sound: Samples) -> _Sound:
    """The loudest stretch of a sound."""
    whole = sound.astype(np.float64)
    length = min(len(whole), LONGEST_LOOK_SECONDS * RATE)
    energy = np.concatenate([[0.0], np.cumsum(whole**2)])
    start = int(np.argmax(energy[length:] - energy[:-length])) if len(whole) > length else 0
    return whole[start : start + length]


def _end_of(recording: _Sound, look: _Sound) -> int | None:
    """Where `look` ends in `recording`: half of its pieces come there, one after the other. None: it is not there."""
    pieces = [look[start : start + _PIECE] for start in range(0, max(1, len(look) - _PIECE // 2), _PIECE)]
    pieces = [piece for piece in pieces if piece.any()]
    place = found = 0
    for piece in pieces:
        at = _place(recording[place:], piece)
        if at is not None:
            place, found = place + at + len(piece) // 2, found + 1
    return place if found and 2 * found >= len(pieces) else None


def _place(recording: _Sound, piece: _Sound) -> int | None:
    """Where `piece` is in `recording`, if anything there is like it."""
    if len(recording) < len(piece):
        return None
    size = len(recording) + len(piece)
    products = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(piece, size)), size)
    energy = np.concatenate([[0.0], np.cumsum(recording**2)])
    windows = np.sqrt(np.maximum(energy[len(piece) :] - energy[: -len(piece)], 1.0))
    likeness = products[: len(windows)] / (windows * np.sqrt(np.sum(piece**2)))
    best = int(np.argmax(likeness))
    return best if likeness[best] >= ALIKE else None
