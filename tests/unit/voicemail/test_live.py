"""A message is followed while it is recorded; nothing hangs on it, and what it heard is what was kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pbx.domain.call import MessageRecord, recording_id
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.steps import RecordStep, Result, SayStep, Step
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.services.ports import StoreUnavailable
from pbx.services.route import Question
from tests.kit.database import vault
from tests.kit.wait import until
from tests.unit.voicemail.spooling import tone
from voicemail import follow
from voicemail import live as live_module
from voicemail.audio import Audio, wav_bytes
from voicemail.live import FollowingRouter, HeadStart, LiveParts, LiveTranscription
from voicemail.shelf import Shelf
from voicemail.transcribe.recogniser import RecognitionFailed
from voicemail.transcribe.turns import Turns, Urgency
from voicemail.transcription import Transcription

CALL = UUID("6f1f3a52-8a7e-4d0c-9f35-0b6f2a1c9d01")
MESSAGE = recording_id(CALL, "1")
PCM = tone(6.0).tobytes()
PIECE = 32 * 1024
RECORD = MessageRecord(
    MESSAGE, CALL, "rictor", Caller(NumberKind.WITHHELD), "+17175550100", datetime(2026, 11, 23, tzinfo=UTC), 6.0,
    f"{MESSAGE}.sealed", TranscriptState.PENDING, None, None,
)  # fmt: skip


@dataclass
class Box:
    record: MessageRecord | None = RECORD
    kept: list[Transcript] = field(default_factory=list)
    away: bool = False

    async def messages(self, mailbox: str | None, limit: int) -> Sequence[MessageRecord]:
        return ()

    async def message(self, message: UUID) -> MessageRecord | None:
        if self.away:
            raise StoreUnavailable
        return self.record

    async def opened(self, message: UUID, actor: str, action: str) -> None: ...

    async def keep_transcript(self, message: UUID, transcript: Transcript) -> None:
        self.kept.append(transcript)

    async def transcription_failed(self, message: UUID, failure: str) -> None: ...


@dataclass
class Ear:
    """Hears a recording's bytes; its words are how many there were."""

    heard: dict[str, bytes] = field(default_factory=dict)
    urgencies: list[Urgency] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    broken: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def hear(self, work: str, at: int, pcm: bytes, urgency: Urgency) -> None:
        await self.free.wait()
        if self.broken:
            raise RecognitionFailed("The recogniser died.", retry=True)
        known = self.heard.get(work, b"")
        assert at * 2 == len(known)
        self.heard[work] = known + pcm
        self.urgencies.append(urgency)

    async def finish(self, work: str) -> Transcript:
        return Transcript(TranscriptState.DONE, f"{len(self.heard[work])} bytes", "ear", "own")

    async def drop(self, work: str) -> None:
        self.dropped.append(work)


class Office:
    """A spool, a message folder and what follows recordings between them."""

    def __init__(self, folder: Path) -> None:
        self.spool, self.messages = folder / "spool", folder / "messages"
        self.spool.mkdir()
        self.messages.mkdir()
        self.shelf = Shelf(self.messages, vault())
        self.box, self.ear, self.told = Box(), Ear(), list[HeadStart]()
        self.live = LiveTranscription(
            LiveParts(self.spool, self.shelf, self.box, self.ear, self.calm, self.told.append)
        )

    async def calm(self) -> None: ...

    @property
    def recording(self) -> Path:
        return self.spool / f"{CALL}-1.wav"

    def records(self, pcm: bytes) -> None:
        """The PBX writes so much of the message: its header says 0 until it is closed."""
        self.recording.write_bytes(wav_bytes(b"") + pcm)

    def takes_in(self, pcm: bytes = PCM) -> None:
        assert self.shelf.keep(MESSAGE, Audio(pcm)).file == RECORD.file
        self.recording.unlink(missing_ok=True)

    async def has_heard(self, length: int) -> None:
        await until(lambda: sum(map(len, self.ear.heard.values())) == length)


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(follow, "LOOK_SECONDS", 0.01)
    office = Office(tmp_path)
    async with office.live:
        yield office


async def test_the_words_are_written_when_the_message_is_taken_in(office: Office) -> None:
    office.live.begins(CALL, 1)
    for size in (PIECE, 2 * PIECE, len(PCM) - 100):
        office.records(PCM[:size])
        await office.has_heard(size)
    assert set(office.ear.urgencies) == {Urgency.GROWING}
    office.records(PCM)
    office.live.over(CALL)
    await office.has_heard(len(PCM))
    office.takes_in()
    assert await office.live.deliver(MESSAGE)
    assert [transcript.text for transcript in office.box.kept] == [f"{len(PCM)} bytes"]
    assert office.told == [HeadStart.WRITTEN]


async def test_the_last_of_it_is_heard_after_the_file_has_lost_its_name(office: Office) -> None:
    office.records(PCM[:PIECE])
    office.live.begins(CALL, 1)
    await office.has_heard(PIECE)
    office.records(PCM)
    office.takes_in()
    assert await office.live.deliver(MESSAGE)
    assert office.ear.heard == {f"growing-{CALL}-1": PCM}


