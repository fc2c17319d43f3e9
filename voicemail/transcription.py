"""Transcribe one kept message: the job that the queue runs after a message was taken in."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pbx.domain.call import MessageRecord
from pbx.domain.transcript import TRANSCRIPTION_ATTEMPTS, Transcript, TranscriptState
from pbx.services.ports import MessageBox
from voicemail.audio import Audio, AudioProblem
from voicemail.transcribe.recogniser import RecogniserUnavailable, RecognitionFailed

UNAVAILABLE_SECONDS = 15.0
"""How long to wait before an engine that cannot be started is tried again."""

log = logging.getLogger(__name__)


class Transcriber(Protocol):
    """Makes words of a recording; raises `RecognitionFailed`."""

    async def transcribe(self, recording: Audio, seconds: float) -> Transcript: ...


class Kept(Protocol):
    """Where kept recordings are; `voicemail.shelf` has the one there is."""

    def read(self, record: MessageRecord) -> Audio:
        """The recording of a message. Raises `AudioProblem`, StoreUnavailable and OSError."""


class HeadStarts(Protocol):
    """What was transcribed while it was recorded."""

    async def deliver(self, message: UUID) -> bool:
        """Wait until a message's words are written; False: it is to be transcribed as a whole."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The use case. `shelf` is where the recordings are; what is read of it never touches the disk as it is."""

    message_box: MessageBox
    shelf: Kept
    recogniser: Transcriber
    head_starts: HeadStarts | None = None

    async def transcribe_message(self, message: UUID, attempt: int) -> None:
        """Transcribe a message and keep the result. Doing it again changes nothing.

        `attempt` counts from 1. Raises `RecognitionFailed` while another attempt is worth it; the last failure is kept
        with the message instead. While the engine cannot be started (a wrong model, too little memory), the message
        waits. Raises `StoreUnavailable`, which is no attempt.
        """
        # Asked before the record is read: words that are written meanwhile are seen in it.
        if self.head_starts and await self.head_starts.deliver(message):
            return
        record = await self.message_box.message(message)
        if record is None or record.state in (TranscriptState.DONE, TranscriptState.NO_SPEECH):
            return
        try:
            transcript = await self._words_of(await asyncio.to_thread(self._audio, record), record.seconds)
        except RecognitionFailed as failure:
            log.warning("message %s was not transcribed (attempt %d): %s", message, attempt, failure)
            if failure.retry and attempt < TRANSCRIPTION_ATTEMPTS:
                raise
            await self.message_box.transcription_failed(message, str(failure))
        else:
            await self.message_box.keep_transcript(message, transcript)

    def _audio(self, record: MessageRecord) -> Audio:
        try:
            return self.shelf.read(record)
        except AudioProblem as problem:
            raise RecognitionFailed(str(problem), retry=False) from None
        except FileNotFoundError:
            raise RecognitionFailed("The recording is missing from the message folder.", retry=False) from None

    async def _words_of(self, recording: Audio, seconds: float) -> Transcript:
        while True:
            try:
                return await self.recogniser.transcribe(recording, seconds)
            except RecogniserUnavailable:
                await asyncio.sleep(UNAVAILABLE_SECONDS)
