"""A phone is left out only while it is known for sure that it is not registered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pbx.services.phones import STALE_SECONDS, TRUST_AFTER_SECONDS, PhonesAtHand


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def hear(phones: PhonesAtHand, clock: Clock, seconds: float, desk: bool = False) -> None:
    """Asterisk answers once a second."""
    for _ in range(int(seconds)):
        phones.heard({"desk": desk, "home": True})
        clock.now += 1


def test_after_a_while_of_answers_a_phone_that_is_not_there_is_known(clock: Clock) -> None:
    phones = PhonesAtHand(clock)
    assert phones.unregistered == frozenset()
    hear(phones, clock, TRUST_AFTER_SECONDS - 1)
    assert phones.unregistered == frozenset()
    hear(phones, clock, 2)
    assert phones.unregistered == {"desk"}


def test_a_phone_that_comes_back_rings_at_once(clock: Clock) -> None:
    phones = PhonesAtHand(clock)
    hear(phones, clock, TRUST_AFTER_SECONDS + 2)
    hear(phones, clock, 1, desk=True)
    assert phones.unregistered == frozenset()


def test_an_old_answer_is_no_knowledge(clock: Clock) -> None:
    phones = PhonesAtHand(clock)
    hear(phones, clock, TRUST_AFTER_SECONDS + 2)
    clock.now += STALE_SECONDS + 1
    assert phones.unregistered == frozenset()
    hear(phones, clock, 3)
    assert phones.unregistered == frozenset()


def test_after_the_link_was_lost_everything_is_heard_anew(clock: Clock) -> None:
    phones = PhonesAtHand(clock)
    hear(phones, clock, TRUST_AFTER_SECONDS + 2)
    phones.lost()
    hear(phones, clock, 3)
    assert phones.unregistered == frozenset()
    hear(phones, clock, TRUST_AFTER_SECONDS)
    assert phones.unregistered == {"desk"}
