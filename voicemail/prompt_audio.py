"""The sound of one prompt: spoken or decoded, checked, levelled, in the form that Asterisk plays as it is."""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Protocol

import imageio_ffmpeg  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]

from pbx.domain.policy import Greeting
from voicemail.audio import RATE, Samples, frame_levels, loudness_dbfs, peak_dbfs

with warnings.catch_warnings():
    # pydub 0.25.1 looks for ffmpeg on PATH while it is imported and warns; it gets its ffmpeg below.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment  # type: ignore[import-untyped]
    from pydub.exceptions import CouldntDecodeError  # type: ignore[import-untyped]

SHORTEST_SECONDS = 1
LONGEST_SECONDS = 120
LARGEST_FILE = 50_000_000
LONGEST_TEXT = 2000
VOICE = "slt"

QUIETEST_PEAK_DBFS = -40.0
CLIPPED_SHARE = 0.002
"""Share of samples at full scale above which a recording sounds torn."""

SPEECH_DBFS = -20.0
"""Level of the speech in a prompt: well heard on a telephone, with room for its peaks."""
PEAK_DBFS = -1.0
LARGEST_GAIN_DB = 25.0

_SPEAK_SECONDS = 60.0
_LETTERS_AND_SPACE = re.compile(r"[A-Za-z\s]+")
_FEWEST_LETTERS = 40
_SLOWEST_LETTER, _SLOWEST_SIGN = 0.2, 0.6
"""Seconds that the voice takes at most for a letter of a word, and for a digit or a sign, which it may read out. Its
fastest speech has 19 letters a second, so no text of some length is too short."""
_MP3_SYNC = 0xFFE0
_WAV_CODECS = {1: "pcm_s16le", 3: "pcm_f32le", 6: "pcm_alaw", 7: "pcm_mulaw", 0xFFFE: "pcm_s16le"}
"""ffmpeg's decoder for a WAV format tag (RFC 2361); pydub itself reads plain PCM (1, 0xFFFE) of any width."""

Sound = npt.NDArray[np.float64]


class GreetingProblem(Exception):
    """A greeting cannot be played to callers. The text is one sentence that names it and says what to do."""

    def __init__(self, greeting: str, what: str) -> None:
        super().__init__(f"The greeting {greeting!r} cannot be used: {what}.")
        self.greeting = greeting
        self.what = what


class Speaker(Protocol):
    """The flite program: `command` gives the command line that starts it with `args`."""

    def command(self, *args: str | Path) -> list[str]: ...


def source_of(greeting: Greeting) -> str:
    """A digest of what the prompt is made of: it changes when text or file does. Raises `GreetingProblem`."""
    if greeting.text is not None:
        return hashlib.sha256(f"{VOICE}:{greeting.text}".encode()).hexdigest()
    return hashlib.sha256(_file_bytes(greeting)).hexdigest()


def prompt_pcm(greeting: Greeting, speaker: Speaker | None) -> bytes:
    """The prompt as 8 kHz mono 16 bit samples. Raises `GreetingProblem`."""
    name = greeting.name
    segment = _from_file(greeting) if greeting.text is None else _spoken(name, greeting.text, speaker)
    sound = _mono(segment)
    _check_length(name, len(sound) / segment.frame_rate)
    _check_level(name, _to_samples(sound))
    return _telephone_pcm(sound, segment.frame_rate)


def spoken_pcm(name: str, text: str, speaker: Speaker | None) -> bytes:
    """`text` spoken, of any length, as 8 kHz mono 16 bit samples; `name` is for the error. Raises `GreetingProblem`."""
    segment = _spoken(name, text, speaker)
    return _telephone_pcm(_mono(segment), segment.frame_rate)


def _telephone_pcm(sound: Sound, rate: int) -> bytes:
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE)
    return _levelled(sound).astype("<i2").tobytes()


def surely_fits(text: str) -> bool:
    """Whether a text needs not be spoken to know that it is long enough, and short enough, to be a prompt."""
    signs = len(_LETTERS_AND_SPACE.sub("", text))
    letters = len("".join(text.split())) - signs
    return letters >= _FEWEST_LETTERS and letters * _SLOWEST_LETTER + signs * _SLOWEST_SIGN <= LONGEST_SECONDS


