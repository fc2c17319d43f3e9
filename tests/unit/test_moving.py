"""Who can be given a call by keys, and what is written down of it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from pbx.domain.moving import movables
from pbx.domain.outcome import Outcome
from pbx.domain.people import Person
from pbx.domain.policy import Phone
from pbx.domain.routing import Reason
from tests.kit.asterisk import DESK, DID, PATIENT, SHELF, a_practice
from voicemail.finish import finished_call, mailbox_of
from voicemail.spool import SAFE_TAG, SpooledCall, parse_end, parse_start

CALL, BEFORE = UUID(int=1), UUID(int=2)
PRACTICE = replace(
    a_practice(),
    phones=(Phone(DESK, "rictor", "Dr. Rictor"), Phone(SHELF, "garcia", "Dr. Garcia")),
    people={
        "rictor": Person("rictor", "Dr. Rictor", (DESK,), "+17175550199"),
        "billing": Person("billing", "Billing"),
        "garcia": Person("garcia", "Dr. Garcia", (SHELF,)),
    },
)


def test_everybody_with_a_telephone_has_a_short_number_in_the_order_of_the_file() -> None:
    found = [(one.keys, one.person, one.legs) for one in movables(PRACTICE, outside=True)]
    assert found == [
        ("01", "rictor", f"p-0-25-{DESK}&o-0-25-rictor"),
        ("02", "garcia", f"p-0-25-{SHELF}"),
    ]
    assert movables(PRACTICE, outside=False)[0].legs == f"p-0-25-{DESK}"


@pytest.mark.parametrize(
    ("mover", "person"),
    [
        (DESK, "rictor"),
        (f"phone.{DESK}", "rictor"),
        ("outside.garcia", "garcia"),
        ("person.mills", "mills"),
        ("", None),
    ],
)
def test_a_part_that_was_passed_on_says_by_whom_and_from_which_call(mover: str, person: str | None) -> None:
    start = parse_start(f"v1|1795841630.389|{DID}|{PATIENT}|1795841630.3|{BEFORE}|{mover}|rictor\n")
    end = parse_end("v1|1795841650.000|asked|-1|||0||\n")
    assert start is not None and end is not None
    call = finished_call(spooled := SpooledCall(CALL, start, end), PRACTICE, None, ())
    assert (call.start.moved_from, call.start.moved_by) == (BEFORE, person)
    assert (call.outcome, call.reason) == (Outcome.RETURNED, Reason.MOVED)
    assert mailbox_of(spooled, SAFE_TAG, PRACTICE, None) == "rictor"


@pytest.mark.parametrize("rest", [f"{BEFORE}|{DESK}", f"{BEFORE}|{DESK}|", "x|y|rictor", f"{BEFORE}|a b|rictor"])
def test_half_a_line_is_no_start(rest: str) -> None:
    assert parse_start(f"v1|1795841630.389|{DID}|{PATIENT}|1795841630.3|{rest}") is None


def test_a_part_whose_past_is_not_known_is_kept_all_the_same() -> None:
    start = parse_start(f"v1|1795841630.389|{DID}|{PATIENT}|1795841630.3|||garcia")
    assert start is not None and start.moved is not None and start.moved.former is None
    assert parse_start("v1|1795841630.389|||1795841630.3||person.rictor|garcia") is not None
    assert parse_start("v1|1795841630.389|||1795841630.3") is None
