"""The practice's own call: what it must hear, what is done when it does not, and that it leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from pbx.domain.actions import Menu, Option, Ring, Urgent, Voicemail
from pbx.domain.callers import Verdict
from pbx.domain.facts import NO_FACTS
from pbx.domain.heartbeat import prompts_heard
from pbx.domain.oncall import Rota, Turns
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import decide
from pbx.domain.steps import RecordStep, Result, SayStep, Step
from pbx.services.health import Health, Watched
from pbx.services.heartbeat import BeatRouter, Heartbeat, NothingHeard
from pbx.services.route import Question

LINE, TREE = "+17175550100", "+17175550101"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MESSAGE = (Voicemail("rictor", "busy"),)
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={
        LINE: Number(LINE, "Dr. Rictor", None, (Ring("rictor", ("desk",), 20), *MESSAGE), MESSAGE),
        TREE: Number(TREE, "Main line", None, (Menu("main", (Option("1", "x", MESSAGE),), 5, 2, MESSAGE),), MESSAGE),
    },
    mailboxes={"rictor": "Dr. Rictor"},
)


class Ear:
    """Hears what the test says; `missed` are the prompts of each call, or why there was none."""

    def __init__(self, *missed: list[str] | str) -> None:
        self.missed = list(missed)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def missing(self, number: str, beat: UUID, prompts: Sequence[str]) -> Sequence[str]:
        self.asked.append((number, tuple(prompts)))
        found = self.missed.pop(0) if self.missed else []
        if isinstance(found, str):
            raise NothingHeard(found)
        return found


def a_heartbeat(ear: Ear) -> Heartbeat:
    return Heartbeat(lambda: POLICY, lambda: NO_FACTS, ear, Health(), lambda: NOON, again_seconds=0)


def trouble(heartbeat: Heartbeat) -> str | None:
    found = [t.detail for t in heartbeat.health.troubles if t.what == Watched.HEARTBEAT]
    return found[0] if found else None


def test_it_hears_what_a_caller_hears_up_to_the_tone_or_to_the_menu() -> None:
    assert prompts_heard(decide(POLICY, LINE, NOON).steps) == ("busy",)
    assert prompts_heard(decide(POLICY, TREE, NOON).steps) == ("menu-main",)


async def test_a_greeting_that_is_heard_is_no_trouble() -> None:
    ear = Ear()
    heartbeat = a_heartbeat(ear)
    assert await heartbeat.beat(LINE) is None
    assert ear.asked == [(LINE, ("busy",))]
    assert trouble(heartbeat) is None


async def test_one_that_is_missing_twice_is_trouble_until_it_is_heard_again() -> None:
    heartbeat = a_heartbeat(Ear(["busy"], ["busy"]))
    assert await heartbeat.beat(LINE) == "a call to 'Dr. Rictor' did not hear 'busy'"
    assert trouble(heartbeat) == "a call to 'Dr. Rictor' did not hear 'busy'"
    assert await heartbeat.beat(LINE) is None
    assert trouble(heartbeat) is None


async def test_one_that_was_missing_once_is_none() -> None:
    heartbeat = a_heartbeat(Ear("was not answered"))
    assert await heartbeat.beat(LINE) is None
    heartbeat = a_heartbeat(Ear("was not answered"))
    assert await heartbeat.beat(LINE, again=False) == "a call to 'Dr. Rictor' was not answered"


def test_the_numbers_have_their_turns() -> None:
    heartbeat = a_heartbeat(Ear())
    assert {heartbeat.next_number() for _ in range(2)} == {LINE, TREE}


class Refusing:
    async def next(self, question: Question) -> tuple[int, Step]:
        raise AssertionError("a heartbeat's question must not get to the router that remembers calls")


@pytest.mark.parametrize(("position", "result", "kind"), [(0, Result.NO_ANSWER, SayStep), (1, Result.SAID, RecordStep)])
async def test_its_questions_are_answered_as_a_patients_and_nobody_remembers_them(
    position: int, result: Result, kind: type[Step]
) -> None:
    router = BeatRouter(Refusing(), lambda: POLICY, lambda: NO_FACTS)
    question = Question(uuid4(), LINE, "", NOON, position, result, Verdict.BEAT)
    where, step = await router.next(question)
    assert (where, type(step)) == (position + 1, kind)


def test_an_urgent_line_is_heard_up_to_the_tone() -> None:
    rota = Rota("doctors", "UTC", Turns((("rictor",),), NOON.date(), 7, NOON.time()))
    number = Number(LINE, "Urgent", None, (Urgent("doctors", "rictor", 1, 60, 20),), MESSAGE)
    policy = Policy("v", "P", "US", "UTC", "Dial 911.", {LINE: number}, rotas={"doctors": rota})
    assert prompts_heard(decide(policy, LINE, NOON).steps) == ("emergency", "urgent-problem")
