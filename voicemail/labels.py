"""What kind of recording it is, from its sound alone: whether or not a recogniser is there to hear it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pbx.domain.call import Label
from voicemail.audio import QUIETEST_SPEECH_DBFS, Samples, frame_levels, is_silent

SHORT_SECONDS = 2.0
"""Less speech than this is called short."""

_FRAME_SECONDS = 0.1
_FLOOR_PERCENT = 10
_OVER_FLOOR_DB = 9.0
_FEWEST_SECONDS = 0.3
_FEWEST_STEADY = 10
_STEADY_DB = 3.0
"""Between its softest and its loudest tenths of a second a voice differs by 15 dB and more, a hiss by less than one."""
_FULL_SCALE = 32768.0


def label_of(samples: Samples) -> Label | None:
    """Silent, noise only, short, or nothing unusual."""
    if is_silent(samples):
        return Label.SILENT
    spoken = speech_seconds(samples)
    if spoken < _FEWEST_SECONDS:
        return Label.NOISE_ONLY
    return Label.SHORT if spoken < SHORT_SECONDS else None


def is_steady(samples: Samples) -> bool:
    """Whether it is as loud all the time, as a hum or hiss is and no voice: in it some recognisers hear words."""
    levels = _levels(samples)
    return len(levels) >= _FEWEST_STEADY and float(np.ptp(np.percentile(levels, (5, 95)))) < _STEADY_DB


def speech_seconds(samples: Samples) -> float:
    """How long something stands out from the line's own noise, as speech does: it has pauses, a hum has none.

    The noise is what a tenth of the time is not louder than. The tenths of a second beside a loud one count as well:
    words begin and end softly.
    """
    levels = _levels(samples)
    floor = max(QUIETEST_SPEECH_DBFS, float(np.percentile(levels, _FLOOR_PERCENT)))
    loud = levels > floor + _OVER_FLOOR_DB
    around = loud.copy()
    around[1:] |= loud[:-1]
    around[:-1] |= loud[1:]
    # A single click is loud, too: what does not last two tenths of a second is no speech.
    lasting = loud[1:] & loud[:-1]
    return float(np.count_nonzero(around)) * _FRAME_SECONDS if lasting.any() else 0.0


def _levels(samples: Samples) -> npt.NDArray[np.float64]:
    """The level of each tenth of a second in dB of full scale."""
    levels: npt.NDArray[np.float64] = 20 * np.log10(np.maximum(frame_levels(samples), 1.0) / _FULL_SCALE)
    return levels
