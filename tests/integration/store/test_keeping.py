"""Messages go by rule, and only those that may; holds keep them; each deed leaves a note."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pbx.domain.call import Label, recording_id
from pbx.domain.inbox import How, Who
from pbx.domain.keeping import BoxCount, BoxRule, Keeping
from pbx.domain.policy import Policy
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.services.inbox import Inbox
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.keeping import PgKeeping
from pbx.store.messages import PgMessageBox
from tests.kit.calls import a_message_call, a_recording, a_start

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
WORDS = Transcript(TranscriptState.DONE, "please call", "moonshine", "tiny-en")
MONTH = Keeping(BoxRule(30), {"salk": BoxRule(90), "rictor": BoxRule(None, 2)})


@pytest.fixture
def keeping(database: Database) -> PgKeeping:
    return PgKeeping(database)


async def a_message(database: Database, days: float, mailbox: str = "front-desk", read: bool = True) -> UUID:
    """A message that came `days` ago and has its words; `read`: somebody has opened it."""
    start = a_start(NOW - timedelta(days=days))
    recording = a_recording(start.id, mailbox=mailbox)
    await PgCallLog(database).finish_call(a_message_call(start, recording))
    box = PgMessageBox(database)
    await box.keep_transcript(recording.id, WORDS)
    if read:
        await _read(database, recording.id)
    return recording.id


async def _read(database: Database, message: UUID) -> None:
    policy = Policy("", "P", "US", "America/New_York", "", {})
    await Inbox(PgInbox(database), lambda: policy).read(message, Who("mia", "mia", How.COMMAND))


async def there(database: Database) -> set[UUID]:
    return {message.id for message in await PgMessageBox(database).messages(None, 100)}


async def fetch(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.session() as connection:
        return [tuple(row) for row in await connection.fetch(statement)]


async def test_what_was_kept_long_enough_goes_with_its_words_and_a_note(database: Database, keeping: PgKeeping) -> None:
    old, young = await a_message(database, 31), await a_message(database, 29)
    assert await keeping.erase_due(MONTH, NOW) == [old]
    assert await there(database) == {young}
    assert await fetch(database, "SELECT message_id FROM transcript") == [(young,)]
    noted = await fetch(database, "SELECT object, detail->>'keep_days' FROM audit WHERE action = 'erased'")
    assert noted == [(f"message/{old}", "30")]
    assert await keeping.files_to_remove() == [(old, f"{old}.sealed")]
    await keeping.file_removed(old)
    assert await keeping.files_to_remove() == []


async def test_each_mailbox_has_its_own_rule_and_without_one_nothing_goes(
    database: Database, keeping: PgKeeping
) -> None:
    for mailbox in ("salk", "rictor"):
        await a_message(database, 89, mailbox)
    assert await keeping.erase_due(MONTH, NOW) == []
    assert await keeping.erase_due(Keeping(), NOW + timedelta(days=9999)) == []
    (gone,) = await keeping.erase_due(MONTH, NOW + timedelta(days=9999))
    assert gone not in await there(database)


async def test_what_nobody_opened_or_what_waits_for_its_words_stays(database: Database, keeping: PgKeeping) -> None:
    unread = await a_message(database, 400, read=False)
    start = a_start(NOW - timedelta(days=400))
    await PgCallLog(database).finish_call(a_message_call(start, a_recording(start.id)))
    pending = recording_id(start.id, "1")
    await _read(database, pending)
    assert await keeping.erase_due(MONTH, NOW) == []
    assert await there(database) == {unread, pending}


async def test_a_hold_keeps_a_message_until_it_is_released(database: Database, keeping: PgKeeping) -> None:
    message = await a_message(database, 400)
    assert await keeping.hold(message, "lawyer's letter", "mia") is True
    assert await keeping.hold(message, "again", "mia") is False
    assert await keeping.erase_due(MONTH, NOW) == []
    record = await PgMessageBox(database).message(message)
    assert record is not None and record.held_at is not None
    assert await keeping.release(message, "sam") is True
    assert await keeping.release(message, "sam") is False
    assert await keeping.erase_due(MONTH, NOW) == [message]
    (hold,) = await keeping.holds(message)
    assert (hold.placed_by, hold.reason, hold.released_by) == ("mia", "lawyer's letter", "sam")
    noted = await fetch(database, "SELECT actor, action FROM audit WHERE action IN ('held', 'released') ORDER BY id")
    assert noted == [("mia", "held"), ("sam", "released")]


async def test_a_message_that_is_not_there_cannot_be_held(keeping: PgKeeping) -> None:
    assert await keeping.hold(uuid4(), "why", "mia") is None
    assert await keeping.release(uuid4(), "mia") is None


async def test_a_hold_in_the_very_moment_of_erasure_wins_or_says_that_it_came_too_late(
    database: Database, keeping: PgKeeping
) -> None:
    for _ in range(10):
        message = await a_message(database, 400)
        held, gone = await asyncio.gather(keeping.hold(message, "why", "mia"), keeping.erase_due(MONTH, NOW))
        assert (held, message in gone) in {(True, False), (None, True)}


async def test_a_hold_that_commits_while_erasure_waits_is_seen(database: Database, keeping: PgKeeping) -> None:
    message = await a_message(database, 400)
    async with database.transaction() as connection:
        await connection.execute("UPDATE message SET held_at = now() WHERE id = $1", message)
        assert await keeping.erase_due(MONTH, NOW) == []
    assert await there(database) == {message}


async def test_what_is_known_and_what_is_to_go_is_no_orphan(database: Database, keeping: PgKeeping) -> None:
    young, old, stranger = await a_message(database, 1), await a_message(database, 400), uuid4()
    await keeping.erase_due(MONTH, NOW)
    assert await keeping.known([young, old, stranger]) == {young, old}
    await keeping.file_removed(old)
    assert await keeping.known([young, old, stranger]) == {young}


async def test_mailboxes_are_counted(database: Database, keeping: PgKeeping) -> None:
    await a_message(database, 1, "rictor")
    held = await a_message(database, 400, "rictor", read=False)
    await keeping.hold(held, "why", "mia")
    await a_message(database, 91, "salk", read=False)
    assert list(await keeping.counts(MONTH, NOW)) == [
        BoxCount("rictor", messages=2, unread=1, held=1, overdue=0),
        BoxCount("salk", messages=1, unread=1, held=0, overdue=1),
    ]
    assert MONTH.rule_of("rictor").is_full(2) and not MONTH.rule_of("salk").is_full(99)


async def test_a_sound_without_a_word_is_noise_and_a_known_label_stays(database: Database) -> None:
    box, nothing = PgMessageBox(database), Transcript(TranscriptState.NO_SPEECH, "", "moonshine", "tiny-en")
    for minute, (given, then) in enumerate(((None, Label.NOISE_ONLY), (Label.SILENT, Label.SILENT))):
        start = a_start(NOW + timedelta(minutes=minute))
        recording = a_recording(start.id, label=given)
        await PgCallLog(database).finish_call(a_message_call(start, recording))
        await box.keep_transcript(recording.id, nothing)
        record = await box.message(recording.id)
        assert record is not None
        assert (record.label, record.read_at) == (then, None)
        assert record.transcribed_at is not None
