"""What the dialplan does by itself is what a decision would have been, at every minute of its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.actions import Menu, Option, Ring, RingOnCall, Urgent, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.legs import at_once
from pbx.domain.oncall import Rota, Swap, Turns
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.own_greetings import GreetingKind, OwnGreeting
from pbx.domain.people import Person, Reach, Stage
from pbx.domain.policy import Greeting, Number, Phone, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, decide
from pbx.domain.safe_plan import SafePlan, course_at, plans
from pbx.domain.schedule import Range, Schedule, Special
from pbx.domain.steps import RingStep, SayStep

ZONE = "America/New_York"
DAY = timedelta(days=1)
OFFICE = Schedule(
    "office",
    ZONE,
    {day: (Range(time(9), time(17)), Range(time(22), time(2))) for day in range(5)},
    {date(2026, 12, 25): "Christmas Day"},
    {date(2026, 11, 27): Special("Stocktaking", (Range(time(9), time(11)),), "stocktaking")},
)
EVENINGS = Schedule("evenings", ZONE, {day: (Range(time(18, 30), time(21)),) for day in range(7)})
DESK, ON_CALL, URGENT, TREE, SPANISH = (f"+1717555010{n}" for n in range(5))
NURSE = (Ring("mills", ("front",), 20), Voicemail("mills"))
NUMBERS = (
    Number(
        DESK,
        "Desk",
        OFFICE,
        (Ring("rictor", ("desk", "home"), 25), Voicemail("rictor", "busy")),
        (Voicemail("mills", "closed"),),
    ),
    Number(ON_CALL, "On call", OFFICE, NURSE, (RingOnCall("doctors", 25), Voicemail("rictor", "closed"))),
    Number(URGENT, "Urgent", None, (Urgent("doctors", "rictor", 2, 60, 20),), (Voicemail("mills"),)),
    Number(TREE, "Tree", None, (Menu("main", (Option("1", "the nurse", NURSE),), 5, 2, NURSE),), (Voicemail("mills"),)),
    Number(SPANISH, "Spanish", OFFICE, NURSE, (Voicemail("mills", "closed"),), language="es"),
)
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone=ZONE,
    emergency_sentence="Dial 911.",
    numbers={number.e164: number for number in NUMBERS},
    phones=(Phone("desk", "rictor", "R"), Phone("ada", "okafor", "O"), Phone("front", "mills", "M")),
    greetings={name: Greeting(name, "...") for name in ("busy", "closed", "stocktaking")},
    mailboxes={"rictor": "Dr. Rictor", "mills": "Sam Mills", "okafor": "Dr. Okafor"},
    rotas={"doctors": Rota("doctors", ZONE, Turns((("rictor",), ("okafor",)), date(2026, 1, 5), 1, time(8)))},
    people={
        "rictor": Person("rictor", "R", ("desk",)),
        "okafor": Person("okafor", "O", ("ada",), "+17175550199", (Reach(EVENINGS, (Stage(None),)),)),
        "mills": Person("mills", "M", ("front",)),
    },
    languages=("en", "es"),
    translations={name: Greeting(name, "...") for name in ("emergency--es", "closed--es")},
)
IN_HOURS = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 there
AT_NIGHT = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)

hours = st.integers(0, 48).map(lambda n: n * timedelta(minutes=30))
starts = st.integers(0, 60 * 24 * 60).map(lambda n: datetime(2026, 10, 28, tzinfo=UTC) + n * timedelta(minutes=1))
"""Two months with a change of the clocks, an exception and a closed date."""


@st.composite
def facts(draw: st.DrawFn, around: datetime) -> Facts:
    """Swaps, overrides and greetings that begin and end in the day."""
    first, second, third, fourth, fifth = (around + draw(hours) for _ in range(5))
    mode = draw(st.sampled_from(Mode))
    override = Override(1, Scope.PRACTICE, "", mode, first, first + draw(hours) + timedelta(minutes=1), "Sam", "snow")
    swap = Swap("doctors", "okafor", "rictor", min(second, third), max(second, third) + DAY / 24, "Sam", "clinic", 1)
    own = (
        OwnGreeting("rictor", GreetingKind.TEMPORARY, fourth),
        OwnGreeting("mills", GreetingKind.TEMPORARY, fifth),
    )
    return Facts(
        swaps=(swap,) if draw(st.booleans()) else (),
        overrides=(override,) if draw(st.booleans()) else (),
        greetings=own if draw(st.booleans()) else (),
    )


@settings(max_examples=60, deadline=None)
@given(st.data(), starts, st.sampled_from(NUMBERS))
def test_at_every_minute_the_plan_is_what_would_be_planned_then(
    data: st.DataObject, start: datetime, number: Number
) -> None:
    known = data.draw(facts(start))
    found = list(plans(POLICY, number, start, start + DAY, known))
    assert (found[0].start, found[-1].end) == (start, start + DAY)
    assert all(one.end == other.start and one.course != other.course for one, other in pairwise(found))
    for minutes in data.draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=10, max_size=30)):
        at = start.replace(second=0, microsecond=0) + timedelta(minutes=minutes + 1)
        if at < start + DAY:
            assert _of(found, at).course == course_at(POLICY, number, at, known)


@settings(max_examples=40, deadline=None)
@given(st.data(), starts, st.sampled_from(NUMBERS))
def test_nobody_misses_the_emergency_sentence(data: st.DataObject, start: datetime, number: Number) -> None:
    for plan in plans(POLICY, number, start, start + DAY, data.draw(facts(start))):
        said = (*plan.course.opening, *plan.course.greeting)
        assert any(prompt.startswith(EMERGENCY_PROMPT) for prompt in said)
        assert plan.course.greeting


@settings(max_examples=40, deadline=None)
@given(starts, st.sampled_from(NUMBERS[:2]))
def test_who_rings_and_what_is_said_are_those_of_the_decision(at: datetime, number: Number) -> None:
    course = course_at(POLICY, number, at)
    decision = decide(POLICY, number.e164, at)
    assert course.rings == tuple(step for step in decision.steps if isinstance(step, RingStep))
    greeting = next(step.prompts for step in decision.steps if isinstance(step, SayStep))
    assert course.greeting[-len(greeting) :] == greeting
    assert course.mailbox == decision.mailbox


def test_an_open_line_rings_and_a_closed_one_does_not() -> None:
    desk = POLICY.numbers[DESK]
    rung = course_at(POLICY, desk, IN_HOURS)
    assert rung.rings == (RingStep("rictor", at_once("desk", "home"), 25),)
    assert (rung.opening, rung.greeting, rung.mailbox) == ((), (EMERGENCY_PROMPT, "busy"), "rictor")
    quiet = course_at(POLICY, desk, AT_NIGHT)
    assert (quiet.rings, quiet.greeting, quiet.mailbox) == ((), (EMERGENCY_PROMPT, "closed"), "mills")


def test_the_urgent_path_rings_everybody_on_call_once_and_says_the_emergency_sentence_before() -> None:
    policy = replace(POLICY, rotas={"doctors": replace(POLICY.rotas["doctors"], backup=("mills",))})
    course = course_at(policy, policy.numbers[URGENT], IN_HOURS)
    assert [ring.who for ring in course.rings] == ["rictor", "mills"]
    assert (course.opening, course.greeting) == ((EMERGENCY_PROMPT,), ("default",))


def test_a_phone_tree_goes_as_for_one_who_presses_nothing() -> None:
    course = course_at(POLICY, POLICY.numbers[TREE], IN_HOURS)
    assert [ring.who for ring in course.rings] == ["mills"]
    assert course.mailbox == "mills"


def test_a_line_of_another_language_is_told_in_it() -> None:
    spanish = POLICY.numbers[SPANISH]
    assert course_at(POLICY, spanish, AT_NIGHT).greeting == ("emergency--es", "closed--es")
    assert course_at(POLICY, spanish, IN_HOURS).greeting == ("emergency--es", "default")


@pytest.mark.parametrize("away", [frozenset({"desk"}), frozenset({"desk", "ada", "front"})])
def test_what_is_only_known_of_this_minute_changes_no_plan(away: frozenset[str]) -> None:
    number = POLICY.numbers[ON_CALL]
    with_it = list(plans(POLICY, number, IN_HOURS, IN_HOURS + DAY, Facts(unregistered=away, recent=(IN_HOURS,))))
    assert with_it == list(plans(POLICY, number, IN_HOURS, IN_HOURS + DAY, Facts()))


def _of(found: list[SafePlan], at: datetime) -> SafePlan:
    return next(plan for plan in found if plan.start <= at < plan.end)
