"""Notices in the database: each once, taken by one, bundled by reader, kept over every kind of end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pbx.domain.inbox import Deed as Did
from pbx.domain.inbox import How, Who, claimed, deleted, opened
from pbx.domain.notices import Cause, Notice
from pbx.services.ports import Backlog, Fate, Verdict
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.outbox import PgOutbox
from tests.kit.calls import a_message_call, a_recording, a_start

NO_WAIT = timedelta()
RICTOR = Who.person("rictor", How.PHONE)

Message = Callable[..., Awaitable[UUID]]


@pytest.fixture
def outbox(database: Database) -> PgOutbox:
    return PgOutbox(database)


@pytest.fixture
def message(database: Database) -> Message:
    """Leaves a message now; gives its id."""

    async def leave(mailbox: str = "rictor") -> UUID:
        start = a_start(datetime.now(UTC) - timedelta(minutes=1))
        recording = a_recording(start.id, mailbox=mailbox)
        await PgCallLog(database).finish_call(a_message_call(start, recording))
        return recording.id

    return leave


def a_notice(message: UUID, person: str = "rictor", channel: str = "mail", cause: Cause = Cause.NEW) -> Notice:
    return Notice(message, cause, "", person, channel)


async def test_a_message_is_followed_from_the_moment_it_is_kept(outbox: PgOutbox, message: Message) -> None:
    id_ = await message()
    [standing] = await outbox.followed()
    assert (standing.message, standing.mailbox, standing.unread, standing.owner) == (id_, "rictor", True, None)


async def test_what_people_do_with_a_message_is_seen(outbox: PgOutbox, message: Message, database: Database) -> None:
    id_, inbox, now = await message(), PgInbox(database), datetime.now(UTC)
    await inbox.change(id_, RICTOR, now, lambda case: opened(case, Did.READ) if case else None)
    assert [s.unread for s in await outbox.followed()] == [False]
    await inbox.change(id_, RICTOR, now, lambda case: claimed(case, RICTOR, now) if case else None)
    assert [s.owner for s in await outbox.followed()] == ["rictor"]
    assert await outbox.counts() == {"rictor": (0, 1)}
    await inbox.change(id_, RICTOR, now, lambda case: deleted(case, RICTOR, now) if case else None)
    assert await outbox.followed() == []
    assert await outbox.counts() == {}


async def test_a_notice_is_written_once(outbox: PgOutbox, message: Message) -> None:
    notice = a_notice(await message())
    await outbox.add([notice])
    await outbox.add([notice, notice])
    bundle = await outbox.take("mail", 9)
    assert bundle
    assert [found for found, _ in bundle.notices] == [notice]
    await outbox.settle(bundle.id, Verdict(Fate.SENT), NO_WAIT)
    await outbox.add([notice])
    assert await outbox.take("mail", 9) is None


async def test_a_notice_of_a_message_that_is_gone_is_not_written(outbox: PgOutbox) -> None:
    await outbox.add([a_notice(UUID(int=1))])
    assert await outbox.backlogs() == []


async def test_what_one_has_taken_nobody_else_gets(outbox: PgOutbox, message: Message) -> None:
    await outbox.add([a_notice(await message())])
    first = await outbox.take("mail", 9)
    assert first is not None
    assert await outbox.take("mail", 9) is None


async def test_what_somebody_had_who_died_is_sent_again_under_the_same_id(database: Database, message: Message) -> None:
    await PgOutbox(database).add([a_notice(await message())])
    first = await PgOutbox(database, taken_seconds=0).take("mail", 9)
    again = await PgOutbox(database).take("mail", 9)
    assert first and again
    assert (again.id, again.attempt) == (first.id, 2)


async def test_a_new_start_waits_for_nobody(outbox: PgOutbox, message: Message) -> None:
    await outbox.add([a_notice(await message())])
    first = await outbox.take("mail", 9)
    await outbox.let_go()
    again = await outbox.take("mail", 9)
    assert first and again
    assert again.id == first.id


async def test_all_that_waits_for_one_reader_is_one_bundle(outbox: PgOutbox, message: Message) -> None:
    notices = [a_notice(await message()) for _ in range(5)]
    other = a_notice(notices[0].message, "mills")
    await outbox.add([*notices, other])
    bundles = [await outbox.take("mail", 20) for _ in range(3)]
    sizes = sorted(len(bundle.notices) for bundle in bundles if bundle)
    assert sizes == [1, 5]


async def test_a_bundle_that_was_tried_stays_as_it_was(outbox: PgOutbox, message: Message) -> None:
    first, second = a_notice(await message()), a_notice(await message())
    await outbox.add([first])
    tried = await outbox.take("mail", 20)
    assert tried
    await outbox.settle(tried.id, Verdict(Fate.TEMPORARY, "Busy."), NO_WAIT)
    await outbox.add([second])
    bundles = [await outbox.take("mail", 20), await outbox.take("mail", 20)]
    assert {bundle.id: [n.id for n, _ in bundle.notices] for bundle in bundles if bundle} == {
        tried.id: [first.id],
        second.id: [second.id],
    }


async def test_what_failed_waits_and_what_was_held_used_no_attempt_up(outbox: PgOutbox, message: Message) -> None:
    await outbox.add([a_notice(await message())])
    for verdict, attempt in ((Fate.HELD, 1), (Fate.TEMPORARY, 1), (Fate.TEMPORARY, 2)):
        bundle = await outbox.take("mail", 9)
        assert bundle
        assert bundle.attempt == attempt
        await outbox.settle(bundle.id, Verdict(verdict, "Busy."), NO_WAIT)
    assert await outbox.backlogs() == [Backlog("mail", 1, 0, "Busy.")]
    bundle = await outbox.take("mail", 9)
    assert bundle
    await outbox.settle(bundle.id, Verdict(Fate.TEMPORARY, "Busy."), timedelta(hours=1))
    assert await outbox.take("mail", 9) is None


async def test_what_failed_for_good_is_told_and_noted(outbox: PgOutbox, message: Message, database: Database) -> None:
    id_ = await message()
    await outbox.add([a_notice(id_)])
    bundle = await outbox.take("mail", 9)
    assert bundle
    await outbox.settle(bundle.id, Verdict(Fate.PERMANENT, "Refused."), NO_WAIT)
    assert await outbox.backlogs() == [Backlog("mail", 0, 1, "Refused.")]
    async with database.session() as connection:
        noted = await connection.fetch("SELECT action, object FROM audit WHERE action LIKE '%notified'")
    assert [tuple(row) for row in noted] == [("not-notified", f"message/{id_}")]


async def test_a_dropped_notice_is_over(outbox: PgOutbox, message: Message) -> None:
    notice = a_notice(await message())
    await outbox.add([notice])
    await outbox.drop([notice.id])
    assert await outbox.take("mail", 9) is None
    assert await outbox.backlogs() == []


async def test_a_dropped_notice_may_have_a_reason_again(outbox: PgOutbox, message: Message) -> None:
    notice = a_notice(await message())
    await outbox.add([notice])
    await outbox.drop([notice.id])
    await outbox.add([notice])
    assert await outbox.take("mail", 9) is not None
