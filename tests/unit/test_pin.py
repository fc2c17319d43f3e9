"""Which PINs are taken, and how long wrong ones cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.pin import wait_after, weakness

NUMBERS = ("+17175550100", "room-4711-desk")


@pytest.mark.parametrize("pin", ["2749", "80351", "6120947735"])
def test_a_good_pin_is_taken(pin: str) -> None:
    assert weakness(pin, NUMBERS) is None


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [
        ("274", "4 to 10 digits"),
        ("27490000001", "4 to 10 digits"),
        ("", "4 to 10 digits"),
        ("27a9", "4 to 10 digits"),
        ("2749 ", "4 to 10 digits"),
        ("٢٧٤٩", "4 to 10 digits"),
        ("0000", "over and over"),
        ("1234", "in their order"),
        ("4321", "in their order"),
        ("6789", "in their order"),
        ("7890", "in their order"),
        ("1212", "the same twice"),
        ("270270", "the same twice"),
        ("0100", "telephone number"),
        ("7175550100", "telephone number"),
        ("4711", "telephone number"),
    ],
)
def test_a_trivial_one_is_refused_with_a_sentence_that_does_not_hold_it(pin: str, sentence: str) -> None:
    said = weakness(pin, NUMBERS)
    assert said is not None and sentence in said
    assert len(pin) < 4 or pin not in said


@given(st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_nearly_every_six_digits_may_be_used(pin: str) -> None:
    plain = len(set(pin)) > 3 and pin[:3] != pin[3:] and pin not in "0123456789012345" and pin not in "9876543210987654"
    assert not plain or weakness(pin) is None


def test_the_wait_grows_and_stays() -> None:
    minutes = [wait_after(wrong) for wrong in range(9)]
    assert minutes[:3] == [None, None, None]
    assert minutes[3:] == [timedelta(minutes=m) for m in (1, 5, 15, 60, 60, 60)]
