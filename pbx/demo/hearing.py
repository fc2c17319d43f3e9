"""What a client heard: the beep before a message, how much sound there was, whether two sounds are the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pbx.demo.speech import RATE

BEEP_HERTZ = 700.0
"""The tone of Asterisk's own `beep`, which lasts 0.43 s."""

_HEADER = 44
_FRAME = RATE // 20
_BEEP_FRAMES = 6
_LOUD = 200.0
_PURE = 0.9
_POLL = 0.05

Samples = npt.NDArray[np.float64]


def samples(wav: Path) -> Samples:
    """The samples of a WAV that may still grow, whose header then says nothing; none while it is not there."""
    if not wav.is_file():
        return np.zeros(0)
    data = wav.read_bytes()[_HEADER:]
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)


def seconds_of_sound(wav: Path) -> float:
    """How many seconds of `wav` are not silence."""
    return sum(_level(frame) > _LOUD for frame in _frames(samples(wav))) * _FRAME / RATE


def seconds_of_tone(wav: Path, hertz: float) -> float:
    """How many seconds of `wav` are the pure tone `hertz`."""
    return sum(_is_tone(frame, hertz) for frame in _frames(samples(wav))) * _FRAME / RATE


async def beep(wav: Path, after: int, within: float) -> int:
    """Wait until a beep is over in `wav`, from sample `after` on; the sample at which it is.

    Raises TimeoutError when there is none in `within` seconds.
    """
    async with asyncio.timeout(within):
        while (end := _end_of_beep(samples(wav)[after:])) is None:
            await asyncio.sleep(_POLL)
    return after + end


async def sound(wav: Path, within: float) -> None:
    """Wait until `wav` holds something that is not silence. Raises TimeoutError when `within` seconds are over."""
    await more_sound(wav, 0.0, within)


async def more_sound(wav: Path, than: float, within: float) -> None:
    """Wait until `wav` holds more than so many seconds of sound. Raises TimeoutError when `within` seconds are over."""
    async with asyncio.timeout(within):
        while seconds_of_sound(wav) <= than:
            await asyncio.sleep(_POLL)


def _end_of_beep(sound: Samples) -> int | None:
    # A packet that came too late on a busy machine leaves a frame in the middle that is no pure tone.
    tones = others = 0
    for number, frame in enumerate(_frames(sound)):
        if _is_tone(frame, BEEP_HERTZ):
            tones, others = tones + 1, 0
            continue
        others += 1
        if tones >= _BEEP_FRAMES:
            return number * _FRAME
        if others > 1:
            tones = 0
    return None


def _frames(sound: Samples) -> list[Samples]:
    return [sound[start : start + _FRAME] for start in range(0, len(sound) - _FRAME + 1, _FRAME)]


def _level(frame: Samples) -> float:
    return float(np.sqrt(np.mean(frame**2)))


def _is_tone(frame: Samples, hertz: float) -> bool:
    """Whether nearly all the power of `frame` stands in the three bins around `hertz`."""
    if _level(frame) < _LOUD:
        return False
    power = np.abs(np.fft.rfft(frame * np.hanning(len(frame)))) ** 2
    middle = round(hertz * len(frame) / RATE)
    return bool(power[middle - 2 : middle + 3].sum() > _PURE * power.sum())
