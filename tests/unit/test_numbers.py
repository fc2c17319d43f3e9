"""Numbers as carriers and people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.numbers import WITHHELD_NAMES, Caller, NumberKind, for_people, parse_caller, to_e164

E164 = re.compile(r"\+[1-9][0-9]{4,16}")


@pytest.mark.parametrize(
    "raw", ["+17175550100", "17175550100", "7175550100", " 7175550100 "], ids=["plus", "eleven", "ten", "blanks"]
)
def test_a_callers_number_is_one_whatever_the_carrier_sends(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.E164, "+17175550100")


@pytest.mark.parametrize("raw", ["+442079460000", "442079460000"])
def test_a_number_from_abroad_is_known_with_and_without_the_plus(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.E164, "+442079460000")


@pytest.mark.parametrize("raw", sorted(WITHHELD_NAMES | {"Anonymous", " RESTRICTED "}))
def test_a_hidden_number_is_withheld(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.WITHHELD)


@pytest.mark.parametrize("raw", ["911", "100", "22000"])
def test_a_short_code_is_kept_as_it_came(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.SHORT, raw)


@pytest.mark.parametrize("raw", ["5550100", "+1", "12345678901234567890"])
def test_digits_that_are_no_full_number_are_kept_and_not_guessed_at(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.UNUSABLE, raw)


@pytest.mark.parametrize("raw", ["+", "1;DROP", "71755501\n00", "sip:x", "٣٤٥٦٧٨٩"])
def test_what_is_not_made_of_digits_is_not_kept(raw: str) -> None:
    assert parse_caller(raw, "US") == Caller(NumberKind.UNUSABLE)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"\+?[0-9]{1,22}", fullmatch=True)))
def test_any_caller_is_one_of_four_kinds(raw: str) -> None:
    caller = parse_caller(raw, "US")
    match caller.kind:
        case NumberKind.E164:
            assert caller.number is not None and E164.fullmatch(caller.number)
        case NumberKind.SHORT:
            assert caller.number is not None and len(caller.number) < 7
        case NumberKind.WITHHELD:
            assert caller.number is None
        case NumberKind.UNUSABLE:
            assert caller.number is None or caller.number == raw.strip()


@given(st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_a_full_number_stays_what_it_is(number: str) -> None:
    assert parse_caller(number, "US").number == number
    assert to_e164(number, "US") == number
    assert to_e164(for_people(number, "US"), "US") == number


@pytest.mark.parametrize(
    "text", ["(717) 555-0100", "717-555-0100", "717.555.0100", "1 717 555 0100", "+1 (717) 555-0100", "+17175550100"]
)
def test_people_may_write_a_number_as_they_like(text: str) -> None:
    assert to_e164(text, "US") == "+17175550100"


@pytest.mark.parametrize("text", ["555-0100", "717555010", "+1717555010000", "front desk", "", "911"])
def test_what_is_no_full_number_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as \+17175550100"):
        to_e164(text, "US")


def test_numbers_are_national_at_home_and_international_otherwise() -> None:
    assert for_people("+17175550100", "US") == "(717) 555-0100"
    assert for_people("+17175550100", "DE") == "+1 717-555-0100"
    assert for_people("nonsense", "US") == "nonsense"
