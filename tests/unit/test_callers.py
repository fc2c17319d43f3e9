"""Who is calling decides by rules that have one order; a number alone opens nothing but ringing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.callers import (
    NO_RULES,
    NOT_TAKEN_PROMPT,
    CallerRule,
    CallerRules,
    Contact,
    Frequent,
    Incoming,
    Kind,
    Trust,
    Verdict,
    longest_window,
    ruling,
)
from pbx.domain.facts import Facts
from pbx.domain.legs import at_once
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import BY_CALLER, EMERGENCY_PROMPT, Reason, State, decide
from pbx.domain.schedule import Range, Schedule
from pbx.domain.steps import EndStep, RecordStep, RingStep, SayStep

DID = "+17175550100"
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)
DESK = Ring("rictor", ("desk",), 20)
OPENED, CLOSED = (DESK, Voicemail("rictor", "busy")), (Voicemail("rictor", "closed"),)
URGENT = (Ring("mills", ("cell",), 30), Voicemail("mills", "closed"))
TO_NURSE = (Voicemail("nurse", "busy"),)

CONTACTS = {
    contact.number: contact
    for contact in (
        Contact("+12155550001", "Oak Grove Canary", frozenset({"priority"})),
        Contact("+12155550002", "Zebulon Canary", frozenset({"blocked"})),
        Contact("+12155550003", "Both Canary", frozenset({"priority", "blocked"})),
        Contact("+12155550004", "Plain Canary"),
    )
}
PRIORITY, BLOCKED, BOTH, PLAIN = (Caller(NumberKind.E164, number) for number in CONTACTS)
STRANGER = Caller(NumberKind.E164, "+12155550009")
WITHHELD = Caller(NumberKind.WITHHELD)
RULES = CallerRules(
    (
        CallerRule(Kind.BLOCKED, "callers.blocked", turn_away=NOT_TAKEN_PROMPT, groups=frozenset({"blocked"})),
        CallerRule(
            Kind.PRIORITY,
            "callers.priority",
            closed=OPENED,
            groups=frozenset({"priority"}),
            calls=3,
            within=timedelta(hours=1),
            trust=Trust.NOT_FAILED,
        ),
        CallerRule(Kind.REPEATED, "callers.repeated", closed=URGENT, calls=2, within=timedelta(minutes=10)),
        CallerRule(Kind.WITHHELD, "callers.withheld", opened=TO_NURSE, closed=TO_NURSE),
        CallerRule(Kind.UNKNOWN, "callers.unknown", opened=TO_NURSE),
    ),
    Frequent("callers.frequent", 5, timedelta(days=7), "often"),
)
LINE = Number(
    DID,
    "Dr. Rictor",
    Schedule("office", "America/New_York", {day: (Range(time(9), time(17)),) for day in range(5)}),
    OPENED,
    CLOSED,
    RULES,
)
POLICY = Policy("v1", "Practice", "US", "America/New_York", "Dial 911.", {DID: LINE}, contacts=CONTACTS)


def minutes_before(at: datetime, *minutes: int) -> Facts:
    return Facts(recent=tuple(at - timedelta(minutes=minute) for minute in sorted(minutes, reverse=True)))


@pytest.mark.parametrize(
    ("caller", "at", "earlier", "reason", "first"),
    [
        (PRIORITY, NIGHT, (), Reason.PRIORITY, RingStep("rictor", at_once("desk"), 20)),
        (PRIORITY, NIGHT, (50, 55), Reason.PRIORITY, RingStep("rictor", at_once("desk"), 20)),
        (PRIORITY, NIGHT, (50, 55, 59), Reason.OUTSIDE_HOURS, SayStep((EMERGENCY_PROMPT, "closed"))),
        (PRIORITY, NIGHT, (61, 62, 63, 64), Reason.PRIORITY, RingStep("rictor", at_once("desk"), 20)),
        (PRIORITY, NIGHT, (1, 50, 55), Reason.REPEATED_CALL, RingStep("mills", at_once("cell"), 30)),
        (PRIORITY, NOON, (), Reason.IN_HOURS, RingStep("rictor", at_once("desk"), 20)),
        (BLOCKED, NOON, (), Reason.BLOCKED, SayStep((EMERGENCY_PROMPT, NOT_TAKEN_PROMPT))),
        (BOTH, NIGHT, (1,), Reason.BLOCKED, SayStep((EMERGENCY_PROMPT, NOT_TAKEN_PROMPT))),
        (PLAIN, NOON, (), Reason.IN_HOURS, RingStep("rictor", at_once("desk"), 20)),
        (PLAIN, NIGHT, (9,), Reason.REPEATED_CALL, RingStep("mills", at_once("cell"), 30)),
        (PLAIN, NIGHT, (11,), Reason.OUTSIDE_HOURS, SayStep((EMERGENCY_PROMPT, "closed"))),
        (STRANGER, NOON, (), Reason.UNKNOWN_CALLER, SayStep(("busy",))),
        (STRANGER, NIGHT, (), Reason.OUTSIDE_HOURS, SayStep((EMERGENCY_PROMPT, "closed"))),
        (STRANGER, NIGHT, (10,), Reason.REPEATED_CALL, RingStep("mills", at_once("cell"), 30)),
        (Caller(NumberKind.SHORT, "411"), NOON, (), Reason.UNKNOWN_CALLER, SayStep(("busy",))),
        (Caller(NumberKind.UNUSABLE), NOON, (1,), Reason.UNKNOWN_CALLER, SayStep(("busy",))),
        (WITHHELD, NOON, (), Reason.WITHHELD, SayStep(("busy",))),
        (WITHHELD, NIGHT, (1,), Reason.WITHHELD, SayStep((EMERGENCY_PROMPT, "busy"))),
        (None, NIGHT, (1,), Reason.OUTSIDE_HOURS, SayStep((EMERGENCY_PROMPT, "closed"))),
    ],
)
def test_the_first_rule_that_fits_decides(
    caller: Caller | None, at: datetime, earlier: tuple[int, ...], reason: Reason, first: object
) -> None:
    decision = decide(POLICY, DID, at, minutes_before(at, *earlier), caller)
    assert (decision.reason, decision.steps[0]) == (reason, first)
    assert (decision.rule.startswith("callers.")) == (reason in BY_CALLER)


def test_whoever_is_blocked_hears_the_emergency_sentence_and_the_call_ends() -> None:
    decision = decide(POLICY, DID, NOON, caller=BLOCKED)
    assert decision.steps == (SayStep((EMERGENCY_PROMPT, NOT_TAKEN_PROMPT)), EndStep())
    assert decision.state is State.OPEN
    assert decision.why[1] == "The caller is blocked (callers.blocked)."


def test_a_blocked_caller_who_may_leave_a_message_hears_the_emergency_sentence_on_an_open_line_too() -> None:
    rule = CallerRule(Kind.BLOCKED, "callers.blocked", TO_NURSE, TO_NURSE, groups=frozenset({"blocked"}))
    policy = replace(POLICY, numbers={DID: replace(LINE, callers=CallerRules((rule,)))})
    decision = decide(policy, DID, NOON, caller=BLOCKED)
    assert decision.steps[0] == SayStep((EMERGENCY_PROMPT, "busy"))
    assert decision.mailbox == "nurse"


@pytest.mark.parametrize(
    ("trust", "verdict", "rings"),
    [
        (Trust.IGNORE, Verdict.FAILED, True),
        (Trust.NOT_FAILED, Verdict.FAILED, False),
        (Trust.NOT_FAILED, Verdict.NONE, True),
        (Trust.PASSED, Verdict.FAILED, False),
        (Trust.PASSED, Verdict.NONE, False),
        (Trust.PASSED, Verdict.PASSED, True),
    ],
)
def test_what_the_carrier_says_of_the_number_can_take_priority_away(
    trust: Trust, verdict: Verdict, rings: bool
) -> None:
    rules = CallerRules(tuple(replace(r, trust=trust) if r.kind is Kind.PRIORITY else r for r in RULES.rules))
    policy = replace(POLICY, numbers={DID: replace(LINE, callers=rules)})
    decision = decide(policy, DID, NIGHT, Facts(verdict=verdict), PRIORITY)
    assert (decision.reason is Reason.PRIORITY) == rings
    assert rings or "Priority does not count" in decision.why[1]


def test_the_practices_own_phones_are_no_callers() -> None:
    own = Facts(verdict=Verdict.OWN)
    assert decide(POLICY, DID, NOON, own, WITHHELD).reason is Reason.IN_HOURS


def test_a_frequent_caller_gets_a_greeting_of_their_own_wherever_a_message_is_taken() -> None:
    often = Facts(recent=tuple(NIGHT - timedelta(days=day) for day in (4, 3, 2, 1)))
    assert decide(POLICY, DID, NIGHT, often, PLAIN).steps[0] == SayStep((EMERGENCY_PROMPT, "often"))
    soon = replace(often, recent=(*often.recent, NIGHT - timedelta(minutes=1)))
    assert decide(POLICY, DID, NIGHT, soon, PLAIN).steps[1] == SayStep((EMERGENCY_PROMPT, "often"))
    assert decide(POLICY, DID, NIGHT, often, PRIORITY).steps[1] == SayStep((EMERGENCY_PROMPT, "busy"))
    assert NOT_TAKEN_PROMPT in str(decide(POLICY, DID, NIGHT, often, BLOCKED).steps[0])
    fewer = Facts(recent=often.recent[1:])
    assert decide(POLICY, DID, NIGHT, fewer, PLAIN).steps[0] == SayStep((EMERGENCY_PROMPT, "closed"))


def test_the_sentences_count_calls() -> None:
    assert decide(POLICY, DID, NIGHT, minutes_before(NIGHT, 30), PRIORITY).why[1] == (
        "The caller has priority, call 2 of at most 3 in 60 minutes (callers.priority)."
    )
    assert decide(POLICY, DID, NIGHT, minutes_before(NIGHT, 3), PLAIN).why[1] == (
        "This is call 2 of the same number within 10 minutes (callers.repeated)."
    )


def test_calls_are_remembered_as_long_as_a_rule_looks_back() -> None:
    assert longest_window([NO_RULES, RULES]) == timedelta(days=7)
    assert longest_window([]) == timedelta(0)


callers = st.sampled_from([PRIORITY, BLOCKED, BOTH, PLAIN, STRANGER, WITHHELD, Caller(NumberKind.SHORT, "411")])
times = st.lists(st.integers(-5, 20_000), max_size=8)
rules = st.builds(
    lambda kept, frequent: CallerRules(
        tuple(rule for rule in RULES.rules if rule.kind in kept), RULES.frequent if frequent else None
    ),
    st.sets(st.sampled_from(Kind)),
    st.booleans(),
)


@given(callers, st.sampled_from([NOON, NIGHT]), times, st.sampled_from(Verdict), rules)
def test_the_order_of_the_rules_is_the_documented_one(
    caller: Caller, at: datetime, earlier: list[int], verdict: Verdict, kept: CallerRules
) -> None:
    policy = replace(POLICY, numbers={DID: replace(LINE, callers=kept)})
    decision = decide(policy, DID, at, replace(minutes_before(at, *earlier), verdict=verdict), caller)
    groups = CONTACTS[caller.number].groups if caller.number in CONTACTS else frozenset()
    ago = [minute for minute in earlier if minute > 0]
    fits = {
        Kind.BLOCKED: "blocked" in groups,
        Kind.PRIORITY: "priority" in groups
        and at is NIGHT
        and verdict is not Verdict.FAILED
        and sum(minute <= 60 for minute in ago) < 3,
        Kind.REPEATED: bool(caller.number) and at is NIGHT and any(minute <= 10 for minute in ago),
        Kind.WITHHELD: caller is WITHHELD,
        Kind.UNKNOWN: caller is not WITHHELD and caller.number not in CONTACTS and at is NOON,
    }
    there = {rule.kind for rule in kept.rules} if verdict is not Verdict.OWN else set()
    expected = next((kind.value for kind in Kind if kind in there and fits[kind]), None)
    assert (decision.reason.value if decision.reason in BY_CALLER else None) == expected


@given(callers, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), times, st.sampled_from(Verdict))  # noqa: DTZ001
def test_everybody_reaches_a_phone_a_message_or_at_least_the_emergency_sentence(
    caller: Caller, naive: datetime, earlier: list[int], verdict: Verdict
) -> None:
    at = naive.replace(tzinfo=UTC)
    decision = decide(POLICY, DID, at, replace(minutes_before(at, *earlier), verdict=verdict), caller)
    says = [step for step in decision.steps if isinstance(step, SayStep)]
    takes_message = any(isinstance(step, RecordStep) for step in decision.steps)
    assert takes_message or EMERGENCY_PROMPT in says[0].prompts
    assert isinstance(decision.steps[-1], EndStep)
    told = " ".join((*decision.why, decision.rule))
    assert "Canary" not in told
    assert not any(number in told for number in CONTACTS)


def test_without_rules_nobody_looks_at_the_caller() -> None:
    incoming = Incoming(PRIORITY, False, NIGHT)
    assert ruling(NO_RULES, CONTACTS, incoming).rule is None
    assert decide(replace(POLICY, numbers={DID: replace(LINE, callers=NO_RULES)}), DID, NIGHT, caller=BOTH) == decide(
        replace(POLICY, numbers={DID: replace(LINE, callers=NO_RULES)}), DID, NIGHT
    )
