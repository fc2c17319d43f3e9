"""Rules by caller count calls without waiting for the database, and know earlier ones once it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.callers import CallerRule, CallerRules, Kind
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.policy import Policy
from pbx.domain.steps import Result, RingStep, SayStep
from pbx.services.history import CALLS, CallHistory, HistoryUnknown
from pbx.services.ports import StoreUnavailable
from pbx.services.route import CallRouter, DecisionRecorder, Question
from tests.unit.services.test_route import DID, Log, a_policy

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
PATIENT = Caller(NumberKind.E164, "+12155550143")
OTHER = Caller(NumberKind.E164, "+12155550144")
WITHHELD = Caller(NumberKind.WITHHELD)
MINUTE = timedelta(minutes=1)


def repeating(within: timedelta = timedelta(hours=1)) -> Policy:
    """A practice at which the second call within a time goes to the nurse."""
    policy = a_policy()
    nurse = (Ring("mills", ("front-1",), 20), Voicemail("mills"))
    rule = CallerRule(Kind.REPEATED, "callers.repeated", nurse, nurse, calls=2, within=within)
    mail = (Voicemail("rictor"),)
    return replace(policy, numbers={DID: replace(policy.numbers[DID], opened=mail, callers=CallerRules((rule,)))})


class Past:
    """The logged calls, in a database that can be away."""

    def __init__(self, *calls: tuple[str, datetime]) -> None:
        self.calls = calls
        self.away = False
        self.asked: list[datetime] = []

    async def callers_since(self, since: datetime, limit: int) -> Sequence[tuple[str, datetime]]:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.asked.append(since)
        return [call for call in self.calls if call[1] >= since]


async def test_calls_of_a_number_are_known_at_once_each_once_and_in_order() -> None:
    history = CallHistory(a_policy)
    for at in (NOON, NOON - MINUTE, NOON):
        history.add(PATIENT, at)
    history.add(OTHER, NOON - 2 * MINUTE)
    history.add(WITHHELD, NOON - 3 * MINUTE)
    assert history.before(PATIENT, NOON) == (NOON - MINUTE,)
    assert history.before(PATIENT, NOON + MINUTE) == (NOON - MINUTE, NOON)
    assert history.before(WITHHELD, NOON) == ()


async def test_it_never_grows_without_end() -> None:
    history = CallHistory(a_policy, numbers=2)
    for minute in range(CALLS + 5):
        history.add(PATIENT, NOON + minute * MINUTE)
    assert len(history.before(PATIENT, NOON + timedelta(days=1))) == CALLS
    history.add(OTHER, NOON)
    history.add(Caller(NumberKind.SHORT, "411"), NOON)
    assert history.before(PATIENT, NOON + timedelta(days=1)) == ()
    assert history.before(OTHER, NOON + MINUTE) == (NOON,)


async def test_earlier_calls_are_read_once_and_again_when_a_rule_looks_back_further() -> None:
    policy = repeating()
    past = Past(("+12155550143", NOON - 5 * MINUTE), ("+12155550143", NOON - 90 * MINUTE))
    history = CallHistory(lambda: policy, past)
    assert await history.refresh(NOON)
    assert not await history.refresh(NOON)
    assert history.before(PATIENT, NOON) == (NOON - 5 * MINUTE,)
    policy = repeating(timedelta(hours=2))
    assert await history.refresh(NOON)
    assert history.before(PATIENT, NOON) == (NOON - 90 * MINUTE, NOON - 5 * MINUTE)
    assert past.asked == [NOON - timedelta(hours=1), NOON - timedelta(hours=2)]


async def test_without_rules_that_count_nothing_is_read() -> None:
    past = Past()
    assert not await CallHistory(a_policy, past).refresh(NOON)
    assert past.asked == []


class Setting:
    def __init__(self, past: Past) -> None:
        self.log = Log()
        self.history = CallHistory(repeating, past)
        recorder = DecisionRecorder(self.log)
        self.router = CallRouter(repeating, self.log, recorder, history=self.history)

    async def calls(self, at: datetime, result: Result = Result.START) -> object:
        return (await self.router.next(Question(uuid4(), DID, "2155550143", at, -1, result)))[1]


async def test_a_repeated_call_is_seen_while_the_database_is_away() -> None:
    past = Past()
    past.away = True
    setting = Setting(past)
    with pytest.raises(StoreUnavailable):
        await setting.history.refresh(NOON)
    assert isinstance(await setting.calls(NOON), SayStep)
    assert isinstance(await setting.calls(NOON + MINUTE), RingStep)


async def test_a_repeated_call_is_seen_after_a_restart() -> None:
    setting = Setting(Past(("+12155550143", NOON - MINUTE)))
    await setting.history.refresh(NOON)
    assert isinstance(await setting.calls(NOON), RingStep)


async def test_a_call_in_progress_goes_the_safe_way_where_it_could_be_decided_otherwise_than_before() -> None:
    past = Past(("+12155550143", NOON - MINUTE))
    setting = Setting(past)
    with pytest.raises(HistoryUnknown):
        await setting.calls(NOON, Result.SAID)
    await setting.history.refresh(NOON)
    assert isinstance(await setting.calls(NOON, Result.SAID), RingStep)
