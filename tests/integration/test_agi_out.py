"""The route `out`: a call outside is judged, counted and written down, and refused whenever anything is odd."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest

from agi.server import Server, serve
from pbx.domain.call import CallStart, Direction
from pbx.domain.outbound import OutReason, Permission, Shown
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision
from pbx.kept import KeptFile
from pbx.services.calls_today import CallsToday
from pbx.services.outbound import CallsOut
from pbx.services.ports import StoreUnavailable
from pbx.services.route import DecisionRecorder
from tests.kit.agi_peer import Asked, ask
from tests.kit.asterisk import DESK, DID, NIGHT_DID, SHELF, a_practice
from tests.kit.controllers import PlainRouter

PATIENT = "+12155550123"
POLICY: Policy = replace(
    a_practice(), outbound=OutboundRules({"rictor": Allowance(DID, frozenset({"US"}), 3, 10, 1)}, {}, (), 5, 60)
)


@dataclass
class Past:
    """What patients called last."""

    known: dict[str, str] = field(default_factory=dict)
    away: bool = False

    async def last_called(self, number: str) -> str | None:
        if self.away:
            raise StoreUnavailable
        return self.known.get(number)


class Recorder(DecisionRecorder):
    """Keeps what is to be written down."""

    def __init__(self) -> None:
        self.kept: list[tuple[CallStart, Decision | Permission]] = []

    def put(self, start: CallStart, decision: Decision | Permission) -> None:
        self.kept.append((start, decision))


@dataclass
class Desk:
    server: Server
    calls: CallsOut
    past: Past
    recorder: Recorder

    async def asked(self, dialled: str = "2155550123", made_by: str = f"phone.{DESK}") -> Asked:
        return await ask(self.server.port, question(dialled, made_by), "out")


def question(dialled: str = "2155550123", made_by: str = f"phone.{DESK}") -> tuple[str, ...]:
    return (str(uuid4()), TOKEN, dialled, made_by, f"{time.time():.3f}", "")


TOKEN = "c0c1b7f6-97a0-4a3f-8a7e-9b6f1d2e3f40"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    past, recorder = Past(), Recorder()
    today = CallsToday(KeptFile(tmp_path / "today.json"), lambda: POLICY.timezone)
    calls = CallsOut(lambda: POLICY, today, recorder, past)
    async with serve(PlainRouter(POLICY), "127.0.0.1", 0, out=calls) as server:
        yield Desk(server, calls, past, recorder)


async def test_an_allowed_call_is_answered_in_one_command_with_the_token_last(desk: Desk) -> None:
    asked = await desk.asked()
    assert (asked.status, asked.commands) == ("SUCCESS", 1)
    assert list(asked.variables.items()) == [
        ("SL_TO", PATIENT),
        ("SL_SHOW", DID),
        ("SL_REASON", "allowed"),
        ("SL_PROMPTS", ""),
        ("SL_SECONDS", "600"),
        ("SL_OK", TOKEN),
    ]
    [(start, permission)] = desk.recorder.kept
    assert (start.direction, start.dialled, start.made_by, start.device) == (
        Direction.OUTBOUND,
        PATIENT,
        "rictor",
        DESK,
    )
    assert isinstance(permission, Permission) and start.caller.number == DID


async def test_a_refused_call_names_no_number_and_says_why(desk: Desk) -> None:
    asked = await desk.asked("19005551234")
    assert asked.variables["SL_TO"] == "" and asked.variables["SL_SHOW"] == ""
    assert (asked.variables["SL_REASON"], asked.variables["SL_PROMPTS"]) == ("premium-number", "out-premium-number")
    [(start, _)] = desk.recorder.kept
    assert (start.dialled, start.caller.number) == ("+19005551234", None)


async def test_a_second_call_at_once_is_one_too_many_until_the_first_is_over(desk: Desk) -> None:
    await desk.asked()
    first = desk.recorder.kept[0][0].id
    assert (await desk.asked()).variables["SL_REASON"] == "too-many-at-once"
    desk.calls.ended(first)
    assert (await desk.asked()).variables["SL_REASON"] == "allowed"


async def test_what_the_patient_called_last_is_shown_and_a_database_that_is_away_costs_that_alone(desk: Desk) -> None:
    desk.past.known[PATIENT] = NIGHT_DID
    assert (await desk.asked()).variables["SL_SHOW"] == NIGHT_DID
    desk.calls.ended(desk.recorder.kept[0][0].id)
    desk.past.away = True
    assert (await desk.asked()).variables["SL_SHOW"] == DID
    permissions = [permission for _, permission in desk.recorder.kept if isinstance(permission, Permission)]
    assert [permission.shown_because for permission in permissions] == [Shown.LAST_CALLED, Shown.USUAL]


async def test_a_person_may_call_by_other_means_than_a_phone(desk: Desk) -> None:
    assert (await desk.asked(made_by="person.rictor")).variables["SL_TO"] == PATIENT
    assert desk.recorder.kept[0][0].device == "cell"
    for made_by in ("person.garcia", f"phone.{SHELF}", "phone.nobody", "person.nobody", "phone._trunk"):
        assert (await desk.asked(made_by=made_by)).variables["SL_REASON"] == OutReason.PERSON


@pytest.mark.parametrize("place", range(5))
async def test_a_malformed_question_calls_nobody(desk: Desk, place: int) -> None:
    good = question()
    assert await ask(desk.server.port, (*good[:place], "!", *good[place + 1 :]), "out") == Asked("FAILURE")
    assert await ask(desk.server.port, good[:place], "out") == Asked("FAILURE")
    assert desk.recorder.kept == []


async def test_without_a_judge_nobody_calls() -> None:
    async with serve(PlainRouter(POLICY), "127.0.0.1", 0) as server:
        assert (await ask(server.port, question(), "out")).status == "FAILURE"