async def test_an_end_sidecar_tells_the_end_where_nobody_else_does(office: Office) -> None:
    office.records(PCM)
    office.live.begins(CALL, 1)
    (office.spool / f"{CALL}.end").touch()
    await office.has_heard(len(PCM))
    assert office.ear.urgencies == [Urgency.ENDED] * 2


async def test_words_of_other_samples_than_those_kept_are_not_taken(office: Office) -> None:
    office.records(PCM)
    office.live.begins(CALL, 1)
    await office.has_heard(len(PCM))
    office.takes_in(PCM[:-2] + b"\x01\x02")
    assert not await office.live.deliver(MESSAGE)
    assert (office.box.kept, office.told) == ([], [HeadStart.DIFFERENT])


async def test_a_machine_that_is_too_busy_leaves_the_message_to_its_job(office: Office) -> None:
    office.records(PCM[:PIECE])
    office.live.begins(CALL, 1)
    await office.has_heard(PIECE)
    office.records(PCM * 12)
    await until(lambda: bool(office.ear.dropped))
    office.takes_in(PCM * 12)
    assert not await office.live.deliver(MESSAGE)
    assert office.told == [HeadStart.GIVEN_UP]


async def test_a_recogniser_that_dies_leaves_the_message_to_its_job(office: Office) -> None:
    office.ear.broken = True
    office.records(PCM)
    office.live.begins(CALL, 1)
    office.takes_in()
    assert not await office.live.deliver(MESSAGE)
    assert not await office.live.deliver(MESSAGE)


@pytest.mark.parametrize("poison", [b"garbage" * 20, wav_bytes(PCM)[:20] + b"\x02" + wav_bytes(PCM)[21:], b"RIFF"])
async def test_what_is_no_recording_is_not_followed(office: Office, poison: bytes) -> None:
    office.recording.write_bytes(poison)
    office.live.begins(CALL, 1)
    office.live.over(CALL)
    assert not await office.live.deliver(MESSAGE)
    assert office.ear.heard == {}


async def test_a_link_in_the_spool_leads_nowhere(office: Office, tmp_path: Path) -> None:
    (tmp_path / "other.wav").write_bytes(wav_bytes(PCM))
    office.recording.symlink_to(tmp_path / "other.wav")
    office.live.begins(CALL, 1)
    assert not await office.live.deliver(MESSAGE)


async def test_only_so_many_are_followed_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_AT_ONCE", 2)
    for _ in range(5):
        office.live.begins(uuid4(), 1)
    assert office.told == [HeadStart.NOT_FOLLOWED] * 3


async def test_results_of_messages_that_never_come_are_let_go(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_RESULTS", 2)
    calls = [uuid4() for _ in range(3)]
    for call in calls:
        (office.spool / f"{call}-1.wav").write_bytes(wav_bytes(PCM))
        office.live.begins(call, 1)
        office.live.over(call)
        await asyncio.gather(*(followed.following for followed in office.live._known.values()))
    office.box.record = None
    assert office.told == []
    assert [await office.live.deliver(recording_id(call, "1")) for call in calls] == [False] * 3
    assert office.told == [HeadStart.GIVEN_UP] * 2


async def test_while_the_database_is_away_the_message_waits_for_its_job(office: Office) -> None:
    office.records(PCM)
    office.live.begins(CALL, 1)
    office.box.away = True
    with pytest.raises(StoreUnavailable):
        await office.live.deliver(MESSAGE)
    assert not await office.live.deliver(MESSAGE)


async def test_the_job_does_not_transcribe_what_is_written_already(office: Office) -> None:
    office.records(PCM)
    office.live.begins(CALL, 1)
    await office.has_heard(len(PCM))
    office.takes_in()

    class Never:
        async def transcribe(self, recording: Audio, seconds: float) -> Transcript:
            raise AssertionError

    await Transcription(office.box, office.shelf, Never(), office.live).transcribe_message(MESSAGE, 1)
    assert len(office.box.kept) == 1


async def test_a_record_step_begins_a_recording_and_the_next_question_ends_it(office: Office) -> None:
    steps: list[Step] = [RecordStep("rictor", 60), SayStep(("thanks",))]

    class Router:
        async def next(self, question: Question) -> tuple[int, Step]:
            return question.position + 1, steps[question.position]

    router = FollowingRouter(Router(), office.live)
    question = Question(CALL, "+17175550100", "", datetime(2026, 11, 23, tzinfo=UTC), 0, Result.SAID)
    await router.next(question)
    office.records(PCM)
    await office.has_heard(len(PCM))
    await router.next(replace(question, position=1, result=Result.RECORDED))
    office.takes_in()
    assert await office.live.deliver(MESSAGE)


async def test_the_most_urgent_goes_first_and_who_gives_up_holds_up_nobody() -> None:
    turns, order = Turns(), list[str]()

    async def work(name: str, urgency: Urgency) -> None:
        async with turns.turn(urgency):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group, turns.turn(Urgency.WHOLE):
        tasks = [
            group.create_task(work(*item))
            for item in (
                ("whole", Urgency.WHOLE), ("quitter", Urgency.ENDED), ("piece", Urgency.GROWING),
                ("tail", Urgency.ENDED), ("next whole", Urgency.WHOLE),
            )
        ]  # fmt: skip
        await asyncio.sleep(0)
        tasks[1].cancel()
    assert order == ["tail", "piece", "whole", "next whole"]
