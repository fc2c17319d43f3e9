"""Transcribe messages while they are being recorded, so that the words are there when the patient hangs up.

A follower reads a recording as it grows in the spool (the PBX writes 32 KiB every two seconds) and lets the recogniser
listen to what is new. All of this is a head start and nothing depends on it: what it knows lies in memory, what it
cannot follow in time it gives up, and a message without a result of it is transcribed as a whole by the job that every
message has. The file is only read; whatever became of it, it is the kept recording that a result is compared with.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pbx.domain.call import FinishedCall, MessageRecord, recording_id
from pbx.domain.steps import RecordStep, Step
from pbx.domain.transcript import TranscriptState
from pbx.services.ports import MessageBox, StoreUnavailable
from pbx.services.route import Question
from voicemail.audio import AudioProblem
from voicemail.follow import Follower, Heard, Listener
from voicemail.transcription import Kept

MOST_AT_ONCE = 8
"""Recordings followed at the same time; further ones are transcribed as a whole."""

MOST_RESULTS = 64
"""Recordings known altogether: a result waits for its message to be taken in. Past it the oldest is let go."""

log = logging.getLogger(__name__)


class HeadStart(StrEnum):
    """What became of following a recording."""

    WRITTEN = "written"
    GIVEN_UP = "given-up"
    NOT_FOLLOWED = "not-followed"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class LiveParts:
    """`spool` is where the PBX records, `shelf` where kept recordings are; `calm` waits while callers are answered.

    `told` counts what became of each recording.
    """

    spool: Path
    shelf: Kept
    message_box: MessageBox
    listener: Listener
    calm: Callable[[], Awaitable[None]]
    told: Callable[[HeadStart], None] = lambda _: None


@dataclass(slots=True)
class _Followed:
    call: UUID
    over: asyncio.Event
    following: asyncio.Task[Heard | None]
    delivering: asyncio.Task[bool] | None = None


class LiveTranscription:
    """Follows the recordings that it is told of, and writes the words down once their messages are kept."""

    def __init__(self, parts: LiveParts) -> None:
        self._parts = parts
        self._known: dict[UUID, _Followed] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all following."""
        tasks = [task for f in self._known.values() for task in (f.delivering, f.following) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begins(self, call: UUID, position: int) -> None:
        """A recording begins in step `position` of a call."""
        message = recording_id(call, str(position))
        if message in self._known:
            return
        if not self._has_room():
            self._parts.told(HeadStart.NOT_FOLLOWED)
            return
        over = asyncio.Event()
        follower = Follower(self._parts.spool / f"{call}-{position}.wav", call, over, self._parts.listener)
        following = asyncio.create_task(follower.follow(self._parts.calm), name=f"follow {message}")
        self._known[message] = _Followed(call, over, following)

    def over(self, call: UUID) -> None:
        """Whatever was being recorded of a call is complete."""
        for followed in self._known.values():
            if followed.call == call:
                followed.over.set()

    def taken_in(self, call: FinishedCall) -> None:
        """A call is in the log: the words of its messages are written as soon as they are there."""
        for recording in call.recordings:
            self._delivery(recording.id)

    async def deliver(self, message: UUID) -> bool:
        """Wait until the words of a message that was taken in are written, if it was followed.

        False: it is to be transcribed as a whole. Raises `StoreUnavailable`.
        """
        delivery = self._delivery(message)
        # Shielded: a job that is cut short does not take the words from the message.
        return delivery is not None and await asyncio.shield(delivery)

    def _delivery(self, message: UUID) -> asyncio.Task[bool] | None:
        """The one task that writes a message's words, whoever asks for it first."""
        followed = self._known.get(message)
        if followed is None:
            return None
        if followed.delivering is None:
            followed.over.set()
            followed.delivering = asyncio.create_task(self._write(message, followed.following), name=f"words {message}")
            followed.delivering.add_done_callback(lambda task: self._written(message, task))
        return followed.delivering

    async def _write(self, message: UUID, following: asyncio.Task[Heard | None]) -> bool:
        result = await self._written_or_not(message, await following)
        self._parts.told(result)
        return result is HeadStart.WRITTEN

    async def _written_or_not(self, message: UUID, heard: Heard | None) -> HeadStart:
        record = await self._parts.message_box.message(message)
        if heard is None or record is None:
            return HeadStart.GIVEN_UP
        if record.state in (TranscriptState.DONE, TranscriptState.NO_SPEECH):
            return HeadStart.WRITTEN
        if not await asyncio.to_thread(_is_of, heard, self._parts.shelf, record):
            log.warning("message %s is not what was heard while it was recorded: it is transcribed as a whole", message)
            return HeadStart.DIFFERENT
        await self._parts.message_box.keep_transcript(message, heard.transcript)
        return HeadStart.WRITTEN

    def _written(self, message: UUID, task: asyncio.Task[bool]) -> None:
        self._known.pop(message, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, StoreUnavailable):
            # The message's own job transcribes it; the error's text may hold words of the patient.
            log.error("the words of message %s could not be written (%s)", message, type(error).__name__)

    def _has_room(self) -> bool:
        """Whether one more can be followed; the oldest result that nobody has asked for makes room."""
        if sum(not followed.following.done() for followed in self._known.values()) >= MOST_AT_ONCE:
            return False
        idle = (m for m, followed in self._known.items() if followed.following.done() and not followed.delivering)
        if len(self._known) >= MOST_RESULTS and (oldest := next(idle, None)) is not None:
            del self._known[oldest]
        return len(self._known) < MOST_RESULTS


class FollowingRouter:
    """Tells of each recording that begins, and of each that ended, on the way of the PBX's questions."""

    def __init__(self, router: NextStep, live: LiveTranscription) -> None:
        self._router = router
        self._live = live

    async def next(self, question: Question) -> tuple[int, Step]:
        self._live.over(question.call)
        position, step = await self._router.next(question)
        if isinstance(step, RecordStep):
            self._live.begins(question.call, position)
        return position, step


class NextStep(Protocol):
    async def next(self, question: Question) -> tuple[int, Step]: ...


def _is_of(heard: Heard, shelf: Kept, record: MessageRecord) -> bool:
    """Whether these are the words of the very samples that were kept."""
    try:
        pcm = shelf.read(record).pcm
    except (AudioProblem, OSError):
        return False
    return (len(pcm), zlib.crc32(pcm)) == (heard.pcm_bytes, heard.checksum)
