"""Counts what happens on its way through, so that the parts themselves know nothing of figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from pbx.domain.call import CallRecord, CallStart, FinishedCall
from pbx.domain.outbound import Permission
from pbx.domain.routing import Decision
from pbx.domain.steps import Step
from pbx.domain.transcript import Transcript
from pbx.services.pace import Pace
from pbx.services.ports import CallLog
from pbx.services.route import Question
from pbx.web.metrics import Metrics
from voicemail.audio import Audio
from voicemail.live import NextStep
from voicemail.transcribe.recogniser import RecogniserUnavailable, RecognitionFailed
from voicemail.transcription import Transcriber


class MeteredRouter:
    """Times the answers to the PBX's questions, and says that callers are being answered."""

    def __init__(self, router: NextStep, metrics: Metrics, pace: Pace) -> None:
        self._router = router
        self._metrics = metrics
        self._pace = pace

    async def next(self, question: Question) -> tuple[int, Step]:
        self._pace.busy()
        with self._metrics.questions.time():
            return await self._router.next(question)


class MeteredCallLog:
    """Counts calls and messages as they are finished."""

    def __init__(self, call_log: CallLog, metrics: Metrics) -> None:
        self._call_log = call_log
        self._metrics = metrics

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        await self._call_log.open_call(start, decision)

    async def decision_of(self, call: UUID) -> Decision | None:
        return await self._call_log.decision_of(call)

    async def finish_call(self, call: FinishedCall) -> bool:
        is_new = await self._call_log.finish_call(call)
        if is_new:
            self._metrics.calls.labels(call.outcome, call.reason or "decided").inc()
            self._metrics.messages.inc(len(call.recordings))
        return is_new

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        return await self._call_log.missing(calls)

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        return await self._call_log.calls(since, number, limit)


class MeteredTranscriber:
    """Times and counts transcriptions."""

    def __init__(self, transcriber: Transcriber, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._transcriber = transcriber
        self._metrics = metrics
        self._clock = clock

    async def transcribe(self, recording: Audio, seconds: float) -> Transcript:
        began = self._clock()
        try:
            transcript = await self._transcriber.transcribe(recording, seconds)
        except RecogniserUnavailable:  # nothing is wrong with the message: it waits
            raise
        except RecognitionFailed:
            self._metrics.transcripts.labels("failed").inc()
            raise
        self._metrics.transcription.observe(self._clock() - began)
        self._metrics.transcripts.labels(transcript.state).inc()
        return transcript
