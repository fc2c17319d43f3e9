"""What rings for a person, when, and what is left out: pure, whatever the rules and phones are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import Callee, Ring, RingOnCall, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.legs import Leg, OutsideTarget, at_once, in_words, legs_of, legs_of_ring
from pbx.domain.people import Outside, Person, Reach, Stage
from pbx.domain.policy import Number, Policy
from pbx.domain.ring import ring, ring_in_words
from pbx.domain.ring_oncall import ring_on_call
from pbx.domain.routing import decide
from pbx.domain.schedule import Range, Schedule
from pbx.domain.steps import RingStep, SayStep
from tests.unit.test_ring_oncall import POLICY as ON_CALL

DID = "+17175550100"
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
NIGHT = datetime(2026, 3, 3, 4, tzinfo=UTC)
ZONE = "America/New_York"
CELL = Leg(OutsideTarget("rictor"), 10, "rictor")
EVENING = Reach(
    Schedule("evening", ZONE, {day: (Range(time(17), time(22)),) for day in range(7)}), (Stage("home"), Stage(None, 15))
)
SLEEP = Reach(Schedule("night", ZONE, {day: (Range(time(22), time(6)),) for day in range(7)}), ())
RICTOR = Person("rictor", "Dr. Rictor", ("desk", "home"), "+17175550161")
RULED = replace(RICTOR, reach=(EVENING, SLEEP))
MILLS = Person("mills", "Sam Mills", ("front",))
SERVICE = Outside("service", "Answering service", "+17175550160")
CALLEES = (Callee("rictor", ("rictor",)), Callee("front-desk", ("mills", "rictor"), 5), Callee("service", (), 20))
TEAM = Ring("rictor, front-desk, service", ("desk", "home", "front"), 25, CALLEES)


def policy(*people: Person) -> Policy:
    number = Number(DID, "Dr. Rictor", None, (TEAM, Voicemail("rictor")), (Voicemail("rictor"),))
    known = {person.key: person for person in (MILLS, *people)}
    return Policy("0" * 64, "P", "US", ZONE, "911.", {DID: number}, people=known, outside={"service": SERVICE})


def away(*phones: str) -> Facts:
    return Facts(unregistered=frozenset(phones))


def test_without_rules_the_phones_ring_at_once_and_the_cell_joins_in() -> None:
    assert legs_of(policy(RICTOR), "rictor", MONDAY, Facts()) == (*at_once("desk", "home", who="rictor"), CELL)


def test_nobody_waits_for_a_phone_that_is_not_registered_and_it_may_have_come_back() -> None:
    desk, home = at_once("desk", who="rictor"), at_once("home", who="rictor")
    assert legs_of(policy(RICTOR), "rictor", MONDAY, away("desk")) == (*home, CELL, *desk)
    assert legs_of(policy(RICTOR), "rictor", MONDAY, away("desk", "home")) == (
        replace(CELL, after_seconds=0),
        *desk,
        *home,
    )
    assert legs_of(policy(RICTOR), "mills", MONDAY, away("front")) == at_once("front", who="mills")


def test_the_first_rule_that_holds_decides_and_none_is_the_usual() -> None:
    people = policy(RULED)
    assert in_words(legs_of(people, "rictor", MONDAY, Facts())) == "desk, home, rictor's number outside after 10 s"
    evening = datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert in_words(legs_of(people, "rictor", evening, Facts())) == "home, rictor's number outside after 15 s"
    assert legs_of(people, "rictor", NIGHT, Facts()) == ()


def test_somebody_on_call_is_rung_in_spite_of_a_rule_for_the_night() -> None:
    assert legs_of(policy(RULED), "rictor", NIGHT, Facts(), on_call=True) == (
        *at_once("desk", "home", who="rictor"),
        CELL,
    )


def test_of_somebody_who_is_meant_twice_the_earlier_leg_rings() -> None:
    legs = legs_of_ring(policy(RICTOR), TEAM, MONDAY, Facts())
    assert in_words(legs) == (
        "desk, home, rictor's number outside after 10 s, front after 5 s, service's number outside after 20 s"
    )
    (step,) = ring(policy(RICTOR), TEAM, MONDAY, Facts())
    assert step.seconds == 45


def test_the_sentence_says_what_rings_by_which_rule_and_for_what_nobody_waits() -> None:
    said = ring_in_words(policy(RULED), TEAM, NIGHT, away("front", "tower"))
    assert said == (
        "Ring rictor, front-desk, service (service's number outside, front) for 25 seconds. "
        "By reach-me rule 2 of rictor, Mon 22:00-06:00, until Tue 03 Mar 06:00 America/New_York. "
        "Not registered now, so that nobody waits for it: front."
    )
    assert RICTOR.cell is not None
    assert RICTOR.cell not in said


def test_where_nothing_can_ring_the_call_goes_on_at_once() -> None:
    silent = Person("mills", "Sam Mills", (), None)
    nothing = replace(policy(silent), outside={})
    team = Ring("mills", (), 25, (Callee("mills", ("mills",)),))
    number = replace(nothing.numbers[DID], opened=(team, Voicemail("rictor")))
    decision = decide(replace(nothing, numbers={DID: number}), DID, MONDAY)
    assert isinstance(decision.steps[0], SayStep)
    assert decision.why[1] == "Ring nobody: nothing of mills can ring now."


def test_the_cell_of_the_one_on_call_rings_too() -> None:
    rota = next(iter(ON_CALL.rotas))
    person = ON_CALL.rotas[rota].on_call(MONDAY).people[0]
    known = {person: Person(person, person, ON_CALL.phones_of(person), "+17175550161")}
    steps, said = ring_on_call(replace(ON_CALL, people=known), RingOnCall(rota, 20), MONDAY, Facts())
    assert steps[0].legs[-1] == Leg(OutsideTarget(person), 10, person)
    assert steps[0].seconds == 30
    assert f"{person}'s number outside after 10 s" in said


NAMES = st.sampled_from(["a", "b", "c", "d"])
STAGES = st.lists(st.builds(Stage, st.none() | NAMES, st.integers(0, 60)), max_size=4).map(tuple)
PEOPLE = st.builds(
    Person,
    key=st.just("rictor"),
    name=st.just("Dr. Rictor"),
    phones=st.lists(NAMES, unique=True, max_size=4).map(tuple),
    cell=st.none() | st.just("+17175550161"),
    reach=st.lists(st.builds(Reach, st.none() | st.just(EVENING.hours), STAGES), max_size=3).map(tuple),
)
ABSENT = st.frozensets(NAMES | st.just("front")).map(lambda names: Facts(unregistered=names))
AFTERS = st.integers(0, 60)


@given(PEOPLE, ABSENT, AFTERS, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)))  # noqa: DTZ001
def test_whatever_the_rules_a_ring_begins_at_once_and_rings_each_target_once(
    person: Person, facts: Facts, after: int, at: datetime
) -> None:
    now = at.replace(tzinfo=UTC)
    action = Ring("all", (), 25, (Callee("rictor", ("rictor",)), Callee("mills", ("mills",), after)))
    legs = legs_of_ring(policy(person), action, now, facts)
    targets = [leg.target for leg in legs]
    assert len(targets) == len(set(targets))
    assert set(targets) == {leg.target for leg in legs_of_ring(policy(person), action, now, Facts())}
    here = [leg.after_seconds for leg in legs if str(leg.target) not in facts.unregistered]
    assert not here or min(here) == 0
    assert all(leg.after_seconds == 0 for leg in legs if str(leg.target) in facts.unregistered)
    for step in ring(policy(person), action, now, facts):
        assert isinstance(step, RingStep)
        assert step.seconds - max(leg.after_seconds for leg in step.legs) == 25
