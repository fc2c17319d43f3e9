"""Who may call whom, showing what: a value that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.far_numbers import is_costly
from pbx.domain.outbound import OutReason, Shown, Usage, Wish, may_call, permission_to_dict
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.people import Person
from tests.kit.asterisk import DESK, DID, NIGHT_DID, a_practice

FREE = Usage()
PATIENT = "+12155550123"
MAY = Allowance(DID, frozenset({"US"}), 5, 10, 2)
POLICY = replace(
    a_practice(),
    people={key: Person(key, f"Dr. {key}", (DESK,)) for key in ("rictor", "garcia", "temp")},
    outbound=OutboundRules(
        {"rictor": MAY, "garcia": replace(MAY, shows=NIGHT_DID, countries=frozenset({"US", "MX"}))},
        {"*81": NIGHT_DID},
        ("+1212",),
        3,
        60,
    ),
)


def reason(typed: str, person: str | None = "rictor", usage: Usage = FREE) -> OutReason:
    return may_call(POLICY, Wish(person, typed, DESK), usage).reason


@pytest.mark.parametrize(
    "typed",
    [
        "2155550123",
        "(215) 555-0123",
        "1-215-555-0123",
        "+1 215 555 0123",
        "215.555.0123",
        "*81 215 555 0123",
        "0111215 5550123",
    ],
)
def test_numbers_are_taken_as_people_type_them(typed: str) -> None:
    permission = may_call(POLICY, Wish("rictor", typed, DESK), FREE)
    assert (permission.reason, permission.to) == (OutReason.ALLOWED, PATIENT)
    assert permission.seconds == 600


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("5550123", OutReason.NOT_A_NUMBER),
        ("215555012", OutReason.NOT_A_NUMBER),
        ("2155550123000000", OutReason.NOT_A_NUMBER),
        ("911", OutReason.NOT_A_NUMBER),
        ("411", OutReason.NOT_A_NUMBER),
        ("", OutReason.NOT_A_NUMBER),
        ("*", OutReason.CODE),
        ("*82 215 555 0123", OutReason.CODE),
        ("*81*81 215 555 0123", OutReason.NOT_A_NUMBER),
        (DID, OutReason.OWN_NUMBER),
        ("*81 717 555 0100", OutReason.OWN_NUMBER),
        ("900 555 1234", OutReason.PREMIUM),
        ("*81 900 555 1234", OutReason.PREMIUM),
        ("215 976 1234", OutReason.PREMIUM),
        ("976 555 1234", OutReason.PREMIUM),
        ("215 555 1212", OutReason.PREMIUM),
        ("500 555 1234", OutReason.PREMIUM),
        ("700 555 4141", OutReason.PREMIUM),
        ("011 979 123456789", OutReason.PREMIUM),
        ("011 44 909 879 0000", OutReason.PREMIUM),
        ("212 555 0123", OutReason.PREFIX),
        ("876 555 1234", OutReason.COUNTRY),
        ("809 555 1234", OutReason.COUNTRY),
        ("787 555 1234", OutReason.COUNTRY),
        ("011 52 55 1234 5678", OutReason.COUNTRY),
        ("011 882 16 1234567", OutReason.COUNTRY),
    ],
)
def test_what_is_refused_and_why(typed: str, expected: OutReason) -> None:
    permission = may_call(POLICY, Wish("rictor", typed, DESK), FREE)
    assert permission.reason is expected
    assert not permission.allowed and permission.shown is None and permission.seconds == 0
    assert permission.why and all(sentence.endswith((".", ").")) for sentence in permission.why)
    assert permission.reason.prompt == f"out-{expected.value}"


def test_each_person_may_what_the_file_says() -> None:
    assert reason("011 52 55 1234 5678", "garcia") is OutReason.ALLOWED
    assert reason(PATIENT, "temp") is OutReason.PERSON
    assert reason(PATIENT, None) is OutReason.PERSON
    assert may_call(replace(POLICY, outbound=None), Wish("rictor", PATIENT), FREE).reason is OutReason.INBOUND_ONLY
    inbound = OutboundRules(inbound_only=True)
    assert may_call(replace(POLICY, outbound=inbound), Wish("rictor", PATIENT), FREE).reason is OutReason.INBOUND_ONLY


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(4, 599.0, 1, 2), OutReason.ALLOWED),
        (Usage(5, 0.0, 0, 0), OutReason.CALLS),
        (Usage(0, 600.0, 0, 0), OutReason.MINUTES),
        (Usage(0, 599.5, 0, 0), OutReason.MINUTES),
        (Usage(0, 0.0, 2, 2), OutReason.AT_ONCE),
        (Usage(0, 0.0, 0, 3), OutReason.LINES),
    ],
)
def test_limits_hold_at_their_edge(usage: Usage, expected: OutReason) -> None:
    assert reason(PATIENT, usage=usage) is expected


def test_a_call_ends_with_the_minutes_of_the_day() -> None:
    assert may_call(POLICY, Wish("rictor", PATIENT), Usage(1, 540.0)).seconds == 60


def test_the_number_shown_is_the_chosen_one_then_the_one_that_the_patient_knows_then_the_usual() -> None:
    def shown(wish: Wish) -> tuple[str | None, Shown | None]:
        permission = may_call(POLICY, wish, FREE)
        return permission.shown, permission.shown_because

    assert shown(Wish("rictor", PATIENT)) == (DID, Shown.USUAL)
    assert shown(Wish("garcia", PATIENT)) == (NIGHT_DID, Shown.USUAL)
    assert shown(Wish("rictor", PATIENT, last_called=NIGHT_DID)) == (NIGHT_DID, Shown.LAST_CALLED)
    assert shown(Wish("garcia", f"*81{PATIENT[1:]}", last_called=DID)) == (NIGHT_DID, Shown.CHOSEN)
    assert shown(Wish("rictor", PATIENT, show=NIGHT_DID, last_called=DID)) == (NIGHT_DID, Shown.CHOSEN)
    # A number that the practice gave up, or never had, is shown to nobody.
    assert shown(Wish("rictor", PATIENT, last_called="+17175550999")) == (DID, Shown.USUAL)
    assert shown(Wish("rictor", PATIENT, show="+17175550999")) == (DID, Shown.USUAL)


def test_what_is_stored_of_it_does_not_hold_the_number_that_is_called() -> None:
    stored = str(permission_to_dict(may_call(POLICY, Wish("rictor", PATIENT, DESK), FREE)))
    assert PATIENT[2:] not in stored and "555-0123" not in stored


@given(st.text(alphabet="0123456789*#+() -.", max_size=40))
def test_whatever_is_typed_only_an_allowed_number_comes_out(typed: str) -> None:
    permission = may_call(POLICY, Wish("rictor", typed, DESK), FREE)
    if permission.allowed:
        assert permission.to is not None and permission.to.startswith("+1") and not is_costly(permission.to)
        assert permission.to not in POLICY.numbers and not permission.to.startswith("+1212")
        assert permission.shown in POLICY.numbers
