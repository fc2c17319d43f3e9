"""Follow one recording while the PBX writes it, and let the recogniser listen to what is new."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pbx.domain.transcript import Transcript
from voicemail.audio import RATE, SAMPLE_BYTES, AudioProblem, Flaw, parse_wav
from voicemail.transcribe.recogniser import RecognitionFailed
from voicemail.transcribe.turns import Urgency

LOOK_SECONDS = 0.5
"""How often a recording is looked at: it grows every two seconds."""

MOST_LAG_SECONDS = 60.0
"""A recording of which so much waits to be listened to grows faster than this machine can follow now."""

STILL_SECONDS = 60.0
"""A recording that neither ends nor grows, or never appears (it may lie in the spare folder), is given up."""

_HEADER_BYTES = 44
_PIECE = 4 * RATE * SAMPLE_BYTES
_MOST_LAG = int(MOST_LAG_SECONDS * RATE * SAMPLE_BYTES)

log = logging.getLogger(__name__)


class Listener(Protocol):
    """The recogniser, as far as a growing recording needs it. Each method raises `RecognitionFailed`."""

    async def hear(self, work: str, at: int, pcm: bytes, urgency: Urgency) -> None: ...

    async def finish(self, work: str) -> Transcript: ...

    async def drop(self, work: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of a recording, with length and CRC-32 of the very samples that they were made of."""

    transcript: Transcript
    pcm_bytes: int
    checksum: int


class Behind(Exception):
    """A recording cannot be followed."""


class Follower:
    """Follows the recording in `file`; `over` is set when it is known to be complete."""

    def __init__(self, file: Path, call: UUID, over: asyncio.Event, listener: Listener) -> None:
        self._file = GrowingFile(file)
        self._end = file.with_name(f"{call}.end")
        self._call = call
        self._over = over
        self._listener = listener
        self._work = f"growing-{file.stem}"
        self._checksum = 0

    async def follow(self, calm: Callable[[], Awaitable[None]]) -> Heard | None:
        """Listen until the end; None where that is left to whoever takes the whole. Awaits `calm` before a piece."""
        try:
            await self._hear_all(calm)
            if not self._file.read_bytes:
                return None
            transcript = await self._listener.finish(self._work)
        except (RecognitionFailed, Behind, AudioProblem, OSError) as reason:
            log.info("a recording of call %s is not followed to its end: %s", self._call, _why(reason))
            with contextlib.suppress(RecognitionFailed):
                await self._listener.drop(self._work)
            return None
        finally:
            self._file.close()
        return Heard(transcript, self._file.read_bytes, self._checksum)

    async def _hear_all(self, calm: Callable[[], Awaitable[None]]) -> None:
        grew = time.monotonic()
        while True:
            # Asked before the file is read: what is written by the end is read after it.
            over = self._over.is_set() or await asyncio.to_thread(self._has_ended)
            pcm = await asyncio.to_thread(self._file.read_more)
            if pcm:
                grew = time.monotonic()
                await self._hear(pcm, over, calm)
            elif over:
                return
            elif time.monotonic() - grew > STILL_SECONDS:
                raise Behind("it does not grow")
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._over.wait()

    async def _hear(self, pcm: bytes, over: bool, calm: Callable[[], Awaitable[None]]) -> None:
        if not over:
            await calm()
            if self._file.unread > _MOST_LAG:
                raise Behind("the machine is too busy")
        at = (self._file.read_bytes - len(pcm)) // SAMPLE_BYTES
        await self._listener.hear(self._work, at, pcm, Urgency.ENDED if over else Urgency.GROWING)
        self._checksum = zlib.crc32(pcm, self._checksum)

    def _has_ended(self) -> bool:
        return self._end.exists() or self._file.is_gone


class GrowingFile:
    """A WAV file that somebody else writes: its new samples from time to time, even once it has lost its name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self.read_bytes = 0

    @property
    def unread(self) -> int:
        """How many bytes of samples are there and were not read."""
        if self._handle is None:
            return 0
        return max(os.fstat(self._handle).st_size - _HEADER_BYTES - self.read_bytes, 0)

    @property
    def is_gone(self) -> bool:
        """Whether it was there and was taken away since."""
        return self._handle is not None and os.fstat(self._handle).st_nlink == 0

    def read_more(self) -> bytes:
        """Whole samples that are new, at most four seconds of them. Raises `AudioProblem` and OSError."""
        if self._handle is None:
            self._handle = self._opened()
        if self._handle is None:
            return b""
        pcm = os.pread(self._handle, _PIECE, _HEADER_BYTES + self.read_bytes)
        pcm = pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES]
        self.read_bytes += len(pcm)
        return pcm

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _opened(self) -> int | None:
        """Open it once its header is there, which must be the 44 bytes that the PBX writes (formats/format_wav.c)."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise AudioProblem(Flaw.NOT_A_FILE)
            header = os.pread(handle, _HEADER_BYTES, 0)
            parse_wav(header)
        except BaseException:
            os.close(handle)
            raise
        if len(header) < _HEADER_BYTES:
            os.close(handle)
            return None
        return handle


def _why(reason: Exception) -> str:
    return reason.strerror or "it cannot be read" if isinstance(reason, OSError) else str(reason)
