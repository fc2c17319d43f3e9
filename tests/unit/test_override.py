"""An override changes what calls do, for as long as it lasts and not a second longer, and takes nobody off call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import Action, Callee, Menu, Option, Ring, RingOnCall, Voicemail
from pbx.domain.callers import CallerRule, CallerRules, Kind
from pbx.domain.facts import Facts
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.oncall import Rota, Turns
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.people import Person
from pbx.domain.policy import Greeting, Number, Phone, Policy
from pbx.domain.routing import EMERGENCY_PROMPT, Decision, Reason, State, decide
from pbx.domain.schedule import Range, Schedule
from pbx.domain.steps import MenuStep, RingStep, SayStep

ZONE = "America/New_York"
OFFICE = Schedule("office", ZONE, {day: (Range(time(9), time(17)),) for day in range(5)})
RICTORS, SHARED, URGENT, TREE = "+17175550100", "+17175550101", "+17175550102", "+17175550103"
URGENT_CLOSED = (RingOnCall("doctors", 25), Voicemail("rictor", "closed"))
NURSE = (Ring("mills", ("front",), 20), Voicemail("mills"))
LINES = (
    Number(RICTORS, "Dr. Rictor", OFFICE, (Ring("rictor", ("desk", "home"), 20), Voicemail("rictor", "busy")), ()),
    Number(SHARED, "Office", OFFICE, (Ring("rictor, mills", ("desk", "front"), 20), Voicemail("mills", "busy")), ()),
    Number(URGENT, "Urgent", OFFICE, (Ring("mills", ("front",), 20), Voicemail("rictor", "busy")), URGENT_CLOSED),
    Number(TREE, "Tree", None, (Menu("main", (Option("1", "the nurse", NURSE),), 5, 1, (Voicemail("mills"),)),), ()),
)
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone=ZONE,
    emergency_sentence="Dial 911.",
    numbers={
        line.e164: line if line.closed else replace(line, closed=(Voicemail("mills", "closed"),)) for line in LINES
    },
    phones=(Phone("desk", "rictor", "R"), Phone("home", "rictor", "R"), Phone("front", "mills", "M")),
    greetings={name: Greeting(name, "...") for name in ("busy", "closed", "snow")},
    mailboxes={"rictor": "Dr. Kenneth Rictor", "mills": "Sam Mills, RN"},
    rotas={"doctors": Rota("doctors", ZONE, Turns((("rictor",),), date(2026, 1, 5), 7, time(8)), ("mills",))},
    snow_day_greeting="snow",
)
IN_HOURS = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 there
AT_NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
END = IN_HOURS + timedelta(hours=2)


def said(mode: Mode, scope: Scope = Scope.PRACTICE, target: str = "", number: int = 1) -> Override:
    return Override(number, scope, target, mode, IN_HOURS, END, "Sam Mills", "roads")


def told(dialled: str, *overrides: Override, at: datetime = IN_HOURS) -> Decision:
    return decide(POLICY, dialled, at, Facts(overrides=overrides))


def rung(decision: Decision) -> list[tuple[str, ...]]:
    return [step.phones for step in decision.steps if isinstance(step, RingStep)]


def heard(decision: Decision) -> tuple[str, ...]:
    return next(step.prompts for step in decision.steps if isinstance(step, SayStep))


WHAT_HOLDS: dict[str, tuple[tuple[Override, ...], str, State | None]] = {
    "the practice": ((said(Mode.CLOSED),), RICTORS, State.CLOSED),
    "this number": ((said(Mode.CLOSED, Scope.NUMBER, RICTORS),), RICTORS, State.CLOSED),
    "another number": ((said(Mode.CLOSED, Scope.NUMBER, SHARED),), RICTORS, None),
    "the person whose line it is": ((said(Mode.CLOSED, Scope.PERSON, "rictor"),), RICTORS, State.CLOSED),
    "somebody else": ((said(Mode.CLOSED, Scope.PERSON, "mills"),), RICTORS, None),
    "the newest, of the number": (
        (said(Mode.CLOSED), said(Mode.OPEN, Scope.NUMBER, RICTORS, 2)),
        RICTORS,
        State.OPEN,
    ),
    "the newest, of the practice": (
        (said(Mode.OPEN, Scope.NUMBER, RICTORS), said(Mode.SNOW_DAY, number=2)),
        RICTORS,
        State.CLOSED,
    ),
    "the newest, in whatever order": (
        (said(Mode.CLOSED, number=2), said(Mode.OPEN, Scope.PERSON, "rictor", 1)),
        RICTORS,
        State.CLOSED,
    ),
}


@pytest.mark.parametrize(("overrides", "dialled", "state"), WHAT_HOLDS.values(), ids=WHAT_HOLDS)
def test_the_newest_that_concerns_the_line_holds(
    overrides: tuple[Override, ...], dialled: str, state: State | None
) -> None:
    decision = told(dialled, *overrides)
    if state is None:
        assert decision == told(dialled)
        return
    newest = max(overrides, key=lambda one: one.id or 0)
    assert (decision.state, decision.reason) == (state, Reason.OVERRIDE)
    assert (decision.rule, decision.until) == (newest.rule, END)


def test_it_says_who_set_it_until_when_and_what_would_be_without_it() -> None:
    assert told(RICTORS, said(Mode.CLOSED)).why[:2] == (
        "Dr. Rictor is closed at Mon 23 Nov 2026 10:00 America/New_York (closed for the practice; override 1, set by "
        "Sam Mills: roads), until Mon 23 Nov 2026 12:00 America/New_York.",
        "Without it: Dr. Rictor is open at Mon 23 Nov 2026 10:00 America/New_York (Mon 09:00-17:00), until "
        "Mon 23 Nov 2026 17:00 America/New_York.",
    )


def test_it_begins_and_ends_to_the_microsecond() -> None:
    one, tick = said(Mode.CLOSED), timedelta(microseconds=1)
    assert told(RICTORS, one, at=END - tick).state is State.CLOSED
    assert told(RICTORS, one, at=END) == told(RICTORS, at=END)
    before = told(RICTORS, one, at=IN_HOURS - tick)
    assert (before.state, before.reason, before.until) == (State.OPEN, Reason.IN_HOURS, IN_HOURS)


def test_closed_says_the_emergency_sentence_and_the_greeting_of_a_closed_line() -> None:
    assert heard(told(RICTORS, said(Mode.CLOSED))) == (EMERGENCY_PROMPT, "closed")


def test_open_rings_at_night_as_by_day() -> None:
    one = replace(said(Mode.OPEN), ends=AT_NIGHT + timedelta(hours=1))
    assert told(RICTORS, one, at=AT_NIGHT).steps == told(RICTORS).steps


def test_a_snow_day_has_its_own_greeting_and_whoever_is_on_call_is_rung() -> None:
    decision = told(URGENT, said(Mode.SNOW_DAY))
    assert heard(decision) == (EMERGENCY_PROMPT, "snow")
    assert rung(decision) == [("desk", "home"), ("front",)]
    without = decide(
        replace(POLICY, snow_day_greeting=None), RICTORS, IN_HOURS, Facts(overrides=(said(Mode.SNOW_DAY),))
    )
    assert heard(without) == (EMERGENCY_PROMPT, "closed")


def test_voicemail_only_rings_nobody_but_those_on_call_and_keeps_the_greeting_of_the_hour() -> None:
    assert rung(told(RICTORS, said(Mode.VOICEMAIL))) == []
    assert heard(told(RICTORS, said(Mode.VOICEMAIL))) == (EMERGENCY_PROMPT, "busy")
    at_night = replace(said(Mode.VOICEMAIL), ends=AT_NIGHT + timedelta(hours=1))
    assert rung(told(URGENT, at_night, at=AT_NIGHT)) == [("desk", "home"), ("front",)]
    assert heard(told(URGENT, at_night, at=AT_NIGHT)) == (EMERGENCY_PROMPT, "closed")


def test_voicemail_only_reaches_into_menus_and_says_the_emergency_sentence_before_them() -> None:
    decision = told(TREE, said(Mode.VOICEMAIL))
    assert rung(told(TREE)) == [("front",)]
    assert rung(decision) == []
    assert isinstance(decision.steps[0], MenuStep)
    assert decision.steps[0].opening == (EMERGENCY_PROMPT,)


@pytest.mark.parametrize("mode", [Mode.CLOSED, Mode.VOICEMAIL])
def test_a_person_who_is_away_is_left_out_wherever_others_are_rung(mode: Mode) -> None:
    decision = told(SHARED, said(mode, Scope.PERSON, "rictor"))
    assert [(step.who, step.phones) for step in decision.steps if isinstance(step, RingStep)] == [("mills", ("front",))]
    assert (decision.state, decision.reason, decision.until) == (State.OPEN, Reason.OVERRIDE, END)
    assert heard(decision) == (EMERGENCY_PROMPT, "busy")
    assert "Dr. Kenneth Rictor is not rung" in decision.why[1]
    back = said(Mode.OPEN, Scope.PERSON, "rictor", 2)
    assert told(SHARED, said(mode, Scope.PERSON, "rictor"), back).steps == told(SHARED).steps


def _with_cells(number: Number, *opened: Action) -> Policy:
    """The practice where Dr. Rictor has a cell too, and `number` is open to other actions."""
    rictor = Person("rictor", "Dr. Kenneth Rictor", ("desk", "home"), cell="+17175550111")
    mills = Person("mills", "Sam Mills, RN", ("front",))
    numbers = {**POLICY.numbers, number.e164: replace(number, opened=(*opened, Voicemail("mills", "busy")))}
    return replace(POLICY, numbers=numbers, people={"rictor": rictor, "mills": mills})


def _legs(policy: Policy, *overrides: Override, caller: Caller | None = None) -> list[str]:
    decision = decide(policy, SHARED, IN_HOURS, Facts(overrides=overrides), caller)
    return [str(leg.target) for step in decision.steps if isinstance(step, RingStep) for leg in step.legs]


def test_who_is_away_takes_the_cell_along() -> None:
    both = Ring(
        "rictor, mills", ("desk", "home", "front"), 20, (Callee("rictor", ("rictor",)), Callee("mills", ("mills",)))
    )
    policy = _with_cells(POLICY.numbers[SHARED], both)
    assert _legs(policy) == ["desk", "home", "rictor's number outside", "front"]
    assert _legs(policy, said(Mode.CLOSED, Scope.PERSON, "rictor")) == ["front"]


def test_of_a_team_those_who_are_there_still_ring() -> None:
    team = Ring("desk-team", ("desk", "front"), 20, (Callee("desk-team", ("rictor", "mills"), after=5),))
    policy = _with_cells(POLICY.numbers[SHARED], team)
    assert _legs(policy, said(Mode.CLOSED, Scope.PERSON, "rictor")) == ["front"]


def test_no_rule_by_caller_rings_who_is_away_or_a_line_of_voicemail_only() -> None:
    calling = Caller(NumberKind.E164, "+12155550143")
    ring = (Ring("rictor", ("desk",), 20), Voicemail("rictor", "busy"))
    rule = CallerRule(Kind.UNKNOWN, "callers.unknown", ring, ring)
    policy = replace(POLICY, numbers={SHARED: replace(POLICY.numbers[SHARED], callers=CallerRules((rule,)))})
    assert _legs(policy, caller=calling) == ["desk"]
    assert _legs(policy, said(Mode.CLOSED, Scope.PERSON, "rictor"), caller=calling) == []
    assert _legs(policy, said(Mode.VOICEMAIL), caller=calling) == []
    assert _legs(policy, said(Mode.CLOSED), caller=calling) == ["desk"]


def test_the_last_one_who_goes_leaves_the_greeting() -> None:
    both = (said(Mode.CLOSED, Scope.PERSON, "rictor"), said(Mode.CLOSED, Scope.PERSON, "mills", 2))
    decision = told(SHARED, *both)
    assert rung(decision) == []
    assert heard(decision) == (EMERGENCY_PROMPT, "busy")


def test_a_person_on_call_who_is_closed_is_rung_all_the_same_and_it_says_so() -> None:
    one = replace(said(Mode.CLOSED, Scope.PERSON, "rictor"), ends=AT_NIGHT + timedelta(hours=1))
    decision = told(URGENT, one, at=AT_NIGHT)
    assert decision.steps == told(URGENT, at=AT_NIGHT).steps
    assert any("Dr. Kenneth Rictor is on call, and is rung for that although" in sentence for sentence in decision.why)


def test_a_line_without_a_schedule_can_be_closed() -> None:
    decision = told(TREE, said(Mode.CLOSED, Scope.NUMBER, TREE))
    assert (decision.state, decision.until) == (State.CLOSED, END)
    assert heard(decision) == (EMERGENCY_PROMPT, "closed")


_TARGETS = st.one_of(
    st.tuples(st.just(Scope.PRACTICE), st.just("")),
    st.tuples(st.just(Scope.NUMBER), st.sampled_from(list(POLICY.numbers))),
    st.tuples(st.just(Scope.PERSON), st.sampled_from(["rictor", "mills", "gone"])),
)
_MINUTES = st.integers(0, 14 * 24 * 60)
_SPRING = datetime(2026, 3, 1, tzinfo=UTC)  # the clocks go forward on the 8th


@st.composite
def _overrides(draw: st.DrawFn) -> tuple[Override, ...]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        scope, target = draw(_TARGETS)
        starts, minutes = _SPRING + timedelta(minutes=draw(_MINUTES)), draw(st.integers(1, 3000))
        mode = draw(st.sampled_from(Mode))
        ends = starts + timedelta(minutes=minutes)
        found.append(Override(number + 1, scope, target, mode, starts, ends, "Sam Mills"))
    return tuple(found)


@given(overrides=_overrides(), minute=_MINUTES, dialled=st.sampled_from(list(POLICY.numbers)))
def test_whatever_is_said_nothing_outlives_its_end_and_nobody_is_taken_off_call(
    overrides: tuple[Override, ...], minute: int, dialled: str
) -> None:
    at = _SPRING + timedelta(minutes=minute)
    decision = told(dialled, *overrides, at=at)
    holding = tuple(one for one in overrides if one.holds(at))
    if not holding:
        bare = told(dialled, at=at)
        assert (decision.steps, decision.state, decision.reason, decision.why) == (
            bare.steps,
            bare.state,
            bare.reason,
            bare.why,
        )
    assert decision.steps == told(dialled, *holding, at=at).steps
    if decision.reason is Reason.OVERRIDE:
        assert decision.rule in {one.rule for one in holding}
        assert decision.until is not None and decision.until <= max(one.ends for one in holding)
    else:
        assert decision.steps == told(dialled, at=at).steps
    if decision.state is State.CLOSED:
        assert said_first(decision) == EMERGENCY_PROMPT
        assert on_call(decision) >= on_call(told(dialled, at=at))


def said_first(decision: Decision) -> str:
    first = next(step for step in decision.steps if isinstance(step, SayStep | MenuStep))
    return (first.prompts if isinstance(first, SayStep) else first.opening)[0]


def on_call(decision: Decision) -> set[str]:
    return {step.who for step in decision.steps if isinstance(step, RingStep) and step.seconds == 25}


@given(overrides=_overrides(), minute=_MINUTES, dialled=st.sampled_from(list(POLICY.numbers)))
def test_the_state_holds_until_it_says_so(overrides: tuple[Override, ...], minute: int, dialled: str) -> None:
    at = _SPRING + timedelta(minutes=minute)
    decision = told(dialled, *overrides, at=at)
    if decision.until is None or decision.reason is not Reason.OVERRIDE:
        return
    assert decision.until > at
    last = told(dialled, *overrides, at=decision.until - timedelta(microseconds=1))
    assert (last.state, last.rule) == (decision.state, decision.rule)
