"""The parts through which a message goes, put together: taken in, sealed, transcribed, kept, let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from pbx.asterisk.cel import calls_seen
from pbx.asterisk.layout import Layout
from pbx.config.settings import Settings
from pbx.database import Records
from pbx.domain.call import FinishedCall, SeenCall
from pbx.domain.policy import Policy
from pbx.key_keeper import KeyKeeper
from pbx.metering import MeteredCallLog, MeteredTranscriber
from pbx.services.pace import Pace, PacedCallLog
from pbx.services.reconcile import Reconcile
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
from pbx.web.metrics import Metrics
from voicemail.ingest import Folders, Ingest
from voicemail.live import LiveParts, LiveTranscription
from voicemail.retention import KeptFolders, Retention
from voicemail.shelf import Shelf
from voicemail.spool import read_spool
from voicemail.transcribe.recogniser import RecogniserProcess, WorkerOptions
from voicemail.transcription import Transcription


@dataclass
class MessageAssembly:
    """`at_start` are the settings that hold until the next start, `settings` gives those in force.

    `live_calls` gives the calls that are up, and raises CallsUnknown. `taken_in` hears of each call that is.
    """

    database: Database
    records: Records
    layout: Layout
    at_start: Settings
    settings: Callable[[], Settings]
    policy: Callable[[], Policy]
    call_log: MeteredCallLog
    bookkeeping: PacedCallLog
    pace: Pace
    metrics: Metrics
    live_calls: Callable[[], Awaitable[frozenset[UUID]]]
    taken_in: Callable[[FinishedCall], None]

    @cached_property
    def shelf(self) -> Shelf:
        return Shelf(self.layout.messages, self.database.vault)

    @cached_property
    def ingest(self) -> Ingest:
        folders = Folders(self.layout.spool, self.layout.spare, self.shelf)
        ingest = Ingest(folders, self.bookkeeping, self.policy, self.live_calls)
        ingest.tell = self._tell
        ingest.tell_plain = self.metrics.spool_plain.observe
        return ingest

    def _tell(self, call: FinishedCall) -> None:
        self.head_starts.taken_in(call)
        self.taken_in(call)

    @cached_property
    def reconcile(self) -> Reconcile:
        return Reconcile(self.call_log, self._calls_seen, self._spooled, self.live_calls)

    async def _calls_seen(self) -> list[SeenCall]:
        return await asyncio.to_thread(calls_seen, self.layout.cel)

    async def _spooled(self) -> frozenset[UUID]:
        content = await asyncio.to_thread(read_spool, self.layout.spool, self.layout.spare)
        return frozenset(call.id for call in content.calls)

    @cached_property
    def queue(self) -> TranscriptionQueue:
        return TranscriptionQueue(self.database)

    @cached_property
    def recogniser(self) -> RecogniserProcess:
        chosen = self.at_start.recognizer
        return RecogniserProcess(WorkerOptions(chosen.engine.value, chosen.model, chosen.memory_mb))

    @cached_property
    def head_starts(self) -> LiveTranscription:
        layout, calm, count = self.layout, self.pace.calm, self.metrics.head_start
        parts = LiveParts(layout.spool, self.shelf, self.records.messages, self.recogniser, calm, count)
        return LiveTranscription(parts)

    @cached_property
    def transcription(self) -> Transcription:
        transcriber = MeteredTranscriber(self.recogniser, self.metrics)
        return Transcription(self.records.messages, self.shelf, transcriber, self.head_starts)

    @cached_property
    def retention(self) -> Retention:
        folders = KeptFolders(self.shelf, self.layout.spool, self.layout.spare)
        return Retention(self.records.keeping, folders, lambda: self.settings().keeping)

    @cached_property
    def key_keeper(self) -> KeyKeeper:
        return KeyKeeper(self.records.keys, self.shelf, self.at_start.keys)
