"""The urgent path of a caller who waits: what is laid out, where it leads, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pbx.domain.actions import Menu, Option, Urgent, Voicemail
from pbx.domain.expect import parse_then
from pbx.domain.facts import Facts
from pbx.domain.legs import Leg, OutsideTarget, at_once
from pbx.domain.oncall import Rota, Turns
from pbx.domain.outline import outline
from pbx.domain.people import Person
from pbx.domain.policy import Number, Phone, Policy
from pbx.domain.routing import advance, decide
from pbx.domain.serial import decision_from_dict, decision_to_dict
from pbx.domain.steps import EndStep, HoldStep, MenuStep, NumberAskedStep, PageStep, RecordStep, Result, SayStep
from pbx.domain.urgent_path import LATER_PROMPT, TAKEN_PROMPT, asks_for_help, legs_to_dial

DID = "+17175550104"
URGENT = Urgent("doctors", "front-desk", rounds=2, interval=120, seconds=25)
ROTA = Rota("doctors", "America/New_York", Turns((("rictor",),), date(2026, 1, 5), 7, time(8)), ("mills",))
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={DID: Number(DID, "Urgent line", None, (URGENT,), (URGENT,))},
    phones=(Phone("rictor-desk", "rictor", "Dr. Kenneth Rictor"), Phone("front-1", "mills", "Sam Mills")),
    mailboxes={"rictor": "Dr. Kenneth Rictor", "mills": "Sam Mills", "front-desk": "Front desk"},
    rotas={"doctors": ROTA},
)
MONDAY = datetime(2026, 1, 12, 14, tzinfo=UTC)
STEPS = decide(POLICY, DID, MONDAY).steps


def test_the_message_and_the_number_are_kept_before_anybody_is_rung() -> None:
    kinds = [type(step) for step in STEPS]
    assert kinds[:4] == [SayStep, RecordStep, NumberAskedStep, SayStep]
    assert kinds.index(PageStep) == 4
    assert isinstance(STEPS[0], SayStep) and STEPS[0].prompts[0] == "emergency", "also on an open line"
    assert decide(POLICY, DID, MONDAY).mailbox == "front-desk"


def test_everybody_on_call_is_paged_in_order_as_often_as_the_file_says() -> None:
    pages = [step for step in STEPS if isinstance(step, PageStep)]
    assert [(page.who, page.legs, page.seconds) for page in pages] == [
        ("rictor", at_once("rictor-desk", who="rictor"), 25),
        ("mills", at_once("front-1", who="mills"), 25),
    ] * 2
    between = STEPS[STEPS.index(pages[1]) + 1 : STEPS.index(pages[2])]
    assert all(isinstance(step, HoldStep) for step in between)
    assert sum(step.seconds for step in between if isinstance(step, HoldStep)) == 120 - 2 * 25


def test_the_call_ends_with_what_happens_next() -> None:
    for position, step in enumerate(STEPS):
        if isinstance(step, PageStep):
            told = STEPS[advance(STEPS, position, Result.TAKEN)]
            assert told == SayStep((TAKEN_PROMPT,))
            assert STEPS[advance(STEPS, position, Result.ANSWERED)] == EndStep()
            assert advance(STEPS, position, Result.NO_ANSWER) == position + 1
    later = STEPS.index(SayStep((LATER_PROMPT, "emergency")))
    assert isinstance(STEPS[later - 1], PageStep)
    assert STEPS[later + 1] == EndStep()


def test_where_nobody_can_be_rung_the_caller_is_told_so_and_the_message_is_an_urgent_one() -> None:
    nobody = replace(POLICY, phones=())
    steps = decide(nobody, DID, MONDAY).steps
    assert not any(isinstance(step, PageStep) for step in steps)
    assert steps[3] == SayStep((LATER_PROMPT, "emergency"))
    assert asks_for_help(steps, 1) is not None
    assert "Nobody on call can be rung now." in decide(nobody, DID, MONDAY).why[-1]


def test_a_phone_that_is_away_is_tried_all_the_same_because_it_may_come_back() -> None:
    away = Facts(unregistered=frozenset({"rictor-desk", "front-1"}))
    assert decide(POLICY, DID, MONDAY, away).steps == STEPS


def test_the_terms_are_found_with_the_recording() -> None:
    assert asks_for_help(STEPS, 1) == NumberAskedStep("doctors", 2, 120, 25)
    assert asks_for_help(STEPS, 4) is None
    assert asks_for_help(STEPS, 999) is None


def test_a_message_of_the_safe_path_is_urgent_where_the_line_does_nothing_else() -> None:
    assert asks_for_help(STEPS, None) == NumberAskedStep("doctors", 2, 120, 25)
    menu = Menu("main", (Option("1", "help", (URGENT,)),), seconds=5, tries=1, otherwise=(Voicemail("mills"),))
    tree = replace(POLICY, numbers={DID: Number(DID, "Main", None, (menu,), (menu,))})
    steps = decide(tree, DID, MONDAY).steps
    assert asks_for_help(steps, None) is None, "nobody knows which key would have been pressed"
    [first] = [step for step in steps if isinstance(step, MenuStep)]
    chosen = advance(steps, 0, Result.KEY_1)
    assert chosen == first.keys[0].target
    assert asks_for_help(steps, chosen + 1) is not None


def test_the_path_survives_being_stored() -> None:
    decision = decide(POLICY, DID, MONDAY)
    assert decision_from_dict(decision_to_dict(decision)) == decision


def test_a_test_in_the_file_names_the_rota() -> None:
    assert outline(STEPS)[:2] == (*parse_then("urgent doctors"), *parse_then("voicemail front-desk"))


def test_the_sentence_says_who_is_fetched_and_how_often() -> None:
    [_, told] = decide(POLICY, DID, MONDAY).why
    assert "a message for Front desk, and a number to call back" in told
    assert "ring rictor (rictor-desk), then mills (front-1) for 25 seconds each, up to 2 times, every 120" in told


def test_a_cell_joins_in_at_its_second_and_is_named_by_its_owner() -> None:
    person = Person("rictor", "Dr. Kenneth Rictor", ("rictor-desk",), "+17175550111")
    steps = decide(replace(POLICY, people={"rictor": person}), DID, MONDAY + timedelta(days=1)).steps
    page = next(step for step in steps if isinstance(step, PageStep))
    assert Leg(OutsideTarget("rictor"), 10, "rictor") in page.legs
    assert legs_to_dial(page.legs, page.seconds) == ("p-0-35-rictor-desk", "o-10-25-rictor")
