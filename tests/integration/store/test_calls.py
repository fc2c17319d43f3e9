"""Every call is written down once, with its decision, its messages and their jobs, however often it is told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbx.domain.call import CallRecord, FinishedCall
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outcome import Outcome
from pbx.domain.routing import Reason
from pbx.domain.tree import Choice
from pbx.output import call_json
from pbx.services.ports import CallLog, StoreUnavailable
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.jobs import TranscriptionQueue
from tests.kit.calls import (
    LINE,
    MORNING,
    PATIENT,
    a_decision,
    a_message_call,
    a_recording,
    a_start,
    an_answered_call,
)


@pytest.fixture
def calls(database: Database) -> CallLog:
    return PgCallLog(database)


async def only(calls: CallLog) -> CallRecord:
    (record,) = await calls.calls(None, None, 10)
    return record


async def counts(database: Database) -> tuple[int, int, int]:
    """How many messages, jobs and audit rows there are."""
    async with database.session() as connection:
        messages = await connection.fetchval("SELECT count(*) FROM message")
        notes = await connection.fetchval("SELECT count(*) FROM audit")
    return messages, await TranscriptionQueue(database).depth(), notes


async def test_an_opened_call_is_in_the_log_with_its_reasons(calls: CallLog) -> None:
    start = a_start()
    await calls.open_call(start, a_decision())
    assert await only(calls) == CallRecord(
        id=start.id,
        direction=(await only(calls)).direction,
        caller=Caller(NumberKind.E164, PATIENT),
        dialled=LINE,
        started_at=MORNING,
        answered_at=None,
        ended_at=None,
        outcome=Outcome.IN_PROGRESS,
        reason=Reason.OUTSIDE_HOURS,
        why=("The line is closed.", "Take a message."),
        answered_by=None,
        message_id=None,
    )


async def test_a_decision_is_read_back_as_it_was_made(calls: CallLog) -> None:
    start = a_start()
    await calls.open_call(start, a_decision())
    assert await calls.decision_of(start.id) == a_decision()
    assert await calls.decision_of(uuid4()) is None


async def test_the_first_decision_stays(calls: CallLog) -> None:
    start = a_start()
    await calls.open_call(start, a_decision())
    await calls.open_call(start, replace(a_decision(), rule="another"))
    assert await calls.decision_of(start.id) == a_decision()


async def test_a_decision_that_this_version_cannot_read_is_made_anew(calls: CallLog, database: Database) -> None:
    start = a_start()
    await calls.open_call(start, a_decision())
    async with database.session() as connection:
        await connection.execute("UPDATE call SET decision = '{}'")
    assert await calls.decision_of(start.id) is None


async def test_an_answered_call_keeps_who_answered(calls: CallLog) -> None:
    start = a_start()
    await calls.open_call(start, a_decision())
    assert await calls.finish_call(an_answered_call(start))
    record = await only(calls)
    assert (record.outcome, record.answered_by) == (Outcome.ANSWERED, "rictor-desk")
    assert record.answered_at == MORNING + timedelta(seconds=10)
    assert record.reason is Reason.OUTSIDE_HOURS


async def test_a_message_comes_with_its_job_and_its_note(calls: CallLog, database: Database) -> None:
    start = a_start()
    assert await calls.finish_call(a_message_call(start))
    assert (await only(calls)).message_id == a_recording(start.id).id
    assert await counts(database) == (1, 1, 2)


async def test_finishing_twice_changes_nothing(calls: CallLog, database: Database) -> None:
    call = a_message_call(a_start())
    assert await calls.finish_call(call)
    assert not await calls.finish_call(call)
    assert await counts(database) == (1, 1, 2)


@pytest.mark.parametrize("opened", [True, False])
async def test_finishing_at_the_same_time_takes_each_message_once(
    calls: CallLog, database: Database, opened: bool
) -> None:
    start = a_start()
    if opened:
        await calls.open_call(start, a_decision())
    call = a_message_call(start, a_recording(start.id, "1"), a_recording(start.id, "safe"))
    new = await asyncio.gather(*(calls.finish_call(call) for _ in range(8)))
    assert sorted(new) == [False] * 7 + [True]
    assert await counts(database) == (2, 2, 3)


async def test_a_call_that_the_controller_never_saw_is_written_down(calls: CallLog) -> None:
    start = a_start()
    await calls.finish_call(replace(a_message_call(start), reason=Reason.SAFE_MODE))
    record = await only(calls)
    assert (record.outcome, record.reason, record.why) == (Outcome.MESSAGE, Reason.SAFE_MODE, ())


async def test_a_part_that_was_passed_on_is_kept_with_who_did_it(calls: CallLog, database: Database) -> None:
    before, start = uuid4(), a_start()
    start = replace(start, moved_from=before, moved_by="rictor")
    ended = replace(a_message_call(start), outcome=Outcome.RETURNED, reason=Reason.MOVED)
    await calls.finish_call(ended)
    record = await only(calls)
    assert (record.moved_from, record.moved_by, record.outcome) == (before, "rictor", Outcome.RETURNED)
    shown = call_json(record)
    assert (shown["transferred_from"], shown["transferred_by"]) == (str(before), "rictor")
    assert record.caller == start.caller
    async with database.session() as connection:
        notes = await connection.fetch("SELECT actor, action, object FROM audit WHERE action = 'transferred'")
    assert [tuple(note) for note in notes] == [("person/rictor", "transferred", f"call/{start.id}")]


@pytest.mark.parametrize(
    ("told_before", "reason"),
    [(None, Reason.OUTSIDE_HOURS), (Reason.IN_HOURS, Reason.OUTSIDE_HOURS), (Reason.SAFE_MODE, Reason.SAFE_MODE)],
)
async def test_a_decision_that_arrives_after_the_end_is_kept_with_its_reason(
    told_before: Reason | None, reason: Reason, calls: CallLog
) -> None:
    start = a_start()
    await calls.finish_call(replace(a_message_call(start), reason=told_before))
    await calls.open_call(start, a_decision())
    record = await only(calls)
    assert await calls.decision_of(start.id) == a_decision()
    assert (record.outcome, record.reason) == (Outcome.MESSAGE, reason)


async def test_a_message_that_turns_up_later_is_kept_and_tells_the_outcome_anew(
    calls: CallLog, database: Database
) -> None:
    start = a_start()
    lost = FinishedCall(start, MORNING, Outcome.LOST, None, None, None)
    assert await calls.finish_call(lost)
    assert await calls.finish_call(a_message_call(start))
    assert (await only(calls)).outcome is Outcome.MESSAGE
    assert not await calls.finish_call(lost)
    assert (await only(calls)).outcome is Outcome.MESSAGE
    assert await counts(database) == (1, 1, 3)


async def test_a_connection_that_dies_in_the_middle_leaves_nothing_and_the_next_try_does_it(
    calls: CallLog, database: Database
) -> None:
    call = a_message_call(a_start())
    async with database.owned() as blocker, blocker.transaction():
        await blocker.execute("LOCK TABLE audit.entry IN EXCLUSIVE MODE")
        finishing = asyncio.ensure_future(calls.finish_call(call))
        await _kill_the_waiting(database)
        with pytest.raises(StoreUnavailable):
            await finishing
    assert await counts(database) == (0, 0, 0)
    assert await calls.finish_call(call)
    assert await counts(database) == (1, 1, 2)


async def _kill_the_waiting(database: Database) -> None:
    """Wait until a connection waits for a lock, then end it from the server's side."""
    while True:
        async with database.session() as connection:
            killed = await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        if killed:
            return
        await asyncio.sleep(0.01)


