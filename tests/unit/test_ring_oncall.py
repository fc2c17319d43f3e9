"""A call rings whoever is on call, and the decision says who that is, until when and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import RingOnCall, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.legs import at_once
from pbx.domain.oncall import Rota, Swap, Turns
from pbx.domain.policy import Number, Phone, Policy
from pbx.domain.routing import decide
from pbx.domain.serial import decision_from_dict, decision_to_dict
from pbx.domain.steps import EndStep, RecordStep, RingStep, SayStep

DID = "+17175550104"
ACTIONS = (RingOnCall("doctors", 25), Voicemail("rictor"))
ROTA = Rota("doctors", "America/New_York", Turns((("rictor",), ("okafor",)), date(2026, 1, 5), 7, time(8)), ("mills",))
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={DID: Number(DID, "Urgent line", None, ACTIONS, ACTIONS)},
    phones=(
        Phone("rictor-desk", "rictor", "Dr. Kenneth Rictor"),
        Phone("rictor-home", "rictor", "Dr. Kenneth Rictor"),
        Phone("okafor-desk", "okafor", "Dr. Ada Okafor"),
        Phone("front-1", "mills", "Sam Mills"),
    ),
    mailboxes={"rictor": "Dr. Kenneth Rictor", "okafor": "Dr. Ada Okafor", "mills": "Sam Mills"},
    rotas={"doctors": ROTA},
)
MONDAY = datetime(2026, 1, 12, 13, 0, tzinfo=UTC)  # 08:00: Rictor hands over to Okafor
SWAP = Swap("doctors", "okafor", "rictor", MONDAY, MONDAY + timedelta(hours=2), "mills", "clinic", 4)
RICTOR = RingStep("rictor", at_once("rictor-desk", "rictor-home", who="rictor"), 25)
OKAFOR, MILLS = (
    RingStep("okafor", at_once("okafor-desk", who="okafor"), 25),
    RingStep("mills", at_once("front-1", who="mills"), 25),
)


def test_the_phones_of_the_one_on_call_ring_then_the_backup_then_a_message_is_taken() -> None:
    steps = decide(POLICY, DID, MONDAY - timedelta(seconds=1)).steps
    assert steps[:2] == (RICTOR, MILLS)
    assert [type(step) for step in steps[2:]] == [SayStep, RecordStep, SayStep, EndStep]
    assert decide(POLICY, DID, MONDAY).steps[:2] == (OKAFOR, MILLS)


def test_a_swap_made_by_command_is_followed_from_its_start_until_its_end() -> None:
    facts = Facts((SWAP,))
    assert decide(POLICY, DID, SWAP.start, facts).steps[0] == RICTOR
    assert decide(POLICY, DID, SWAP.end, facts).steps[0] == OKAFOR


def test_the_sentence_says_who_until_when_and_why() -> None:
    assert decide(POLICY, DID, MONDAY, Facts((SWAP,))).why[1] == (
        "Dr. Kenneth Rictor is on call in 'doctors' (backup: Sam Mills) until Mon 12 Jan 2026 10:00 America/New_York "
        "(turn 2 of 2 since Mon 12 Jan 2026 08:00; rictor for okafor (swap 4 by mills: clinic)). "
        "Ring rictor (rictor-desk, rictor-home), then mills (front-1) for 25 seconds each."
    )


def test_who_has_no_phone_is_passed_over_and_named() -> None:
    left = replace(SWAP, into="gone")
    decision = decide(POLICY, DID, MONDAY, Facts((left,)))
    assert decision.steps[0] == MILLS
    assert decision.why[1].endswith("Ring mills (front-1) for 25 seconds. gone has no phone.")


def test_where_nobody_is_on_call_a_message_is_taken_at_once() -> None:
    empty = replace(POLICY, rotas={"doctors": replace(ROTA, backup=())})
    decision = decide(empty, DID, datetime(2026, 1, 1, tzinfo=UTC))
    assert isinstance(decision.steps[0], SayStep)
    assert "Nobody is on call in 'doctors' until Mon 05 Jan 2026 08:00 America/New_York" in decision.why[1]


@given(at=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 bounds
def test_whoever_is_on_call_the_decision_is_whole_and_can_be_stored(at: datetime) -> None:
    decision = decide(POLICY, DID, at, Facts((SWAP,)))
    assert decision == decide(POLICY, DID, at, Facts((SWAP,)))
    assert decision_from_dict(decision_to_dict(decision)) == replace(decision, at=decision.at)
    assert decision.mailbox == "rictor"
    assert isinstance(decision.steps[-1], EndStep)
