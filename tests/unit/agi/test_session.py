"""Who may ask, and how an error is named."""

from __future__ import annotations

import pytest

from agi.session import Access, kind_of


@pytest.mark.parametrize(
    ("peer", "may"),
    [
        (("127.0.0.1", 5), True),
        (("127.9.9.9", 5), True),
        (("::1", 5, 0, 0), True),
        (("10.0.0.7", 5), True),
        (("10.0.0.8", 5), False),
        (("203.0.113.9", 5), False),
        (None, False),
        ("/socket", False),
    ],
)
def test_only_loopback_and_the_addresses_allowed_may_ask(peer: object, may: bool) -> None:
    assert Access(frozenset({"10.0.0.7"})).allows(peer) is may


def test_an_error_is_named_by_its_kind_and_place_and_not_by_its_text() -> None:
    try:
        raise KeyError("+12025550123")
    except KeyError as error:
        assert kind_of(error).startswith("KeyError at test_session.py:")
        assert "+1202" not in kind_of(error)
