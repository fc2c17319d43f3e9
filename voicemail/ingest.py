"""Take finished calls out of the spool, each exactly once, whatever fails in between.

The order is what makes it so: audio is sealed and durable in the message folder, then one transaction writes call,
messages, audit and jobs, then the spool's files go. Ids are derived from the call, so a crash at any point only means
the same again. A file in the message folder without a row is what such a crash leaves; the next attempt takes it as it
is, or writes it anew where it is not whole.

In the spool recordings are plain, because the PBX writes them: `tell_plain` is told for how many seconds each was, from
its last word to when it was gone from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from pbx.domain.call import FinishedCall, Recording, recording_id
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision
from pbx.domain.urgent import TALK_SECONDS
from pbx.services.ports import CallLog, StoreUnavailable
from voicemail.audio import AudioProblem, read_audio, sync_folder
from voicemail.finish import finished_call, mailbox_of
from voicemail.finish_out import finished_out, went_out
from voicemail.labels import label_of
from voicemail.shelf import Shelf
from voicemail.spool import (
    MARKER,
    SpoolContent,
    SpooledCall,
    SpooledRecording,
    SpoolFile,
    Unreadable,
    quarantine,
    read_spool,
)

SCAN_SECONDS = 10.0
STILL_SECONDS = 15.0
"""A recording grows every two seconds (32 KiB of buffer): a file that is still for this long is not being written."""

AWAY_SECONDS = 600.0
"""So long a call waits for the beginning of it that lies on the spool's disk while that is not mounted."""

log = logging.getLogger(__name__)


class CallsUnknown(Exception):
    """Which calls are up cannot be told now: the link to the PBX is down."""


LiveCalls = Callable[[], Awaitable[frozenset[UUID]]]
"""The calls that are up; empty where the PBX itself is not running. Raises `CallsUnknown`."""


