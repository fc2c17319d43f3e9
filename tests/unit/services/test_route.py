"""The router's answers while the database is there, away, slow, or has forgotten. The real one is in tests/e2e."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.call import CallRecord, CallStart, FinishedCall
from pbx.domain.legs import at_once
from pbx.domain.outbound import Permission
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import Decision
from pbx.domain.steps import EndStep, Result, RingStep, SayStep
from pbx.services.ports import StoreUnavailable
from pbx.services.route import CallRouter, DecisionRecorder, Question

DID = "+17175550100"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def a_policy(seconds: int = 20) -> Policy:
    actions = (Ring("rictor", ("rictor-desk",), seconds), Voicemail("rictor"))
    number = Number(DID, "Dr. Rictor", None, actions, (Voicemail("rictor"),))
    return Policy("v1", "Scotland Family Medicine", "US", "America/New_York", "Dial 911.", {DID: number})


class Log:
    """A call log in memory that can be away or hang."""

    def __init__(self) -> None:
        self.stored: dict[UUID, Decision] = {}
        self.away = False
        self.hangs = False

    async def open_call(self, start: CallStart, decision: Decision | Permission) -> None:
        await self._reach()
        assert isinstance(decision, Decision)
        self.stored[start.id] = decision

    async def decision_of(self, call: UUID) -> Decision | None:
        await self._reach()
        return self.stored.get(call)

    async def finish_call(self, call: FinishedCall) -> bool:
        raise AssertionError("the router ends no call")

    async def missing(self, calls: Collection[UUID]) -> frozenset[UUID]:
        raise AssertionError("the router reads no log")

    async def calls(self, since: datetime | None, number: str | None, limit: int) -> Sequence[CallRecord]:
        raise AssertionError("the router reads no log")

    async def _reach(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise StoreUnavailable("the database is away")


class Setting:
    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.log = Log()
        self.recorder = DecisionRecorder(self.log)
        self.router = CallRouter(lambda: self.policy, self.log, self.recorder)

    async def ask(self, call: UUID, position: int, result: Result) -> object:
        question = Question(call, DID, "+12155550199", NOON, position, result)
        return (await self.router.next(question))[1]


@pytest.fixture
def setting() -> Setting:
    return Setting(a_policy())


async def test_steps_come_one_at_a_time(setting: Setting) -> None:
    call = uuid4()
    assert isinstance(await setting.ask(call, -1, Result.START), RingStep)
    assert isinstance(await setting.ask(call, 0, Result.NO_ANSWER), SayStep)


async def test_an_answered_call_ends(setting: Setting) -> None:
    call = uuid4()
    await setting.ask(call, -1, Result.START)
    assert isinstance(await setting.ask(call, 0, Result.ANSWERED), EndStep)


async def test_a_reload_does_not_touch_a_call_in_progress(setting: Setting) -> None:
    call = uuid4()
    await setting.ask(call, -1, Result.START)
    setting.policy = Policy("v2", "Other", "US", "UTC", "Dial 911.", {})
    assert isinstance(await setting.ask(call, 0, Result.NO_ANSWER), SayStep)
    assert (await setting.ask(uuid4(), -1, Result.START)) != RingStep("rictor", at_once("rictor-desk"), 20)


async def test_a_restarted_controller_reads_the_decision_back(setting: Setting) -> None:
    call = uuid4()
    await setting.ask(call, -1, Result.START)
    await setting.recorder.flush()
    restarted = Setting(a_policy(seconds=55))
    restarted.log.stored = setting.log.stored
    stored = (await restarted.router.next(Question(call, DID, "", NOON, -1, Result.NO_ANSWER)))[1]
    assert stored == RingStep("rictor", at_once("rictor-desk"), 20)


@pytest.mark.parametrize("trouble", ["away", "hangs"])
async def test_without_the_database_a_call_still_gets_its_next_step(setting: Setting, trouble: str) -> None:
    setattr(setting.log, trouble, True)
    assert isinstance(await setting.ask(uuid4(), 0, Result.NO_ANSWER), SayStep)


async def test_decisions_wait_for_the_database_in_order(setting: Setting) -> None:
    setting.log.away = True
    calls = [uuid4() for _ in range(3)]
    for call in calls:
        await setting.ask(call, -1, Result.START)
    with pytest.raises(StoreUnavailable):
        await setting.recorder.flush()
    assert setting.recorder.waiting == 3
    setting.log.away = False
    await setting.recorder.flush()
    assert list(setting.log.stored) == calls
