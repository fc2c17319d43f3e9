"""Transcribe one kept message: the job that the queue runs after a message was taken in."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pbx.domain.transcript import TRANSCRIPTION_ATTEMPTS, Transcript, TranscriptState
from pbx.services.ports import MessageBox
from voicemail.transcribe.recogniser import RecogniserUnavailable, RecognitionFailed

UNAVAILABLE_SECONDS = 15.0
"""How long to wait before an engine that cannot be started is tried again."""

log = logging.getLogger(__name__)


class Transcriber(Protocol):
    """Makes words of a recording; raises `RecognitionFailed`."""

    async def transcribe(self, recording: Path, seconds: float) -> Transcript: ...


@dataclass(frozen=True, slots=True)
class Transcription:
    """The use case. `folder` is where the messages' files are."""

    message_box: MessageBox
    folder: Path
    recogniser: Transcriber

    async def transcribe_message(self, message: UUID, attempt: int) -> None:
        """Transcribe a message and keep the result. Doing it again changes nothing.

        `attempt` counts from 1. Raises `RecognitionFailed` while another attempt is worth it; the last failure is kept
        with the message instead. While the engine cannot be started (a wrong model, too little memory), the message
        waits. Raises `StoreUnavailable`, which is no attempt.
        """
        record = await self.message_box.message(message)
        if record is None or record.state in (TranscriptState.DONE, TranscriptState.NO_SPEECH):
            return
        try:
            transcript = await self._words_of(self.folder / record.file, record.seconds)
        except RecognitionFailed as failure:
            log.warning("message %s was not transcribed (attempt %d): %s", message, attempt, failure)
            if failure.retry and attempt < TRANSCRIPTION_ATTEMPTS:
                raise
            await self.message_box.transcription_failed(message, str(failure))
        else:
            await self.message_box.keep_transcript(message, transcript)

    async def _words_of(self, recording: Path, seconds: float) -> Transcript:
        while True:
            try:
                return await self.recogniser.transcribe(recording, seconds)
            except RecogniserUnavailable:
                await asyncio.sleep(UNAVAILABLE_SECONDS)
