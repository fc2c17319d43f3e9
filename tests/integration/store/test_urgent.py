"""What an urgent call asks for is kept with its message, once, and settled once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pbx.domain.call import FinishedCall
from pbx.domain.urgent import Attempt, AttemptResult, UrgentCase, UrgentRequest, UrgentState, settled
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.urgent import PgUrgentBook
from tests.kit.calls import LINE, MORNING, PATIENT, a_message_call, a_start


def an_urgent_call(*attempts: Attempt, callback: str | None = "2155550188") -> FinishedCall:
    """A call that left a message and asks for somebody of the rota `doctors`."""
    start = a_start()
    request = UrgentRequest(start.id, "doctors", "rictor", 3, 120, 25, MORNING, callback, attempts=attempts)
    return replace(a_message_call(start), urgent=settled(request))


def an_attempt(result: AttemptResult | None = None, person: str = "rictor") -> Attempt:
    return Attempt(uuid4(), person, MORNING, result, MORNING if result else None)


@pytest.fixture
def book(database: Database) -> PgUrgentBook:
    return PgUrgentBook(database)


@pytest.fixture
async def call(database: Database) -> FinishedCall:
    call = an_urgent_call()
    assert await PgCallLog(database).finish_call(call)
    return call


async def of(book: PgUrgentBook, call: UUID) -> UrgentCase:
    case = await book.of_call(call)
    assert case is not None
    return case


async def test_a_request_is_kept_with_its_message_and_taking_it_in_again_changes_nothing(
    database: Database, book: PgUrgentBook, call: FinishedCall
) -> None:
    assert not await PgCallLog(database).finish_call(call)
    [case] = await book.unsettled()
    assert case.request == call.urgent
    assert (case.dialled, case.caller.number, case.message) == (LINE, PATIENT, call.recordings[0].id)
    assert case.number == "2155550188"
    [logged] = await PgCallLog(database).calls(None, None, 10)
    assert logged.urgent is UrgentState.OPEN


async def test_who_keyed_nothing_is_called_back_at_the_number_called_from(
    database: Database, book: PgUrgentBook
) -> None:
    call = an_urgent_call(callback=None)
    await PgCallLog(database).finish_call(call)
    assert (await of(book, call.start.id)).number == PATIENT.removeprefix("+")


async def test_one_that_was_settled_while_the_caller_waited_is_no_longer_looked_after(
    database: Database, book: PgUrgentBook
) -> None:
    call = an_urgent_call(an_attempt(AttemptResult.NO_ANSWER), an_attempt(AttemptResult.CONNECTED, "okafor"))
    await PgCallLog(database).finish_call(call)
    assert await book.unsettled() == []
    case = await of(book, call.start.id)
    assert (case.request.state, case.request.settled_by) == (UrgentState.CONNECTED, "okafor")


async def test_a_talk_that_ended_after_its_call_was_taken_in_settles_it(database: Database, book: PgUrgentBook) -> None:
    early = an_attempt(AttemptResult.NO_ANSWER)
    call = an_urgent_call(early)
    assert call.urgent is not None
    await PgCallLog(database).finish_call(call)
    late = replace(early, result=AttemptResult.TAKEN)
    again = replace(call, recordings=(), urgent=settled(replace(call.urgent, attempts=(late,))))
    assert await PgCallLog(database).finish_call(again)
    case = await of(book, call.start.id)
    assert (case.request.state, [a.result for a in case.request.attempts]) == (UrgentState.ACCEPTED, [late.result])


async def test_two_people_who_take_it_at_once_are_one_and_a_late_one(book: PgUrgentBook, call: FinishedCall) -> None:
    attempts = [an_attempt(person="rictor"), an_attempt(person="okafor")]
    for attempt in attempts:
        assert await book.begin(call.start.id, attempt)
    taken = await asyncio.gather(*(book.take(call.start.id, a.id, a.person, MORNING) for a in attempts))
    assert sorted(taken) == [False, True]
    case = await of(book, call.start.id)
    assert case.request.settled_by == attempts[taken.index(True)].person
    assert not await book.begin(call.start.id, an_attempt()), "nobody is rung for it any more"
    assert not await book.close(call.start.id, "Sam Mills", "root", MORNING)


async def test_the_first_result_of_an_attempt_stays(book: PgUrgentBook, call: FinishedCall) -> None:
    attempt = an_attempt()
    await book.begin(call.start.id, attempt)
    await book.end(attempt.id, AttemptResult.WRONG_PIN, MORNING + timedelta(seconds=9))
    await book.end(attempt.id, AttemptResult.NO_ANSWER, MORNING + timedelta(seconds=10))
    [kept] = (await of(book, call.start.id)).request.attempts
    assert kept.result is AttemptResult.WRONG_PIN


async def test_an_exhausted_request_is_told_once_and_stays_in_sight(book: PgUrgentBook, call: FinishedCall) -> None:
    assert await book.exhaust(call.start.id)
    assert not await book.exhaust(call.start.id)
    [case] = await book.unsettled()
    assert case.request.state is UrgentState.EXHAUSTED


async def test_every_step_is_in_the_audit_and_no_number_is(
    database: Database, book: PgUrgentBook, call: FinishedCall
) -> None:
    attempt = an_attempt()
    await book.begin(call.start.id, attempt)
    await book.exhaust(call.start.id)
    await book.close(call.start.id, "Sam Mills", "root", MORNING)
    async with database.session() as connection:
        rows = await connection.fetch("SELECT * FROM audit WHERE action LIKE 'urgent%' ORDER BY id")
    assert [row["action"] for row in rows] == ["urgent-opened", "urgent-asked", "urgent-exhausted", "urgent-closed"]
    assert "2155550188" not in str(rows)


async def test_a_call_without_a_message_may_ask_too(database: Database, book: PgUrgentBook) -> None:
    call = replace(an_urgent_call(), recordings=())
    assert await PgCallLog(database).finish_call(call)
    assert (await of(book, call.start.id)).message is None
