"""Calls that go out stand in the log and the audit like those that come in, with the person who made them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from pbx.domain.call import CallStart, Direction, FinishedCall
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outbound import OutReason, Permission, Shown
from pbx.domain.outcome import Outcome
from pbx.output import call_json
from pbx.store.calls import PgCallLog, PgPastCalls
from pbx.store.database import Database
from pbx.store.emergencies import PgEmergencyAudit
from tests.kit.calls import LINE, MORNING, PATIENT, a_decision, a_start

WHY = ("Dr. Rictor may call this number.", "Who is called sees (717) 555-0100 (Dr. Rictor), as usual.")
ALLOWED = Permission("rictor", "rictor-desk", OutReason.ALLOWED, WHY, PATIENT, LINE, Shown.USUAL, 600)


@pytest.fixture
def calls(database: Database) -> PgCallLog:
    return PgCallLog(database)


def a_call_out() -> CallStart:
    shown = Caller(NumberKind.E164, LINE)
    return CallStart(uuid4(), PATIENT, shown, MORNING, Direction.OUTBOUND, "rictor", "rictor-desk")


def ended(start: CallStart, outcome: Outcome = Outcome.ANSWERED) -> FinishedCall:
    at = start.at + timedelta(minutes=3)
    return FinishedCall(start, at, outcome, OutReason.ALLOWED, None, start.at + timedelta(seconds=9))


async def test_a_call_out_is_in_the_log_from_its_beginning_to_its_end(calls: PgCallLog, database: Database) -> None:
    start = a_call_out()
    await calls.open_call(start, ALLOWED)
    (record,) = await calls.calls(None, None, 10)
    assert (record.outcome, record.why, record.made_by) == (Outcome.IN_PROGRESS, WHY, "rictor")
    assert await calls.finish_call(ended(start)) and not await calls.finish_call(ended(start))
    (record,) = await calls.calls(None, PATIENT, 10)
    row = call_json(record)
    expected = {"direction": "outbound", "from": LINE, "to": PATIENT, "made_by": "rictor", "device": "rictor-desk"}
    assert {key: row[key] for key in expected} == expected
    assert (row["outcome"], row["reason"], row["answered_by"], row["why"]) == ("answered", "allowed", None, list(WHY))
    async with database.session() as connection:
        (note,) = await connection.fetch("SELECT actor, action, object, detail FROM audit")
    assert (note["actor"], note["action"], note["object"]) == ("person/rictor", "called", f"call/{start.id}")
    assert json.loads(note["detail"]) == {"outcome": "answered", "device": "rictor-desk", "reason": "allowed"}


async def test_a_decision_that_comes_after_the_end_is_kept(calls: PgCallLog) -> None:
    start = a_call_out()
    await calls.finish_call(ended(start))
    await calls.open_call(start, ALLOWED)
    (record,) = await calls.calls(None, None, 10)
    assert (record.outcome, record.why) == (Outcome.ANSWERED, WHY)


async def test_calls_out_are_none_of_a_callers(calls: PgCallLog, database: Database) -> None:
    past = PgPastCalls(database)
    await calls.open_call(a_call_out(), ALLOWED)
    assert list(await past.callers_since(MORNING - timedelta(hours=1), 10)) == []
    assert await past.last_called(PATIENT) is None


async def test_the_number_that_a_patient_called_last_is_known(calls: PgCallLog, database: Database) -> None:
    past = PgPastCalls(database)
    for hours, dialled in ((0, LINE), (2, "+17175550101"), (1, "+17175550102")):
        start = replace(a_start(MORNING + timedelta(hours=hours)), dialled=dialled)
        await calls.open_call(start, a_decision(dialled))
    assert await past.last_called(PATIENT) == "+17175550101"
    assert await past.last_called("+12155550199") is None


async def test_who_heard_of_an_emergency_call_is_in_the_audit(database: Database) -> None:
    call = uuid4()
    await PgEmergencyAudit(database).told(call, ["mills (mail)"], ["rictor (rictor-desk)"])
    async with database.session() as connection:
        (note,) = await connection.fetch("SELECT action, object, detail FROM audit")
    assert (note["action"], note["object"]) == ("emergency-told", f"call/{call}")
    assert json.loads(note["detail"]) == {"told": ["mills (mail)"], "failed": ["rictor (rictor-desk)"]}
