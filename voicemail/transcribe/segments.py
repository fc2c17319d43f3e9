"""Cut speech at its pauses into pieces of bounded length, while it comes in.

A recogniser that takes whole pieces can then work while the patient still speaks, and after the hang-up only the last
piece is left. Where the cuts lie depends on nothing but the samples before them, not on how many arrived at once: so a
recording that is followed while it grows and one that is read as a whole are cut alike, and give the same words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicemail.audio import QUIETEST_SPEECH_DBFS, RATE, Samples

FRAME = RATE // 50
"""Samples in a frame of 20 ms, the unit of everything here."""

LONGEST_SECONDS = 8.0
"""No piece is longer; one without a pause is cut where it is quietest in its second half."""

_SECOND = RATE // FRAME
_LONGEST = int(LONGEST_SECONDS * _SECOND)
_SOONEST, _LONG_PAUSE = int(3.5 * _SECOND), int(0.5 * _SECOND)
"""After 3.5 s a pause of half a second ends a piece: that of a sentence, which is where a recogniser wants it."""
_SOON, _SHORT_PAUSE = int(6.0 * _SECOND), int(0.24 * _SECOND)
"""Later a pause between words does."""
_OVER_FLOOR_DB = 6.0
_FLOOR_RISE_DB = 3.0 / _SECOND
"""Quiet is measured against the line's own noise, whose level falls with the signal and creeps up 3 dB a second."""
_FIRST_FLOOR_DBFS = -50.0
"""What a line's noise is taken for at first, so that somebody who speaks at once is not taken for noise."""
_FEWEST_LOUD = 3
_WINDOW = 5
_DIGITAL_SILENCE_DBFS = -96.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a recording from sample `start` on; `loud` is false where nothing stands out from the line's noise."""

    start: int
    samples: Samples
    loud: bool


class Cutter:
    """Takes samples as they come and gives pieces as they are complete; together they are all that went in."""

    def __init__(self) -> None:
        self._start = 0
        self._open: Samples = np.zeros(0, dtype=np.int16)
        self._levels: list[float] = []
        self._pause = 0
        self._loud = 0
        self._floor = _FIRST_FLOOR_DBFS

    def push(self, samples: Samples) -> list[Segment]:
        """The pieces that `samples` complete."""
        self._open = np.concatenate([self._open, samples])
        done: list[Segment] = []
        known = len(self._levels)
        for level in _levels(self._open[known * FRAME :]):
            self._hear(level)
            cut = self._where_to_cut()
            if cut:
                done.append(self._cut(cut))
        return done

    def finish(self) -> list[Segment]:
        """The last piece, which ends with the recording."""
        if not len(self._open):
            return []
        return [Segment(self._start, self._open, self._loud >= _FEWEST_LOUD)]

    def _hear(self, level: float) -> None:
        self._floor = min(level, self._floor + _FLOOR_RISE_DB)
        quiet = level < max(QUIETEST_SPEECH_DBFS, self._floor + _OVER_FLOOR_DB)
        self._pause = self._pause + 1 if quiet else 0
        self._loud += not quiet
        self._levels.append(level)

    def _where_to_cut(self) -> int:
        """After how many frames of the open piece to cut it now; 0 for not yet."""
        length = len(self._levels)
        if (length >= _SOONEST and self._pause >= _LONG_PAUSE) or (length >= _SOON and self._pause >= _SHORT_PAUSE):
            return length - self._pause // 2
        if length < _LONGEST:
            return 0
        half = length // 2
        energy = np.convolve(10 ** (np.asarray(self._levels[half:]) / 10), np.ones(_WINDOW), "valid")
        return half + int(np.argmin(energy)) + _WINDOW // 2

    def _cut(self, frames: int) -> Segment:
        at = frames * FRAME
        segment = Segment(self._start, self._open[:at], self._loud >= _FEWEST_LOUD)
        self._start += at
        self._open = self._open[at:]
        rest = self._levels[frames:]
        self._levels, self._pause = rest, min(self._pause, len(rest))
        # What was loud after the cut is counted for the next piece too: after a pause nothing was.
        self._loud = 0 if self._pause == len(rest) else len(rest) - self._pause
        return segment


def _levels(samples: Samples) -> list[float]:
    """The level of each whole frame in dB below full scale."""
    whole = len(samples) // FRAME * FRAME
    power = np.mean(samples[:whole].astype(np.float64).reshape(-1, FRAME) ** 2, axis=1) / 32768.0**2
    found: list[float] = (10 * np.log10(np.maximum(power, 10 ** (_DIGITAL_SILENCE_DBFS / 10)))).tolist()
    return found
