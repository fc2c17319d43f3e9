"""Taking calls out of the spool: each exactly once, whatever is away, garbled or interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pbx.domain.call import CallRecord, CallStart, FinishedCall, recording_id
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outbound import Permission
from pbx.domain.outcome import Outcome
from pbx.domain.policy import UNASSIGNED_MAILBOX
from pbx.domain.routing import Decision, Reason, decide
from pbx.domain.steps import EndStep, RecordStep, SayStep
from pbx.sealing.keys import KeyRing, write_key_file
from pbx.sealing.vault import Vault
from pbx.services.ports import StoreUnavailable
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
from pbx.store.key_book import PgKeyBook
from pbx.store.messages import PgMessageBox
from tests.unit.voicemail.spooling import (
    CALL,
    DID,
    STARTED,
    EndLine,
    folders_in,
    policy,
    put,
    put_message,
    recording,
    start_line,
)
from voicemail.audio import Audio
from voicemail.ingest import CallsUnknown, Folders, Ingest
from voicemail.shelf import Shelf

OTHER = UUID("0c0ffee0-0000-4000-8000-000000000001")


@dataclass
class Recorder:
    """Keeps what it is given like the call log does: the first word about a call counts."""

    calls_kept: dict[UUID, FinishedCall] = field(default_factory=dict)
    told: list[FinishedCall] = field(default_factory=list)
    away: bool = False
    refuses: frozenset[UUID] = frozenset()
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None: ...

    async def decision_of(self, call: UUID) -> Decision | None:
        if self.away:
            raise StoreUnavailable
        return None

    async def finish_call(self, call: FinishedCall) -> bool:
        if call.start.id in self.refuses:
            raise RuntimeError("a text that names Martha")
        self.told.append(call)
        self.finished.set()
        new = call.start.id not in self.calls_kept
        self.calls_kept.setdefault(call.start.id, call)
        return new

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(calls) - self.calls_kept.keys()

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        return ()


@dataclass
class Pbx:
    """The PBX as ingest sees it: which calls are up, or that this cannot be told. Time is moved by hand."""

    up: frozenset[UUID] | None = frozenset()
    seconds: float = 0.0

    async def live_calls(self) -> frozenset[UUID]:
        if self.up is None:
            raise CallsUnknown
        return self.up

    def clock(self) -> float:
        return self.seconds


@dataclass
class Bench:
    folders: Folders
    log: Recorder = field(default_factory=Recorder)
    pbx: Pbx = field(default_factory=Pbx)

    def ingest(self) -> Ingest:
        return Ingest(self.folders, self.log, policy, self.pbx.live_calls, self.pbx.clock)

    @property
    def spooled(self) -> list[str]:
        folders = (self.folders.spool, self.folders.spare)
        return sorted(p.name for f in folders for p in f.iterdir() if p.is_file() and p.name != ".mounted")

    @property
    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folders.messages.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(folders_in(tmp_path))


async def test_a_finished_call_is_taken_in_with_its_message(bench: Bench) -> None:
    put_message(bench.folders)
    result = await bench.ingest().scan_once()
    call = bench.log.calls_kept[CALL]
    (message,) = call.recordings
    assert result.taken == (CALL,)
    assert (call.outcome, message.id, message.seconds) == (Outcome.MESSAGE, recording_id(CALL, "1"), 2.0)
    assert bench.kept == [message.file]
    assert bench.spooled == []


async def test_a_call_that_is_up_is_left_alone_for_as_long_as_it_takes(bench: Bench) -> None:
    put(bench.folders.spool, f"{CALL}.call", start_line())
    bench.pbx.up = frozenset({CALL})
    ingest = bench.ingest()
    for _ in range(5):
        bench.pbx.seconds += 60
        assert (await ingest.scan_once()).waiting == (CALL,)
    assert bench.log.told == []


async def test_a_call_whose_beginning_is_on_a_disk_that_is_away_waits_for_it_but_not_for_ever(bench: Bench) -> None:
    put(bench.folders.spare, f"{CALL}.end", str(EndLine()))
    put(bench.folders.spare, f"{CALL}-1.wav", recording())
    marker, ingest = bench.folders.spool / ".mounted", bench.ingest()
    marker.unlink()
    for seconds in (0, 300, 299):
        bench.pbx.seconds += seconds
        assert (await ingest.scan_once()).waiting == (CALL,)
    put(bench.folders.spool, f"{CALL}.call", start_line())
    marker.touch()
    assert (await ingest.scan_once()).taken == (CALL,)
    assert bench.log.calls_kept[CALL].start.caller.number
    put(bench.folders.spare, f"{OTHER}.end", str(EndLine()))
    marker.unlink()
    await ingest.scan_once()
    bench.pbx.seconds += 600
    assert (await ingest.scan_once()).taken == (OTHER,)


async def test_a_call_that_the_pbx_could_not_end_is_taken_in_when_its_files_are_still(bench: Bench) -> None:
    put(bench.folders.spool, f"{CALL}.call", start_line())
    growing = put(bench.folders.spool, f"{CALL}-safe.wav", recording()[:1000])
    ingest = bench.ingest()
    await ingest.scan_once()
    bench.pbx.seconds += 14
    growing.write_bytes(recording()[:-4000])
    await ingest.scan_once()
    bench.pbx.seconds += 14
    assert (await ingest.scan_once()).taken == ()
    bench.pbx.seconds += 1
    assert (await ingest.scan_once()).taken == (CALL,)
    (message,) = bench.log.calls_kept[CALL].recordings
    assert (message.mailbox, message.repaired, message.seconds) == ("rictor", True, 1.75)


async def test_a_call_that_ends_while_the_pbx_is_asked_is_not_taken_for_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bench.folders.spool, f"{CALL}.call", start_line())
    ingest = bench.ingest()
    await ingest.scan_once()
    bench.pbx.seconds += 600

    async def ends_now() -> frozenset[UUID]:
        put(bench.folders.spool, f"{CALL}.end", str(EndLine(stage="ring")))
        return frozenset()

    monkeypatch.setattr(ingest, "_live_calls", ends_now)
    await ingest.scan_once()
    assert bench.log.calls_kept[CALL].outcome is Outcome.HUNG_UP_RINGING


async def test_while_the_pbx_cannot_be_asked_only_ended_calls_are_taken(bench: Bench) -> None:
    put_message(bench.folders)
    put(bench.folders.spool, f"{OTHER}.call", start_line())
    bench.pbx.up = None
    ingest = bench.ingest()
    assert (await ingest.scan_once()).taken == (CALL,)
    bench.pbx.seconds += 600
    assert (await ingest.scan_once()).waiting == (OTHER,)
    bench.pbx.up = frozenset()
    assert (await ingest.scan_once()).taken == (OTHER,)
    assert bench.log.calls_kept[OTHER].outcome is Outcome.LOST


@pytest.mark.parametrize("length", [0, 20, 44])
async def test_a_caller_who_hung_up_at_the_beep_left_no_message(bench: Bench, length: int) -> None:
    put_message(bench.folders)
    put(bench.folders.spool, f"{CALL}-1.wav", recording()[:length])
    await bench.ingest().scan_once()
    call = bench.log.calls_kept[CALL]
    assert (call.outcome, call.recordings) == (Outcome.NO_MESSAGE, ())
    assert (bench.kept, bench.spooled) == ([], [])


async def test_a_message_that_went_on_in_the_spare_folder_is_kept_in_both_parts(bench: Bench) -> None:
    put_message(bench.folders)
    put(bench.folders.spare, f"{CALL}-1.wav", recording(1.0))
    await bench.ingest().scan_once()
    assert sorted(r.seconds for r in bench.log.calls_kept[CALL].recordings) == [1.0, 2.0]
    assert len(bench.kept) == 2


async def test_what_is_no_recording_is_put_aside_and_the_call_still_counts(bench: Bench) -> None:
    put_message(bench.folders)
    put(bench.folders.spool, f"{CALL}-1.wav", b"not audio at all" * 10)
    assert (await bench.ingest().scan_once()).taken == (CALL,)
    assert bench.log.calls_kept[CALL].recordings == ()
    assert bench.spooled == []
    assert (bench.folders.spool / "quarantine" / f"{CALL}-1.wav").exists()


async def test_a_sidecar_is_put_aside_only_when_it_is_not_just_being_written(bench: Bench) -> None:
    put(bench.folders.spool, f"{CALL}.end", "v1|17954")
    ingest = bench.ingest()
    await ingest.scan_once()
    assert bench.spooled == [f"{CALL}.end"]
    bench.pbx.seconds += 15
    await ingest.scan_once()
    assert bench.spooled == []
    assert (bench.folders.spool / "quarantine" / f"{CALL}.end").exists()


async def test_while_the_database_is_away_all_stays_and_then_all_comes(bench: Bench) -> None:
    put_message(bench.folders)
    put_message(bench.folders, OTHER)
    before = bench.spooled
    bench.log.away = True
    ingest = bench.ingest()
    assert set((await ingest.scan_once()).waiting) == {CALL, OTHER}
    assert (bench.spooled, bench.kept) == (before, [])
    bench.log.away = False
    assert set((await ingest.scan_once()).taken) == {CALL, OTHER}


async def test_one_bad_call_holds_up_no_other_and_is_told_once_without_its_words(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    put_message(bench.folders)
    put_message(bench.folders, OTHER)
    bench.log.refuses = frozenset({CALL})
    ingest = bench.ingest()
    with caplog.at_level(logging.DEBUG):
        assert (await ingest.scan_once()).taken == (OTHER,)
        assert (await ingest.scan_once()).failed == (CALL,)
    (record,) = caplog.records
    assert str(CALL) in record.getMessage()
    assert "Martha" not in caplog.text
    bench.log.refuses = frozenset()
    assert (await ingest.scan_once()).taken == (CALL,)


async def test_a_full_message_folder_keeps_the_call_in_the_spool(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    put_message(bench.folders)
    before = bench.spooled
    with monkeypatch.context() as full:
        full.setattr("voicemail.audio.os.fsync", _no_room)
        assert (await bench.ingest().scan_once()).failed == (CALL,)
    assert (bench.spooled, bench.log.told) == (before, [])
    assert (await bench.ingest().scan_once()).taken == (CALL,)


async def test_a_call_that_ended_is_taken_in_as_soon_as_it_is_told(bench: Bench) -> None:
    poked = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(bench.ingest().run(poked))
        await asyncio.sleep(0)
        put_message(bench.folders)
        poked.set()
        async with asyncio.timeout(5):
            await bench.log.finished.wait()
        running.cancel()


async def test_a_call_with_nothing_readable_but_its_audio_is_a_call_in_the_log(
    bench: Bench, database: Database
) -> None:
    put(bench.folders.spool, f"{CALL}.call", "")
    put(bench.folders.spool, f"{CALL}-1.wav", recording())
    ingest = Ingest(bench.folders, PgCallLog(database), policy, bench.pbx.live_calls, bench.pbx.clock)
    await ingest.scan_once()
    bench.pbx.seconds += 60
    assert (await ingest.scan_once()).taken == (CALL,)
    (message,) = await PgMessageBox(database).messages(None, 10)
    assert (message.call_id, message.mailbox, message.seconds) == (CALL, UNASSIGNED_MAILBOX, 2.0)


async def test_a_decision_that_was_stored_decides_about_the_mailbox_and_stays(bench: Bench, database: Database) -> None:
    log = PgCallLog(database)
    closed = decide(policy(), DID, STARTED)
    decision = replace(
        closed, reason=Reason.OUTSIDE_HOURS, steps=(SayStep(("x",)), RecordStep("evening", 60), EndStep())
    )
    await log.open_call(CallStart(CALL, DID, Caller(NumberKind.WITHHELD), STARTED), decision)
    put_message(bench.folders)
    await Ingest(bench.folders, log, policy, bench.pbx.live_calls, bench.pbx.clock).scan_once()
    (call,) = await log.calls(None, None, 10)
    (message,) = await PgMessageBox(database).messages("evening", 10)
    assert (call.outcome, call.reason, call.message_id) == (Outcome.MESSAGE, Reason.OUTSIDE_HOURS, message.id)


class Crash(BaseException):
    """The power is gone."""


@dataclass
class Fuse:
    """Lets `left` operations of the machine happen, then every further one fails: nothing runs after a crash."""

    left: int

    def around(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def fused(*args: Any, **kwargs: Any) -> Any:
            self.burn()
            result = operation(*args, **kwargs)
            self.burn()
            return result

        return fused

    def burn(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash


@dataclass
class FusedLog(Recorder):
    """The real call log behind a fuse; what it is told is noted, too."""

    real: PgCallLog | None = None
    fuse: Fuse = field(default_factory=lambda: Fuse(10**9))

    async def finish_call(self, call: FinishedCall) -> bool:
        self.fuse.burn()
        assert self.real is not None
        self.told.append(call)
        new = await self.real.finish_call(call)
        self.fuse.burn()
        return new


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "without an end"])
async def test_a_crash_at_any_point_only_means_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database, ended: bool
) -> None:
    steps = 0
    while await _crashes_after(steps, tmp_path / str(steps), database, monkeypatch, ended):
        steps += 1
    assert steps > 20
    calls = await PgCallLog(database).calls(None, None, 1000)
    messages = await PgMessageBox(database).messages(None, 1000)
    assert len({call.id for call in calls}) == len(calls) == steps + 1
    assert {call.outcome for call in calls} == {Outcome.MESSAGE}
    assert len(messages) == 2 * len(calls)
    assert await TranscriptionQueue(database).depth() == len(messages)


async def test_an_answer_to_commit_that_was_lost_costs_nothing_whatever_becomes_of_the_keys_meanwhile(
    bench: Bench, database: Database
) -> None:
    class Deaf(FusedLog):
        deaf = True

        async def finish_call(self, call: FinishedCall) -> bool:
            new = await super().finish_call(call)
            if self.deaf:
                raise StoreUnavailable
            return new

    bench.log = log = Deaf(real=PgCallLog(database))
    put_message(bench.folders)
    ingest = bench.ingest()
    assert (await ingest.scan_once()).waiting == (CALL,)
    database.vault.ring.add()
    await PgKeyBook(database).rewrap()
    log.deaf = False
    assert (await bench.ingest().scan_once()).taken == (CALL,)
    assert bench.kept == [f"{recording_id(CALL, '1')}.sealed"]
    assert [audio.seconds for audio in await _opened(bench, database)] == [2.0]


async def test_where_the_keys_are_lost_calls_wait_in_the_spool(bench: Bench, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    ring.make_first()
    copy = ring.lines()
    for path in ring.folder.glob("*.key"):
        path.unlink()
    bench.folders = replace(bench.folders, shelf=Shelf(bench.folders.messages, Vault(ring)))
    put_message(bench.folders)
    before, ingest = bench.spooled, bench.ingest()
    assert (await ingest.scan_once()).waiting == (CALL,)
    assert (bench.spooled, bench.kept) == (before, [])
    write_key_file(ring.folder / "copy.key", copy)
    assert (await ingest.scan_once()).taken == (CALL,)


async def test_it_is_told_how_long_a_recording_lay_plain(bench: Bench) -> None:
    put_message(bench.folders)
    os.utime(bench.folders.spool / f"{CALL}-1.wav", (time.time() - 5, time.time() - 5))
    told: list[float] = []
    ingest = bench.ingest()
    ingest.tell_plain = told.append
    await ingest.scan_once()
    [seconds] = told
    assert 5 <= seconds < 15


async def _crashes_after(
    steps: int, base: Path, database: Database, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> bool:
    """Cut the power after `steps` operations, start again, and see that all is as if nothing had been."""
    log = FusedLog(real=PgCallLog(database), fuse=Fuse(steps))
    bench = Bench(folders_in(base), log)
    call = UUID(int=steps + 1, version=4)
    _put_a_call_with_everything(bench.folders, call, ended)
    with monkeypatch.context() as fused:
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "unlink")):
            fused.setattr(owner, name, log.fuse.around(getattr(owner, name)))
        with contextlib.suppress(Crash):
            await _scan_until_still(bench)
    crashed = log.fuse.left < 0
    log.fuse.left = 10**9
    await _scan_until_still(bench)
    assert bench.spooled == []
    assert all(told == log.told[0] for told in log.told)
    assert bench.kept == sorted(r.file for r in log.told[0].recordings)
    assert len(bench.kept) == 2
    assert [path.name for path in (bench.folders.spool / "quarantine").iterdir()] == [f"{call}-2.wav"]
    assert [audio.seconds for audio in await _opened(bench, database)] == [2.0, 2.0]
    return crashed


async def _opened(bench: Bench, database: Database) -> list[Audio]:
    """The call's recordings, opened with the keys of the database."""
    ids = [recording.id for recording in bench.log.told[0].recordings]
    return [bench.folders.shelf.read(record) for record in await PgMessageBox(database).messages(None, 2, ids)]


def _put_a_call_with_everything(folders: Folders, call: UUID, ended: bool) -> None:
    put_message(folders, call, end=EndLine())
    put(folders.spool, f"{call}-2.wav", b"garbage" * 20)
    put(folders.spare, f"{call}-safe.wav", recording())
    if not ended:
        (folders.spool / f"{call}.end").unlink()


async def _scan_until_still(bench: Bench) -> None:
    ingest = bench.ingest()
    for _ in range(2):
        await ingest.scan_once()
        bench.pbx.seconds += 60


def _no_room(_: int) -> None:
    raise OSError(28, "No space left on device")
