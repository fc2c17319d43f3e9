"""What is remembered from one decision to the next changes none: it is as if every call were the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.actions import Action, Callee, Menu, Option, Ring, RingOnCall, Urgent, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.oncall import Swap
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.policy import Number, Policy
from pbx.domain.remembered import Remembered
from pbx.domain.routing import decide
from pbx.domain.schedule import Range, Schedule, Special
from tests.unit.test_legs import EVENING, MILLS, RICTOR, SERVICE, SLEEP
from tests.unit.test_override import POLICY as OFFICE

START = datetime(2026, 10, 30, tzinfo=UTC)
"""Two days before the clocks are set back."""

HOURS = Schedule(
    "office",
    "America/New_York",
    {day: (Range(time(9), time(17)),) for day in range(5)},
    exceptions={datetime(2026, 11, 2).date(): Special("Fair", (Range(time(9), time(12)),), "fair")},  # noqa: DTZ001
)
(ROTA,) = OFFICE.rotas
ENDING = Voicemail("rictor", "closed")
RING = Ring("all", ("desk", "home", "front"), 20, (Callee("rictor", ("rictor",)), Callee("mills", ("mills",), 5)))
LINES: tuple[tuple[Action, ...], ...] = (
    (RING, ENDING),
    (Ring("mills", ("front",), 20), ENDING),
    (RingOnCall(ROTA, 25), ENDING),
    (Urgent(ROTA, "rictor", 2, 60, 20),),
    (Menu("main", (Option("1", "both", (RING, RingOnCall(ROTA, 20), ENDING)), Option("2", "x", (ENDING,))), 5, 2),),
)
Call = tuple[str, datetime, frozenset[str], bool, tuple[Scope, Mode] | None]
PEOPLE = {"rictor": replace(RICTOR, reach=(EVENING, SLEEP)), "mills": MILLS}

numbers = st.sampled_from([f"+1717555010{n}" for n in range(len(LINES))])
calls = st.tuples(
    numbers,
    st.integers(0, 7 * 24 * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters)),
    st.frozensets(st.sampled_from(["desk", "home", "front"])),
    st.booleans(),
    st.sampled_from([None, *((scope, mode) for scope in Scope for mode in Mode)]),
)


def practice() -> Policy:
    lines = {
        f"+1717555010{n}": Number(f"+1717555010{n}", f"Line {n}", HOURS, opened, LINES[n - 1])
        for n, opened in enumerate(LINES)
    }
    return replace(OFFICE, numbers=lines, people=PEOPLE, outside={"service": SERVICE})


def facts(number: str, away: frozenset[str], swapped: bool, said: tuple[Scope, Mode] | None) -> Facts:
    everybody = sorted(OFFICE.rotas[ROTA].everybody)
    swap = Swap(ROTA, everybody[0], everybody[-1], START, START + timedelta(days=5), id=1)
    target = {Scope.PRACTICE: "", Scope.NUMBER: number, Scope.PERSON: "rictor"}
    overrides = (
        (Override(1, said[0], target[said[0]], said[1], START, START + timedelta(days=3)),) if said is not None else ()
    )
    return Facts((swap,) if swapped else (), overrides, away)


@settings(deadline=None)
@given(st.lists(calls, min_size=2, max_size=5))
def test_a_decision_is_the_same_whatever_was_decided_before(made: list[Call]) -> None:
    one = practice()
    for number, at, away, swapped, said in made:
        known = facts(number, away, swapped, said)
        assert decide(one, number, at, known) == decide(practice(), number, at, known)


def test_nothing_is_made_twice_from_the_same() -> None:
    remembered: Remembered[str, object] = Remembered()
    first = remembered.get("line", (1, "open"), object)
    assert remembered.get("line", (1, "open"), object) is first
    assert remembered.get("line", (2, "open"), object) is not first
