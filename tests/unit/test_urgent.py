"""Who is asked next about an urgent message: everybody in order, nobody too soon, until somebody has taken it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.urgent import (
    SLOW,
    TALK_SECONDS,
    Ask,
    Attempt,
    AttemptResult,
    Done,
    UrgentRequest,
    UrgentState,
    Wait,
    attempt_id,
    is_exhausted,
    next_move,
    settled,
)

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
CALL = UUID(int=7)
REQUEST = UrgentRequest(CALL, "doctors", "rictor", rounds=2, interval=120, seconds=25, opened=NOON)
CREW = ("rictor", "okafor", "mills")
NO = AttemptResult.NO_ANSWER


def asked(*attempts: tuple[str, int, AttemptResult | None], request: UrgentRequest = REQUEST) -> UrgentRequest:
    """The request after attempts: person, seconds after noon, result."""
    found = (Attempt(UUID(int=n), who, NOON + timedelta(seconds=s), r) for n, (who, s, r) in enumerate(attempts))
    return replace(request, attempts=tuple(found))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("request_", "at", "move"),
    [
        (REQUEST, 0, Ask("rictor")),
        (asked(("rictor", 0, NO)), 25, Ask("okafor")),
        (asked(("rictor", 0, NO), ("okafor", 25, NO)), 50, Ask("mills")),
        (asked(("rictor", 0, NO), ("okafor", 25, NO), ("mills", 50, NO)), 75, Wait(after(120))),
        (asked(("rictor", 0, NO), ("okafor", 25, NO), ("mills", 50, NO)), 120, Ask("rictor")),
        (asked(("rictor", 0, None)), 30, Wait(after(25 + TALK_SECONDS))),
        (asked(("rictor", 0, None)), 25 + TALK_SECONDS, Ask("okafor")),
        (asked(("rictor", 0, AttemptResult.WRONG_PIN)), 1, Ask("okafor")),
        (asked(("rictor", 0, AttemptResult.TAKEN)), 1, Done()),
        (asked(("rictor", 0, NO), ("mills", 9, AttemptResult.CONNECTED)), 99, Done()),
        (replace(REQUEST, state=UrgentState.ACCEPTED), 1, Done()),
    ],
)
def test_what_comes_next(request_: UrgentRequest, at: float, move: object) -> None:
    assert next_move(request_, CREW, after(at)) == move


def test_after_the_last_round_everybody_is_asked_on_more_slowly() -> None:
    both = [("rictor", 0, NO), ("okafor", 25, NO), ("rictor", 120, NO), ("okafor", 145, NO)]
    request = asked(*both)
    assert is_exhausted(request, CREW[:2])
    assert next_move(request, CREW[:2], after(300)) == Wait(after(120) + SLOW)
    assert next_move(request, CREW[:2], after(120) + SLOW) == Ask("rictor")
    assert next_move(request, CREW, after(300)) == Ask("mills"), "somebody new has the first turn"


def test_where_nobody_can_be_rung_it_is_looked_again_and_told() -> None:
    assert next_move(REQUEST, (), NOON) == Wait(after(120))
    assert is_exhausted(REQUEST, ())


def test_who_took_it_while_the_caller_waited_has_settled_it() -> None:
    taken = settled(asked(("rictor", 0, NO), ("okafor", 30, AttemptResult.TAKEN)))
    assert (taken.state, taken.settled_by, taken.settled_at) == (UrgentState.ACCEPTED, "okafor", after(30))
    connected = settled(asked(("rictor", 5, AttemptResult.CONNECTED)))
    assert (connected.state, connected.settled_by) == (UrgentState.CONNECTED, "rictor")
    assert settled(asked(("rictor", 0, NO))).state is UrgentState.OPEN


def test_an_attempt_of_a_call_has_one_id_however_often_it_is_read() -> None:
    assert attempt_id(CALL, 4) == attempt_id(CALL, 4) != attempt_id(CALL, 5)


_RESULTS = st.sampled_from([NO, AttemptResult.PASSED_ON, AttemptResult.WRONG_PIN, AttemptResult.NO_PIN, None])


@given(
    crew=st.lists(st.sampled_from("abcde"), min_size=1, max_size=5, unique=True),
    terms=st.tuples(st.integers(1, 4), st.integers(10, 400)),
    results=st.lists(st.tuples(_RESULTS, st.integers(0, 60)), min_size=30, max_size=30),
    taken_at=st.none() | st.integers(0, 29),
)
def test_a_whole_history_asks_everybody_in_order_and_nobody_too_soon(
    crew: list[str],
    terms: tuple[int, int],
    results: list[tuple[AttemptResult | None, int]],
    taken_at: int | None,
) -> None:
    """Plays the service: whatever comes of the attempts, whenever it looks, also after a restart (it keeps nothing)."""
    rounds, interval = terms
    request = UrgentRequest(CALL, "r", "m", rounds, interval, 20, NOON)
    now, order = NOON, list[str]()
    for _ in range(400):
        move = next_move(request, crew, now)
        assert move == next_move(request, crew, now), "asking again changes nothing"
        if isinstance(move, Done):
            break
        if isinstance(move, Wait):
            assert move.until > now, "waiting has an end ahead"
            now = move.until
            continue
        n = len(order)
        if n == 30:
            break
        before = [a for a in request.attempts if a.person == move.person]
        assert all(now - a.begun >= timedelta(seconds=interval) for a in before)
        assert all(a.result or now - a.begun >= timedelta(seconds=20 + TALK_SECONDS) for a in request.attempts)
        result = AttemptResult.TAKEN if n == taken_at else results[n][0]
        order.append(move.person)
        request = replace(request, attempts=(*request.attempts, Attempt(uuid4(), move.person, now, result)))
        now += timedelta(seconds=20 + results[n][1])
    assert order == [crew[n % len(crew)] for n in range(len(order))], "in order, again and again"
    assert len(order) == (30 if taken_at is None else taken_at + 1), "until somebody has taken it, and no further"
