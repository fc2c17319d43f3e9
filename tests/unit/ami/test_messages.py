"""Headers of the manager interface: what goes out is safe, what comes in is read without guessing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.ami.errors import UnsafeField
from pbx.ami.messages import HEADERS, LINE_BYTES, Fields, checked


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nb", "a\rb", "a\0b"])
def test_a_value_with_a_line_break_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(UnsafeField) as raised:
        checked("Status", {"Variables": value})
    assert value not in str(raised.value)


@pytest.mark.parametrize("name", ["", "A: b", "A\r\nB", "Action", "ActionID", "actionid", "é"])
def test_a_header_name_that_is_none_or_ours_is_refused(name: str) -> None:
    with pytest.raises(UnsafeField):
        checked("Status", {name: "x"})


@pytest.mark.parametrize("value", ["x" * LINE_BYTES, " x", "\tx", "\ud800"])
def test_a_value_that_asterisk_would_change_is_refused(value: str) -> None:
    with pytest.raises(UnsafeField):
        checked("Status", {"Variables": value})


def test_more_headers_than_asterisk_reads_are_refused() -> None:
    with pytest.raises(UnsafeField):
        checked("Status", {"Variable": ["x"] * HEADERS})


def test_an_action_with_a_line_break_in_its_name_is_refused() -> None:
    with pytest.raises(UnsafeField):
        checked("Status\r\nAction: Originate", {})


@given(st.text(), st.text(), st.lists(st.text()))
def test_any_action_holds_what_was_meant_or_is_refused(action: str, value: str, several: list[str]) -> None:
    try:
        headers = checked(action, {"One": value, "More": several})
    except UnsafeField:
        return
    assert headers == {"Action": action, "One": value, "More": several}


def test_a_header_is_found_in_any_case_and_its_repetitions_in_order() -> None:
    fields = Fields.of([("Event", "Status"), ("Variable", ["A=1", "B=2"])])
    assert fields.get("event") == "Status"
    assert fields.all("VARIABLE") == ("A=1", "B=2")


def test_a_header_that_is_not_there_is_none_and_not_empty() -> None:
    assert Fields.of([("Empty", "")]).get("Empty") == ""
    assert Fields.of([]).get("Emtpy") is None