@dataclass(frozen=True, slots=True)
class Folders:
    """`spool` and `spare` are written by the PBX; what was taken in is on the `shelf`."""

    spool: Path
    spare: Path
    shelf: Shelf

    @property
    def messages(self) -> Path:
        return self.shelf.folder


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Ids of the calls taken in, of those not ready or kept back by an absent database, and of those that failed."""

    taken: tuple[UUID, ...] = ()
    waiting: tuple[UUID, ...] = ()
    failed: tuple[UUID, ...] = ()


class Ingest:
    """Takes calls out of the spool; one scan at a time. `policy` gives the one in force, `clock` monotonic seconds.

    `tell` is told of each call that is in the log now, perhaps more than once; it raises nothing.
    """

    def __init__(
        self,
        folders: Folders,
        call_log: CallLog,
        policy: Callable[[], Policy],
        live_calls: LiveCalls,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tell: Callable[[FinishedCall], None] = lambda _: None
        self.tell_plain: Callable[[float], None] = lambda _: None
        self._folders = folders
        self._call_log = call_log
        self._policy = policy
        self._live_calls = live_calls
        self._clock = clock
        self._still_since: dict[SpoolFile, float] = {}
        self._complained: set[UUID] = set()
        self._store_away = False
        self._one_at_a_time = asyncio.Lock()

    async def run(self, poked: asyncio.Event) -> None:
        """Scan for ever: each ten seconds, and at once when `poked` is set (a call ended)."""
        while True:
            poked.clear()
            try:
                await self.scan_once()
            except Exception as error:  # noqa: BLE001 - the edge of a job: the next scan tries again
                log.error("the spool could not be scanned (%s); the next scan tries again", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SCAN_SECONDS):
                    await poked.wait()

    async def scan_once(self) -> ScanResult:
        """Take in every call that is ready. Raises OSError if a spool folder cannot be listed."""
        async with self._one_at_a_time:
            # Asked before the files are looked at: a call that is over by now has its end sidecar, if it ever gets one.
            live = await self._calls_up()
            content = await asyncio.to_thread(read_spool, self._folders.spool, self._folders.spare)
            self._note_changes(content)
            await asyncio.to_thread(self._put_aside, content.unreadable)
            away = not await asyncio.to_thread((self._folders.spool / MARKER).exists)
            ready = [call for call in content.calls if self._is_ready(call, live) and not self._misses(call, away)]
            result = await self._take_all(ready)
            done = {*result.taken, *result.failed}
            return replace(result, waiting=tuple(call.id for call in content.calls if call.id not in done))

    async def _take_all(self, ready: Iterable[SpooledCall]) -> ScanResult:
        taken: list[UUID] = []
        failed: list[UUID] = []
        for call in ready:
            try:
                await self._take(call)
            except StoreUnavailable as reason:
                self._note_store(str(reason) or "the database is away")
                break
            except Exception as error:  # noqa: BLE001 - the edge of a call: it must not hold up the others
                failed.append(call.id)
                self._complain(call.id, error)
            else:
                taken.append(call.id)
                self._complained.discard(call.id)
                self._note_store("")
        return ScanResult(tuple(taken), failed=tuple(failed))

    async def _take(self, call: SpooledCall) -> None:
        spoilt: tuple[SpoolFile, ...] = ()
        if not call.finished:
            finished, spoilt = await self._finished(call)
            await self._call_log.finish_call(finished)
            self.tell(finished)
        await asyncio.to_thread(_clear, call, spoilt)
        for recording in call.recordings:
            self.tell_plain(max(0.0, time.time() - recording.file.mtime / 1e9))

    async def _finished(self, call: SpooledCall) -> tuple[FinishedCall, tuple[SpoolFile, ...]]:
        """The call, with its recordings made durable; and the files that hold none."""
        policy = self._policy()
        if went_out(call):
            return finished_out(call, policy), ()
        decision = await self._call_log.decision_of(call.id)
        kept, spoilt = await asyncio.to_thread(self._keep, call, policy, decision)
        return finished_call(call, policy, decision, kept), spoilt

    def _keep(
        self, call: SpooledCall, policy: Policy, decision: Decision | None
    ) -> tuple[tuple[Recording, ...], tuple[SpoolFile, ...]]:
        """Make the call's recordings durable; gives them, and the files that hold none (they are put aside later)."""
        kept: list[Recording] = []
        spoilt: list[SpoolFile] = []
        for recording in call.recordings:
            try:
                mailbox = mailbox_of(call, recording.tag, policy, decision)
                kept.extend(self._keep_one(call.id, recording, mailbox))
            except AudioProblem as problem:
                log.error("a recording of call %s %s; it is put aside in the spool", call.id, problem.flaw)
                spoilt.append(recording.file)
        return tuple(kept), tuple(spoilt)

    def _keep_one(self, call: UUID, recording: SpooledRecording, mailbox: str) -> list[Recording]:
        audio = read_audio(recording.file.path)
        if not audio.pcm:
            return []
        message = recording_id(call, recording.key)
        kept = self._folders.shelf.keep(message, audio)
        label = label_of(audio.samples)
        return [
            Recording(message, mailbox, kept.file, audio.seconds, kept.sha256, audio.repaired, label, kept.key),
        ]

    async def _calls_up(self) -> frozenset[UUID] | None:
        try:
            return await self._live_calls()
        except CallsUnknown:
            return None

    def _is_ready(self, call: SpooledCall, live: frozenset[UUID] | None) -> bool:
        if call.journal is not None and call.journal.talking and not self._is_still(*call.files, seconds=TALK_SECONDS):
            return False  # somebody who is on call answered just before the caller hung up, and may take it yet
        if call.finished or call.is_over:
            return True
        return live is not None and call.id not in live and self._is_still(*call.files)

    def _misses(self, call: SpooledCall, away: bool) -> bool:
        """Whether how the call began is on a disk that is away, and may come back soon: it says who called."""
        return (
            away and call.start is None and call.out is None and not self._is_still(*call.files, seconds=AWAY_SECONDS)
        )

    def _note_changes(self, content: SpoolContent) -> None:
        now = self._clock()
        files = [file for call in content.calls for file in call.files]
        files += [unreadable.file for unreadable in content.unreadable]
        self._still_since = {file: self._still_since.get(file, now) for file in files}

    def _is_still(self, *files: SpoolFile, seconds: float = STILL_SECONDS) -> bool:
        return all(self._clock() - self._still_since[file] >= seconds for file in files)

    def _put_aside(self, unreadable: Iterable[Unreadable]) -> None:
        for item in unreadable:
            # A sidecar may be looked at just while it is written.
            if self._is_still(item.file):
                log.error("a file in the spool makes no sense (call %s); it is put aside", item.call or "unknown")
                with contextlib.suppress(OSError):
                    quarantine(item.file)

    def _complain(self, call: UUID, error: Exception) -> None:
        if call not in self._complained:
            self._complained.add(call)
            log.error("call %s cannot be taken in (%s); it is tried again", call, type(error).__name__)

    def _note_store(self, away: str) -> None:
        if away and not self._store_away:
            log.warning("finished calls stay in the spool: %s", away)
        self._store_away = bool(away)


def _clear(call: SpooledCall, spoilt: tuple[SpoolFile, ...]) -> None:
    """Remove the files of a call that is in the database.

    Several files cannot go at once, and what a crash left of them must not look like another, poorer call. So the first
    file (the end, if there is one) is renamed to `<call>.done` before anything else goes, and that goes last: with it
    there, the next scan only removes the rest. A rename, because a full disk has no room for a new file.
    """
    if not call.finished:
        for file in spoilt:
            quarantine(file)
    files = sorted((f for f in call.files if f not in spoilt), key=_done_end_others)
    if not files:
        return
    marker = files[0].path.with_name(f"{call.id}.done")
    if not call.finished:
        files[0].path.rename(marker)
        sync_folder(marker.parent)
    for file in files[1:]:
        file.path.unlink(missing_ok=True)
    marker.unlink(missing_ok=True)


def _done_end_others(file: SpoolFile) -> int:
    return {".done": 0, ".end": 1}.get(file.path.suffix, 2)
