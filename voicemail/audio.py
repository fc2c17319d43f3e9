"""Recorded speech: read what the PBX left, measure it, keep it for good.

Everything is 8 kHz, mono, 16 bit signed little-endian PCM: what `Record()` writes for `wav` (Asterisk,
formats/format_wav.c).
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
"""Samples a second."""

SAMPLE_BYTES = 2
LONGEST_SECONDS = 3600
"""No recording of ours comes near; more than this is a broken or a foreign file."""

QUIETEST_SPEECH_DBFS = -55.0
"""Below this in every tenth of a second nobody speaks: µ-law's own silence and line hiss lie under it."""

Samples = npt.NDArray[np.int16]

_FRAME = RATE // 10
_FULL_SCALE = 32768.0
_HEADER_BYTES = 44
_LARGEST_FILE = LONGEST_SECONDS * RATE * SAMPLE_BYTES + 4096
_PCM = 1


class Flaw(StrEnum):
    """What is wrong with a file that should hold a recording."""

    NOT_A_FILE = "is not a plain file"
    NOT_WAV = "is not a WAV file"
    WRONG_FORMAT = "is not 8 kHz mono 16 bit PCM"
    TOO_LONG = "is longer than an hour"
    CHANGED = "was changed since it was kept: restore it from a backup"


class AudioProblem(Exception):
    """A file holds no recording that can be used; `flaw` says why. The text names no file."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(f"The recording {flaw}.")
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class Audio:
    """Samples of a recording; `repaired` tells that the file's header did not match its length."""

    pcm: bytes
    repaired: bool = False

    @property
    def seconds(self) -> float:
        return len(self.pcm) / SAMPLE_BYTES / RATE

    @property
    def samples(self) -> Samples:
        return np.frombuffer(self.pcm, dtype="<i2").astype(np.int16, copy=False)


def read_audio(path: Path) -> Audio:
    """Read a recording. Its length is that of the file: raises `AudioProblem`, or OSError if it cannot be read."""
    return parse_wav(_bytes_of(path))


def parse_wav(data: bytes) -> Audio:
    """The samples in the bytes of a WAV file, whatever lengths its header claims. Raises `AudioProblem`.

    Asterisk writes the lengths when it closes the file, so a recording that it could not close says 0; one that has
    not got as far as its header (the disk was full, the first block was never written) is an empty recording.
    """
    if (len(data) < _HEADER_BYTES and b"RIFF".startswith(data[:4])) or data == bytes(_HEADER_BYTES):
        return Audio(b"", repaired=True)
    if _has_lost_its_header(data):
        return Audio(_without_lengths(data), repaired=True)
    start = _start_of_samples(data)
    if len(data) > _LARGEST_FILE:
        raise AudioProblem(Flaw.TOO_LONG)
    usable = (len(data) - start) // SAMPLE_BYTES * SAMPLE_BYTES
    claimed_file, claimed_data = _u32(data, 4), _u32(data, start - 4)
    honest = claimed_data == len(data) - start == usable and claimed_file == len(data) - 8
    return Audio(data[start : start + usable], repaired=not honest)


def wav_bytes(pcm: bytes) -> bytes:
    """A whole WAV file around `pcm`."""
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", _HEADER_BYTES - 8 + len(pcm), b"WAVE"),
        *(b"fmt ", 16, _PCM, 1, RATE, RATE * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES),
        *(b"data", len(pcm)),
    )
    return header + pcm


def keep_audio(audio: Audio, path: Path) -> str:
    """Write a WAV file that survives a loss of power once this returns; gives its SHA-256 (hex). Raises OSError."""
    data = wav_bytes(audio.pcm)
    write_durably(path, data)
    return hashlib.sha256(data).hexdigest()


def write_durably(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all: temporary file, fsync, rename, fsync of the folder. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "wb", opener=_private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def peak_dbfs(samples: Samples) -> float:
    """The loudest sample in dB below full scale; -inf for digital silence."""
    return _dbfs(float(np.abs(samples.astype(np.int32)).max(initial=0)))


def loudness_dbfs(samples: Samples) -> float:
    """The level (RMS) of the loudest tenth of a second in dB below full scale; -inf for digital silence."""
    levels = frame_levels(samples)
    return _dbfs(float(levels.max(initial=0.0)))


def frame_levels(samples: Samples) -> npt.NDArray[np.float64]:
    """The RMS of each tenth of a second in sample units; the last frame is filled up with silence."""
    padded = np.zeros(math.ceil(len(samples) / _FRAME) * _FRAME)
    padded[: len(samples)] = samples
    levels: npt.NDArray[np.float64] = np.sqrt(np.mean(padded.reshape(-1, _FRAME) ** 2, axis=1))
    return levels


def is_silent(samples: Samples) -> bool:
    """Nobody can be heard in it."""
    return loudness_dbfs(samples) < QUIETEST_SPEECH_DBFS


def _dbfs(level: float) -> float:
    return 20 * math.log10(level / _FULL_SCALE) if level > 0 else -math.inf


def _bytes_of(path: Path) -> bytes:
    # O_NONBLOCK: opening a FIFO must not wait for a writer; O_NOFOLLOW: a link leads out of the spool.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise AudioProblem(Flaw.NOT_A_FILE) from error
        raise
    try:
        seen = os.fstat(handle)
        if not stat.S_ISREG(seen.st_mode):
            raise AudioProblem(Flaw.NOT_A_FILE)
        if seen.st_size > _LARGEST_FILE:
            raise AudioProblem(Flaw.TOO_LONG)
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(_LARGEST_FILE)
    finally:
        os.close(handle)


def _has_lost_its_header(data: bytes) -> bool:
    """Whether the disk was full when the first block was written, and had room again later: samples from the first byte
    on, over which Asterisk wrote the two lengths where they stand in a header (formats/format_wav.c, update_header).
    """
    plain = len(data) > _HEADER_BYTES and data[:4] != b"RIFF"
    return plain and _u32(data, 4) == len(data) - 8 and _u32(data, 40) == len(data) - _HEADER_BYTES


def _without_lengths(data: bytes) -> bytes:
    """The samples of such a file; four of them are gone, and are silence."""
    usable = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
    return (data[:4] + bytes(4) + data[8:40] + bytes(4) + data[44:])[:usable]


def _start_of_samples(data: bytes) -> int:
    """Walk the chunks up to `data`; only the format chunk matters on the way."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioProblem(Flaw.NOT_WAV)
    at, known = 12, False
    while at + 8 <= len(data):
        name, length, body = data[at : at + 4], _u32(data, at + 4), at + 8
        if name == b"data" and known:
            return body
        if name == b"fmt ":
            known = _check_format(data[body : body + 16])
        at = body + length + length % 2
    raise AudioProblem(Flaw.NOT_WAV)


def _check_format(chunk: bytes) -> bool:
    if len(chunk) < 16:
        raise AudioProblem(Flaw.NOT_WAV)
    coding, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunk)
    if (coding, channels, rate, block, bits) != (_PCM, 1, RATE, SAMPLE_BYTES, 8 * SAMPLE_BYTES):
        raise AudioProblem(Flaw.WRONG_FORMAT)
    return True


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
