"""What people do with messages is kept whole or not at all, with history and audit; of many at once one has it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from pbx.domain.callback import Limit, Limits
from pbx.domain.inbox import Deed, How, Refused, State, Who, Why
from pbx.domain.policy import Policy
from pbx.services.inbox import Inbox, Look
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.migrate import migrate, migrations
from tests.kit.calls import MORNING, a_message_call, a_recording, a_start
from tests.kit.database import vault

RICTOR, MILLS = Who.person("rictor", How.PHONE), Who.person("mills", How.COMMAND, "root")
OPERATOR = Who("root", "root", How.COMMAND)
POLICY = Policy(
    *("v", "Scotland Family Medicine", "US", "UTC", "Dial 911.", {}),
    mailboxes={"rictor": "Dr. Rictor", "mills": "Sam Mills", "front-desk": "Front desk", "unassigned": "Unassigned"},
    members={"rictor": ("rictor",), "mills": ("mills",), "front-desk": ("mills", "rictor")},
    call_back=Limits(Limit(timedelta(hours=1))),
)


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(PgInbox(database), lambda: POLICY)


async def a_message(database: Database, mailbox: str = "front-desk", minute: int = 0) -> UUID:
    start = a_start(MORNING + timedelta(minutes=minute))
    recording = a_recording(start.id, mailbox=mailbox)
    await PgCallLog(database).finish_call(a_message_call(start, recording))
    return recording.id


async def audit(database: Database) -> list[tuple[str, str, str, dict[str, object]]]:
    async with database.session() as connection:
        rows = await connection.fetch("SELECT * FROM audit WHERE action NOT IN ('kept', 'finished') ORDER BY id")
    return [(row["actor"], row["action"], row["object"], json.loads(row["detail"])) for row in rows]


async def test_of_many_who_claim_at_once_exactly_one_has_it(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    claimants = [Who(f"nurse {number}", "root", How.COMMAND) for number in range(20)]
    told = await asyncio.gather(*(inbox.claim(message, one) for one in claimants), return_exceptions=True)
    refused = [answer for answer in told if isinstance(answer, Refused)]
    [winner] = [one for one, answer in zip(claimants, told, strict=True) if answer is None]
    assert (len(refused), {answer.why for answer in refused}) == (19, {Why.OWNED})
    assert all(str(answer).startswith(f"{winner.name} takes care") for answer in refused)
    assert (await inbox.message(message, OPERATOR)).standing.owner == winner.name
    assert [event.by for event in await inbox.history(message, OPERATOR)] == [winner.name]
    assert len(await audit(database)) == 1


async def test_each_change_has_its_line_of_history_and_its_audit_row(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    await inbox.heard(message, RICTOR)
    await inbox.claim(message, MILLS)
    await inbox.note(message, MILLS, "asks about Mrs. Canary")
    await inbox.forward(message, "rictor", MILLS, "for you")
    await inbox.done(message, RICTOR, datetime.now(UTC))
    thing = f"message/{message}"
    noted = await audit(database)
    assert [row[:3] for row in noted] == [
        ("person/rictor", "listened", thing),
        ("root", "claimed", thing),
        ("root", "noted", thing),
        ("root", "forwarded", thing),
        ("person/rictor", "done", thing),
    ]
    assert noted[3][3] == {"by": "person/mills", "how": "command", "from": "front-desk", "to": "rictor"}
    assert "Canary" not in str(noted)
    history = await inbox.history(message, RICTOR)
    assert [(event.deed.value, event.by) for event in history] == [(row[1], row[3]["by"]) for row in noted]
    assert [event.text for event in history] == ["", "", "asks about Mrs. Canary", "for you", ""]


async def test_an_attempt_at_what_is_not_ones_own_is_in_the_audit(inbox: Inbox, database: Database) -> None:
    others, nowhere = await a_message(database, "rictor"), uuid4()
    for attempt in (inbox.heard(others, MILLS), inbox.claim(nowhere, MILLS)):
        with pytest.raises(Refused):
            await attempt
    who = {"by": "person/mills", "how": "command"}
    assert await audit(database) == [
        (MILLS.account, "refused", f"message/{others}", who),
        (MILLS.account, "refused", f"message/{nowhere}", who),
    ]


async def test_what_is_refused_otherwise_leaves_no_trace(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    for attempt in (inbox.reopen(message, MILLS), inbox.note(message, MILLS, "")):
        with pytest.raises(Refused):
            await attempt
    await inbox.release(message, MILLS)
    assert (await audit(database), await inbox.history(message, MILLS)) == ([], [])


async def test_people_see_the_own_mailbox_and_those_of_their_teams(inbox: Inbox, database: Database) -> None:
    own, team, other, nobodys = [
        await a_message(database, box, minute)
        for minute, box in enumerate(("mills", "front-desk", "rictor", "unassigned"))
    ]
    assert [item.message.id for item in await inbox.messages(None, MILLS)] == [team, own]
    assert [item.message.id for item in await inbox.messages(None, OPERATOR)] == [nobodys, other, team, own]
    assert await inbox.messages("rictor", MILLS) == []
    assert await inbox.messages(None, Who.person("left-last-year", How.PHONE)) == []
    for attempt in (inbox.message(other, MILLS), inbox.heard(other, MILLS), inbox.claim(other, MILLS)):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.why is Why.UNKNOWN, "as for one that is not there"


async def test_lists_show_what_is_asked_for(inbox: Inbox, database: Database) -> None:
    mine, open_, done, gone = [await a_message(database, minute=minute) for minute in range(4)]
    await inbox.claim(mine, MILLS)
    await inbox.done(done, MILLS)
    await inbox.delete(gone, MILLS)

    async def shown(**look: Any) -> list[UUID]:
        return [item.message.id for item in await inbox.messages("front-desk", MILLS, Look(**look))]

    assert await shown() == [done, open_, mine]
    assert await shown(open=True) == [open_, mine]
    assert await shown(mine=True) == [done, mine]
    assert await shown(mine=True, open=True) == [mine]
    assert await shown(deleted=True) == [gone]
    assert len(await inbox.messages(None, MILLS, Look(limit=1))) == 1


async def test_a_listing_is_one_row_that_stands_in_the_history_of_each(inbox: Inbox, database: Database) -> None:
    first, second = await a_message(database), await a_message(database, minute=1)
    await inbox.listed([], MILLS)
    await inbox.listed(await inbox.messages(None, MILLS), MILLS)
    ids = [str(second), str(first)]
    assert await audit(database) == [
        ("root", "listed", "messages", {"by": "person/mills", "how": "command", "messages": ids})
    ]
    for message in (first, second):
        [event] = await inbox.history(message, RICTOR)
        assert (event.deed, event.by) == (Deed.LISTED, "person/mills")
    assert (await inbox.message(first, MILLS)).standing.state is State.NEW, "a glance at a list opens nothing"


async def test_a_message_on_legal_hold_is_not_deleted(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    async with database.session() as connection:
        await connection.execute("UPDATE message SET held_at = now()")
    with pytest.raises(Refused) as refused:
        await inbox.delete(message, MILLS)
    assert refused.value.why is Why.HELD
    assert (await inbox.message(message, MILLS)).held


async def test_a_deletion_is_taken_back_within_the_days_of_the_practice(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    await inbox.claim(message, MILLS)
    before = await inbox.message(message, MILLS)
    await inbox.delete(message, MILLS)
    await inbox.undelete(message, RICTOR)
    assert await inbox.message(message, MILLS) == before
    await inbox.delete(message, MILLS)
    strict = Inbox(PgInbox(database), lambda: replace(POLICY, undelete_days=0))
    with pytest.raises(Refused):
        await strict.undelete(message, MILLS)


async def test_history_is_never_changed_and_goes_with_its_message(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    await inbox.claim(message, MILLS)
    async with database.session() as connection:
        for statement in ("UPDATE inbox_event SET by_whom = 'nobody'", "DELETE FROM inbox_event"):
            with pytest.raises(asyncpg.RaiseError):
                await connection.execute(statement)
        await connection.execute("DELETE FROM message")
        assert await connection.fetchval("SELECT count(*) FROM inbox_event") == 0
        assert await connection.fetchval("SELECT count(*) FROM inbox") == 0


async def test_what_was_shown_before_there_was_a_history_is_in_it(empty_dsn: str) -> None:
    before = [migration for migration in migrations() if migration.version < 9]
    call, shown, fresh = uuid4(), uuid4(), uuid4()
    async with Database.connect(empty_dsn, vault()) as database:
        async with database.dedicated() as connection:
            await migrate(connection, before)
            await connection.execute(
                "INSERT INTO call (id, direction, caller_kind, dialled, started_at, outcome) "
                "VALUES ($1, 'inbound', 'withheld', '+17175550100', now(), 'message')",
                call,
            )
            await connection.execute(
                "INSERT INTO message (id, call_id, mailbox, received_at, seconds, file, sha256, repaired) "
                "SELECT id, $1, 'rictor', now(), 1, '', '', false FROM unnest($2::uuid[]) AS id",
                *(call, [shown, fresh]),
            )
            await connection.execute(
                "INSERT INTO audit (actor, action, object) SELECT 'mia', action, $1 FROM unnest($2::text[]) AS action",
                *(f"message/{shown}", ["show", "export"]),
            )
        await database.migrate()
        inbox = Inbox(PgInbox(database), lambda: POLICY)
        assert (await inbox.message(shown, RICTOR)).standing.state is State.HEARD
        assert (await inbox.message(fresh, RICTOR)).standing.state is State.NEW
        history = await inbox.history(shown, RICTOR)
        assert [(event.by, event.deed) for event in history] == [("mia", Deed.READ), ("mia", Deed.EXPORTED)]


async def test_a_claim_alone_keeps_a_message_overdue_until_it_is_done(inbox: Inbox, database: Database) -> None:
    message = await a_message(database)
    came = MORNING + timedelta(minutes=1)
    await inbox.claim(message, MILLS)
    [late] = await inbox.overdue(came + timedelta(hours=2))
    assert (late.message, late.owner, late.due_at) == (message, "person/mills", came + timedelta(hours=1))
    await inbox.done(message, MILLS, came + timedelta(minutes=30))
    assert await inbox.overdue(came + timedelta(hours=2)) == []
    told = await inbox.callbacks(None, "front-desk", came + timedelta(hours=2))
    assert (told.total.in_time, told.total.met, told.total.median_seconds) == (1, 1.0, 1800)
    assert (await inbox.callbacks(came + timedelta(seconds=1), None, came)).total.messages == 0
    assert (await inbox.callbacks(None, "rictor", came)).total.messages == 0