def _spoken(name: str, text: str, speaker: Speaker | None) -> AudioSegment:
    if not text.strip():
        raise GreetingProblem(name, "its text is empty, so write what callers are to hear")
    if len(text) > LONGEST_TEXT:
        raise GreetingProblem(name, f"its text has more than {LONGEST_TEXT} letters, so shorten it")
    if speaker is None:
        raise GreetingProblem(
            name, "flite, which speaks it, is not installed, so install it or give a WAV or MP3 file instead"
        )
    with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
        wav = Path(folder) / "spoken.wav"
        # By its input: a command line, which everybody on the machine can read, is no place for a patient's number.
        _run_flite(name, speaker.command("-voice", VOICE, "-f", "-", "-o", wav), text)
        return _decoded(name, wav, "wav", _WAV_CODECS[1])


def _run_flite(name: str, command: list[str], text: str) -> None:
    try:
        subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SPEAK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise GreetingProblem(
            name, "flite could not speak its text, so check the flite installation or give a WAV or MP3 file instead"
        ) from error


def _from_file(greeting: Greeting) -> AudioSegment:
    data, path = _file_bytes(greeting), Path(greeting.file or "")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _decoded(greeting.name, path, "wav", _wav_codec(greeting.name, data))
    if data[:3] == b"ID3" or int.from_bytes(data[:2], "big") & _MP3_SYNC == _MP3_SYNC:
        return _decoded(greeting.name, path, "mp3", "mp3")
    raise GreetingProblem(greeting.name, "its file is neither WAV nor MP3, so convert it to one of them")


def _wav_codec(name: str, data: bytes) -> str:
    chunk = data.find(b"fmt ", 12)
    codec = _WAV_CODECS.get(int.from_bytes(data[chunk + 8 : chunk + 10], "little")) if chunk > 0 else None
    if codec is None:
        raise GreetingProblem(name, "its WAV file is coded in a way that is not known, so export it as 16 bit PCM")
    return codec


def _file_bytes(greeting: Greeting) -> bytes:
    path = Path(greeting.file or "")
    try:
        if not path.is_file():
            raise GreetingProblem(greeting.name, f"there is no file {path}, so correct the path")
        if path.stat().st_size > LARGEST_FILE:
            raise GreetingProblem(greeting.name, "its file is larger than 50 MB, so shorten it")
        return path.read_bytes()
    except OSError as error:
        raise GreetingProblem(greeting.name, f"{path} cannot be read, so allow it to be read") from error


def _decoded(name: str, path: Path, kind: str, codec: str) -> AudioSegment:
    AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
    # With a codec named, pydub does not ask ffprobe, which is in no wheel. One second too many is enough to see.
    try:
        with path.open("rb") as file:
            return AudioSegment.from_file(file, format=kind, codec=codec, duration=LONGEST_SECONDS + 1)
    except (CouldntDecodeError, OSError, ValueError, EOFError, struct.error) as error:
        raise GreetingProblem(name, "its file is damaged, so export it again as WAV or MP3") from error


def _mono(segment: AudioSegment) -> Sound:
    """The samples in -1..1, channels mixed."""
    samples = np.array(segment.get_array_of_samples(), dtype=np.float64)
    full_scale = float(1 << (8 * segment.sample_width - 1))
    mixed: Sound = samples.reshape(-1, segment.channels).mean(axis=1) / full_scale
    return mixed


def _check_length(name: str, seconds: float) -> None:
    if seconds < SHORTEST_SECONDS:
        raise GreetingProblem(name, f"it is shorter than {SHORTEST_SECONDS} second, so record a whole sentence")
    if seconds > LONGEST_SECONDS:
        raise GreetingProblem(name, f"it is longer than {LONGEST_SECONDS} seconds, so shorten it")


def _check_level(name: str, samples: Samples) -> None:
    if peak_dbfs(samples) == -np.inf or loudness_dbfs(samples) < -60.0:
        raise GreetingProblem(name, "it is silent, so record it again with the microphone on")
    if peak_dbfs(samples) < QUIETEST_PEAK_DBFS:
        raise GreetingProblem(name, "it is too quiet, so record it again closer to the microphone")
    clipped = np.mean(np.abs(samples.astype(np.int32)) >= 32700)
    if clipped > CLIPPED_SHARE:
        raise GreetingProblem(name, "it is distorted because it was too loud, so record it again at a lower level")


def _levelled(sound: Sound) -> Samples:
    """Bring the speech to its level, never past the peak's bound."""
    samples = _to_samples(sound)
    levels = frame_levels(samples)
    speaking = levels[levels > levels.max() / 10]
    speech_db = 20 * np.log10(np.sqrt(np.mean(speaking**2)) / 32768)
    gain = min(SPEECH_DBFS - speech_db, PEAK_DBFS - peak_dbfs(samples), LARGEST_GAIN_DB)
    return _to_samples(sound * 10 ** (gain / 20))


def _to_samples(sound: Sound) -> Samples:
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)