async def test_the_log_gives_the_newest_first_and_no_more_than_asked(calls: CallLog) -> None:
    starts = [a_start(MORNING + timedelta(hours=hour)) for hour in range(4)]
    for start in starts:
        await calls.open_call(start, a_decision())
    newest = [start.id for start in reversed(starts)]
    assert await ids(calls, None, None, 10) == newest
    assert await ids(calls, None, None, 2) == newest[:2]
    assert await ids(calls, MORNING + timedelta(hours=2), None, 10) == newest[:2]


async def test_the_log_is_searched_by_either_number(calls: CallLog) -> None:
    here, there = a_start(), a_start(dialled="+17175550199", caller="+17175550143")
    for start in (here, there):
        await calls.open_call(start, a_decision())
    assert await ids(calls, None, LINE, 10) == [here.id]
    assert await ids(calls, None, "+17175550143", 10) == [there.id]
    assert await ids(calls, None, "+17175550000", 10) == []


async def ids(calls: CallLog, *filters: object) -> list[UUID]:
    return [record.id for record in await calls.calls(*filters)]  # type: ignore[arg-type]


numbers = st.sampled_from(
    [Caller(NumberKind.WITHHELD), Caller(NumberKind.UNUSABLE), Caller(NumberKind.SHORT, "911")]
) | st.builds(Caller, kind=st.just(NumberKind.E164), number=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(caller=numbers, outcome=st.sampled_from(Outcome), reason=st.none() | st.sampled_from(Reason))
async def test_whatever_became_of_a_call_is_read_back_as_it_was(
    calls: CallLog, caller: Caller, outcome: Outcome, reason: Reason | None
) -> None:
    start = replace(a_start(), caller=caller)
    await calls.finish_call(FinishedCall(start, MORNING, outcome, reason, None, None))
    record = next(r for r in await calls.calls(None, None, 1000) if r.id == start.id)
    assert (record.caller, record.outcome, record.reason) == (caller, outcome, reason)


async def test_what_was_chosen_in_menus_stays_on_record_when_a_late_message_brings_none(calls: CallLog) -> None:
    start = a_start()
    choices = (Choice("main", "2", "refills"), Choice("refills", "#", "back"))
    hung_up = replace(a_message_call(start), recordings=(), outcome=Outcome.HUNG_UP_IN_MENU, choices=choices)
    assert await calls.finish_call(hung_up)
    assert ((await only(calls)).outcome, (await only(calls)).choices) == (Outcome.HUNG_UP_IN_MENU, choices)
    assert await calls.finish_call(a_message_call(start))
    assert ((await only(calls)).outcome, (await only(calls)).choices) == (Outcome.MESSAGE, choices)


@pytest.mark.parametrize("safe", [True, False])
async def test_the_audit_says_that_a_call_went_the_way_without_the_controller(safe: bool, database: Database) -> None:
    call = replace(a_message_call(a_start()), safe=safe)
    await PgCallLog(database).finish_call(call)
    async with database.session() as connection:
        detail = await connection.fetchval("SELECT detail FROM audit WHERE action = 'finished'")
    assert json.loads(detail) == {"outcome": "message"} | ({"safe": True} if safe else {})
