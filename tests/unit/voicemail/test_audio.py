"""Reading recordings: the file's length is the truth, and any bytes give audio or a typed problem."""

from __future__ import annotations

import hashlib
import math
import os
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.voicemail.spooling import recording, tone
from voicemail.audio import (
    Audio,
    AudioProblem,
    Flaw,
    is_silent,
    keep_audio,
    loudness_dbfs,
    parse_wav,
    peak_dbfs,
    read_audio,
    wav_bytes,
)

GOOD = recording(2.0)


def with_lengths(riff: int, data: int) -> bytes:
    return GOOD[:4] + struct.pack("<I", riff) + GOOD[8:40] + struct.pack("<I", data) + GOOD[44:]


def test_a_good_file_is_read_as_it_is() -> None:
    audio = parse_wav(GOOD)
    assert (audio.seconds, audio.repaired) == (2.0, False)
    assert np.array_equal(audio.samples, tone(2.0))


@pytest.mark.parametrize("lie", [0, 1, 44, 2**31, 2**32 - 1])
def test_a_header_that_lies_is_repaired_from_the_file(lie: int) -> None:
    for data in (with_lengths(lie, lie), with_lengths(len(GOOD) - 8, lie), with_lengths(lie, len(GOOD) - 44)):
        audio = parse_wav(data)
        assert (audio.seconds, audio.repaired) == (2.0, True)


def test_half_a_sample_at_the_end_is_left_out() -> None:
    audio = parse_wav(GOOD[:-1])
    assert (len(audio.pcm), audio.repaired) == (len(GOOD) - 44 - 2, True)


@pytest.mark.parametrize("length", range(45))
def test_a_file_that_never_got_past_its_header_is_an_empty_recording(length: int) -> None:
    assert parse_wav(with_lengths(0, 0)[:length]).pcm == b""


@pytest.mark.parametrize(
    "fields",
    [(7, 1, 8000, 8000, 1, 8), (1, 2, 8000, 32000, 4, 16), (1, 1, 16000, 32000, 2, 16), (1, 1, 8000, 16000, 3, 16)],
)
def test_another_format_is_told(fields: tuple[int, ...]) -> None:
    with pytest.raises(AudioProblem) as caught:
        parse_wav(GOOD[:20] + struct.pack("<HHIIHH", *fields) + GOOD[36:])
    assert caught.value.flaw is Flaw.WRONG_FORMAT


def test_other_chunks_before_the_samples_are_passed_over() -> None:
    data = GOOD[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + GOOD[36:]
    assert parse_wav(data).seconds == 2.0


@given(st.binary(max_size=200))
@example(b"RIFF" + b"\xff" * 60)
def test_any_bytes_give_audio_or_a_problem(data: bytes) -> None:
    for candidate in (data, GOOD[: len(data)] + data, GOOD[:36] + data, GOOD[:20] + data):
        try:
            audio = parse_wav(candidate)
        except AudioProblem:
            continue
        assert len(audio.pcm) % 2 == 0
        assert len(audio.pcm) <= len(candidate)


@settings(max_examples=1000)
@given(st.integers(0, 47), st.integers(0, 255))
def test_one_changed_byte_of_the_header_gives_audio_or_a_problem(at: int, value: int) -> None:
    data = bytearray(GOOD)
    data[at] = value
    try:
        # With another first letter it is what a full disk leaves: then the rest of the header is heard as samples.
        assert parse_wav(bytes(data)).seconds <= 2.0 + 44 / 16000
    except AudioProblem as problem:
        assert problem.flaw in Flaw


def test_hours_of_nothing_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "hours.wav"
    path.write_bytes(GOOD)
    os.truncate(path, 8_000_000_000)
    with pytest.raises(AudioProblem) as caught:
        read_audio(path)
    assert caught.value.flaw is Flaw.TOO_LONG


def test_links_pipes_and_folders_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "good.wav").write_bytes(GOOD)
    (tmp_path / "link.wav").symlink_to(tmp_path / "good.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    for name in ("link.wav", "pipe.wav", "folder.wav"):
        with pytest.raises(AudioProblem) as caught:
            read_audio(tmp_path / name)
        assert caught.value.flaw is Flaw.NOT_A_FILE
    with pytest.raises(FileNotFoundError):
        read_audio(tmp_path / "none.wav")


def test_what_is_kept_is_a_right_wav_file_and_private(tmp_path: Path) -> None:
    path = tmp_path / "kept.wav"
    sha256 = keep_audio(Audio(tone(1.5).tobytes(), repaired=True), path)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 12000)
    assert parse_wav(path.read_bytes()).repaired is False
    assert [file.name for file in tmp_path.iterdir()] == ["kept.wav"]


@given(st.binary(max_size=100))
def test_what_is_written_is_read_back(pcm: bytes) -> None:
    whole = pcm[: len(pcm) // 2 * 2]
    assert parse_wav(wav_bytes(whole)) == Audio(whole, repaired=False)


def test_levels_are_in_db_below_full_scale() -> None:
    assert peak_dbfs(tone(1, level=0.5)) == pytest.approx(-6.02, abs=0.01)
    assert loudness_dbfs(tone(1, level=0.5)) == pytest.approx(-9.03, abs=0.05)
    assert peak_dbfs(np.full(10, -32768, dtype=np.int16)) == 0
    assert peak_dbfs(np.zeros(0, dtype=np.int16)) == -math.inf


def test_a_quiet_voice_is_no_silence_and_a_hissing_line_is() -> None:
    hiss = np.random.default_rng(7).normal(0, 20, 8000).astype(np.int16)
    late = np.concatenate([hiss, hiss, tone(0.3, level=0.02)])
    assert is_silent(np.zeros(8000, dtype=np.int16))
    assert is_silent(np.zeros(0, dtype=np.int16))
    assert is_silent(hiss)
    assert not is_silent(late)


def test_a_recording_whose_first_block_met_a_full_disk_keeps_all_that_came_after() -> None:
    spoken = bytes(range(1, 250)) * 40
    data = bytearray(spoken)
    data[4:8], data[40:44] = struct.pack("<I", len(data) - 8), struct.pack("<I", len(data) - 44)
    audio = parse_wav(bytes(data))
    assert audio.repaired
    assert len(audio.pcm) == len(spoken)
    assert audio.pcm[44:] == spoken[44:]
    assert audio.pcm[4:8] == audio.pcm[40:44] == bytes(4)
    assert parse_wav(bytes(44)).pcm == b""


def test_what_only_nearly_looks_so_is_no_recording() -> None:
    data = bytearray(bytes(range(1, 250)) * 40)
    data[4:8] = struct.pack("<I", len(data) - 8)
    with pytest.raises(AudioProblem):
        parse_wav(bytes(data))
