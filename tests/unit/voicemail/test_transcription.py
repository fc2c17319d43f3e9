"""The transcription of a message: kept once, tried again while it is worth it, failed with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pbx.domain.call import MessageRecord
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.transcript import TRANSCRIPTION_ATTEMPTS, Transcript, TranscriptState
from voicemail.audio import Audio, AudioProblem, Flaw
from voicemail.transcribe.recogniser import RecogniserUnavailable, RecognitionFailed
from voicemail.transcription import Transcription

ID = UUID("6f1f3a52-8a7e-4d0c-9f35-0b6f2a1c9d01")
WORDS = Transcript(TranscriptState.DONE, "Please call me back.", "moonshine", "tiny-en")
SOUND = Audio(b"\x01\x02" * 800)
RECORD = MessageRecord(
    ID, ID, "rictor", Caller(NumberKind.WITHHELD), "+17175550100", datetime(2026, 11, 23, tzinfo=UTC), 2.0,
    f"{ID}.sealed", TranscriptState.PENDING, None, None,
)  # fmt: skip


@dataclass
class Box:
    record: MessageRecord | None = RECORD
    kept: list[Transcript] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def messages(self, mailbox: str | None, limit: int) -> Sequence[MessageRecord]:
        return ()

    async def message(self, message: UUID) -> MessageRecord | None:
        return self.record

    async def opened(self, message: UUID, actor: str, action: str) -> None: ...

    async def keep_transcript(self, message: UUID, transcript: Transcript) -> None:
        self.kept.append(transcript)

    async def transcription_failed(self, message: UUID, failure: str) -> None:
        self.failures.append(failure)


@dataclass
class Says:
    answer: Transcript | RecognitionFailed
    asked: list[Audio] = field(default_factory=list)
    unavailable: int = 0

    async def transcribe(self, recording: Audio, seconds: float) -> Transcript:
        self.asked.append(recording)
        if len(self.asked) <= self.unavailable:
            raise RecogniserUnavailable("Vosk needs a model.")
        if isinstance(self.answer, RecognitionFailed):
            raise self.answer
        return self.answer


@dataclass
class Shelves:
    """Has one recording, or raises."""

    holds: Audio | Exception = SOUND

    def read(self, record: MessageRecord) -> Audio:
        if isinstance(self.holds, Exception):
            raise self.holds
        return self.holds


async def transcribe(box: Box, says: Says, attempt: int = 1, shelf: Shelves | None = None) -> None:
    await Transcription(box, shelf or Shelves(), says).transcribe_message(ID, attempt)


async def test_the_words_are_kept_with_the_message() -> None:
    box, says = Box(), Says(WORDS)
    await transcribe(box, says)
    assert box.kept == [WORDS]
    assert says.asked == [SOUND]


@pytest.mark.parametrize("record", [None, replace(RECORD, state=TranscriptState.DONE)])
async def test_a_message_that_is_gone_or_done_is_not_transcribed_again(record: MessageRecord | None) -> None:
    box, says = Box(record), Says(WORDS)
    await transcribe(box, says)
    assert (says.asked, box.kept) == ([], [])


async def test_a_failure_is_raised_while_another_attempt_is_worth_it() -> None:
    box, says = Box(), Says(RecognitionFailed("It took too long.", retry=True))
    for attempt in range(1, TRANSCRIPTION_ATTEMPTS):
        with pytest.raises(RecognitionFailed):
            await transcribe(box, says, attempt)
    assert box.failures == []
    await transcribe(box, says, TRANSCRIPTION_ATTEMPTS)
    assert box.failures == ["It took too long."]


async def test_a_message_waits_for_an_engine_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicemail.transcription.UNAVAILABLE_SECONDS", 0)
    box, says = Box(), Says(WORDS, unavailable=5)
    await transcribe(box, says, TRANSCRIPTION_ATTEMPTS)
    assert (len(says.asked), box.kept, box.failures) == (6, [WORDS], [])


async def test_a_failure_that_stays_is_kept_at_once() -> None:
    box = Box()
    await transcribe(box, Says(RecognitionFailed("The recording is not a WAV file.", retry=False)))
    assert box.failures == ["The recording is not a WAV file."]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (AudioProblem(Flaw.CHANGED), "The recording was changed since it was kept: restore it from a backup."),
        (FileNotFoundError(), "The recording is missing from the message folder."),
    ],
)
async def test_a_recording_that_cannot_be_read_is_not_tried_again(reason: Exception, sentence: str) -> None:
    box, says = Box(), Says(WORDS)
    await transcribe(box, says, shelf=Shelves(reason))
    assert (box.failures, says.asked) == ([sentence], [])
