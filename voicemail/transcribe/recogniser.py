"""The recogniser as the controller sees it: a process that is started, asked, given a deadline, and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pbx.domain.transcript import Transcript
from voicemail.audio import RATE, SAMPLE_BYTES, Audio
from voicemail.transcribe.desk import SLICE_SECONDS
from voicemail.transcribe.segments import LONGEST_SECONDS
from voicemail.transcribe.turns import Turns, Urgency
from voicemail.transcribe.wire import (
    READY,
    Drop,
    Failure,
    Finish,
    Garbage,
    Hear,
    Left,
    More,
    Read,
    Request,
    Whole,
    decode_answer,
    encode_request,
)

START_SECONDS = 120.0
"""A large Vosk model is read from a slow disk in less."""

ANSWER_SECONDS = 30.0
ANSWER_SECONDS_PER_AUDIO_SECOND = 4.0

_LONGEST_ANSWER = 16 * 1024 * 1024


class RecognitionFailed(Exception):
    """There is no transcript. The text is one sentence without patient data; `retry`: another attempt may succeed."""

    def __init__(self, reason: str, retry: bool) -> None:
        super().__init__(reason)
        self.retry = retry


class RecogniserUnavailable(RecognitionFailed):
    """The engine cannot be started now, whatever the message. The text is a sentence for practice IT."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retry=True)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`engine` is moonshine, vosk or whisper, `model` the folder of its model, `memory_mb` bounds the address space."""

    engine: str
    model: Path | None = None
    memory_mb: int = 3000


class RecogniserProcess:
    """Listens to recordings in turns, in a worker process which is started when it is needed and not there."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._worker: asyncio.subprocess.Process | None = None
        self._turns = Turns()
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._worker.pid if self._worker and self._worker.returncode is None else None

    async def start(self) -> None:
        """Load the model now rather than with the first message. Raises `RecogniserUnavailable`."""
        async with self._turns.turn(Urgency.WHOLE):
            await self._running()

    async def stop(self) -> None:
        """End the worker, in mid-work too; a request that waits for it fails."""
        await self._kill()

    async def transcribe(self, recording: Path | Audio, seconds: float) -> Transcript:
        """The words of a recording of `seconds`, a file or one in memory.

        Raises `RecognitionFailed`, also as `RecogniserUnavailable`. It is listened to in slices, and between two of
        them whatever is more urgent has its turn.
        """
        work = f"whole-{next(self._numbers)}"
        slice_seconds = min(seconds, SLICE_SECONDS)
        begin = Whole(work, recording.pcm) if isinstance(recording, Audio) else Read(work, str(recording.absolute()))
        answer = await self._asked(begin, slice_seconds, Urgency.WHOLE)
        while isinstance(answer, Left) and answer.seconds > 0:
            answer = await self._asked(More(work), slice_seconds, Urgency.WHOLE)
        return await self._finished(work, slice_seconds, Urgency.WHOLE)

    async def hear(self, work: str, at: int, pcm: bytes, urgency: Urgency) -> None:
        """Let a growing recording's next samples be listened to; `at` samples of it were heard before.

        Raises `RecognitionFailed`: then this recording is to be taken as a whole, once it is complete.
        """
        await self._asked(Hear(work, at, pcm), len(pcm) / SAMPLE_BYTES / RATE, urgency)

    async def finish(self, work: str) -> Transcript:
        """The words of a recording that has stopped growing. Raises `RecognitionFailed`."""
        return await self._finished(work, LONGEST_SECONDS, Urgency.ENDED)

    async def drop(self, work: str) -> None:
        """Forget a growing recording. Raises `RecognitionFailed`."""
        await self._asked(Drop(work), 0, Urgency.GROWING)

    async def _finished(self, work: str, seconds: float, urgency: Urgency) -> Transcript:
        answer = await self._asked(Finish(work), seconds, urgency)
        if isinstance(answer, Left):
            raise RecognitionFailed("The recogniser talked nonsense.", retry=True)
        return answer

    async def _asked(self, request: Request, seconds: float, urgency: Urgency) -> Transcript | Left:
        """The worker's answer to a request that has it work on `seconds` of sound at most."""
        async with self._turns.turn(urgency):
            worker = await self._running()
            try:
                async with asyncio.timeout(ANSWER_SECONDS + ANSWER_SECONDS_PER_AUDIO_SECOND * seconds):
                    answer = decode_answer(await _ask(worker, request))
            except TimeoutError:
                await self._kill()
                raise RecognitionFailed("The recogniser took too long and was stopped.", retry=True) from None
            except (Garbage, ConnectionError, ValueError):
                await self._kill()
                raise RecognitionFailed("The recogniser died or talked nonsense.", retry=True) from None
            except asyncio.CancelledError:
                # Its answer would be taken for that of the next request.
                await self._kill()
                raise
        if isinstance(answer, Failure):
            raise RecognitionFailed(answer.reason, answer.retry)
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._worker is not None and self._worker.returncode is None:
            return self._worker
        self._worker = worker = await _spawn(self._options)
        try:
            async with asyncio.timeout(START_SECONDS):
                await _until_ready(worker)
        except TimeoutError:
            await self._kill()
            raise RecogniserUnavailable("The recogniser took too long to load its model.") from None
        except (Garbage, ConnectionError, ValueError):
            await self._kill()
            raise RecogniserUnavailable(
                "The recogniser ended while it loaded its model: raise memory_mb in the practice's file."
            ) from None
        except (asyncio.CancelledError, RecogniserUnavailable):
            await self._kill()
            raise
        return worker

    async def _kill(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None and worker.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()


async def _spawn(options: WorkerOptions) -> asyncio.subprocess.Process:
    model = ["--model", str(options.model)] if options.model else []
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicemail.transcribe.worker", "--engine", options.engine, *model),
            *("--memory-mb", str(options.memory_mb)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_ANSWER,
            # Ctrl-C in the terminal is for the controller, which ends the worker itself.
            start_new_session=True,
            # Each thread that allocates takes 64 MB of address space for itself otherwise (malloc(3), M_ARENA_MAX),
            # which the limit would count: a machine with many cores would fail where a small one works.
            env=os.environ | {"MALLOC_ARENA_MAX": "2"},
        )
    except OSError as error:
        raise RecogniserUnavailable("The recogniser's process could not be started.") from error


async def _until_ready(worker: asyncio.subprocess.Process) -> None:
    line = await _read_line(worker)
    if line != READY:
        answer = decode_answer(line)
        if isinstance(answer, Failure):
            raise RecogniserUnavailable(answer.reason)
        raise Garbage("not ready")


async def _ask(worker: asyncio.subprocess.Process, request: Request) -> bytes:
    if worker.stdin is None:
        raise ConnectionError
    worker.stdin.write(encode_request(request))
    await worker.stdin.drain()
    return await _read_line(worker)


async def _read_line(worker: asyncio.subprocess.Process) -> bytes:
    """The worker's next line. Raises ConnectionError at its end, ValueError past the longest answer."""
    if worker.stdout is None:
        raise ConnectionError
    line = await worker.stdout.readline()
    if not line.endswith(b"\n"):
        raise ConnectionError("the worker ended")
    return line
