"""Who hears of a message, when, and how often: as a table, and as what holds for every plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.back_off import FIRST, LONGEST, wait_after
from pbx.domain.notices import Cause, Group, NoticePlan, Standing, due, most_pressing, wanted

CAME = datetime(2026, 11, 23, 15, tzinfo=UTC)
MESSAGE = UUID("6f1d2e3f-97a0-4a3f-8a7e-c0c1b7f69b40")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


PLAN = NoticePlan(
    people=("rictor",),
    channels=("mail",),
    remind_after=minutes(30),
    reminders=2,
    groups=(Group(minutes(45), ("mills",), ("mail",)), Group(minutes(50), ("garcia", "rictor"), ("mail", "texts"))),
    rounds=2,
    again=minutes(15),
)
"""Groups at 45 and 50 minutes; 15 minutes after the last one, at 65, the list begins anew: 110 and 115."""


def standing(**changes: object) -> Standing:
    return Standing(MESSAGE, "rictor", CAME, **changes)  # type: ignore[arg-type]


def told(at: float, plan: NoticePlan = PLAN, **changes: object) -> set[str]:
    """What is due so many minutes after the message came, as `cause step: person over channel`."""
    notices = due(plan, standing(**changes), CAME + minutes(at))
    return {f"{n.cause} {n.step}: {n.person} over {n.channel}".replace(" :", ":") for n in notices}


REMINDED_LAST = "reminder 2: rictor over mail"


@pytest.mark.parametrize(
    ("at", "notices"),
    [
        (0, {"new: rictor over mail"}),
        (29, {"new: rictor over mail"}),
        (30, {"reminder 1: rictor over mail"}),
        (45, {"reminder 1: rictor over mail", "escalation 1.1: mills over mail"}),
        (
            50,
            {"escalation 1.1: mills over mail"}
            | {f"escalation 1.2: {who} over {by}" for who in ("garcia", "rictor") for by in ("mail", "texts")},
        ),
        (
            112,
            {"escalation 2.1: mills over mail"}
            | {f"escalation 1.2: {who} over {by}" for who in ("garcia", "rictor") for by in ("mail", "texts")},
        ),
        (
            10_000,
            {"escalation 2.1: mills over mail"}
            | {f"escalation 2.2: {who} over {by}" for who in ("garcia", "rictor") for by in ("mail", "texts")},
        ),
    ],
)
def test_an_unread_message_that_nobody_takes(at: float, notices: set[str]) -> None:
    assert told(at) == notices


def test_who_has_read_it_is_reminded_no_more_but_somebody_still_has_to_take_it() -> None:
    assert told(10, unread=False) == set()
    assert told(46, unread=False) == {"escalation 1.1: mills over mail"}


def test_a_message_that_somebody_took_is_quiet_until_its_call_back_is_overdue() -> None:
    late = CAME + minutes(60)
    assert told(59, owner="mills", unread=False, overdue_at=late) == set()
    assert told(60, owner="mills", unread=False, overdue_at=late) == {"overdue: mills over mail"}
    again = told(120, owner="mills", unread=False, overdue_at=late)
    assert "overdue 1.1: mills over mail" in again
    assert "overdue 1.2: rictor over texts" in again


def test_a_message_that_nobody_took_is_overdue_for_whoever_it_belongs_to() -> None:
    assert "overdue: rictor over mail" in told(31, overdue_at=CAME + minutes(31))


def test_an_operators_claim_does_not_leave_an_overdue_message_to_nobody() -> None:
    assert told(31, owner="", overdue_at=CAME + minutes(31)) == {"overdue: rictor over mail"}


def test_a_message_that_is_done_or_deleted_is_over() -> None:
    assert told(10_000, done=True, overdue_at=CAME) == set()


@pytest.mark.parametrize(
    ("state", "causes"),
    [
        ({}, {Cause.NEW, Cause.REMINDER, Cause.ESCALATION, Cause.OVERDUE}),
        ({"unread": False}, {Cause.ESCALATION, Cause.OVERDUE}),
        ({"owner": "mills"}, {Cause.OVERDUE}),
        ({"done": True}, set()),
    ],
)
def test_a_notice_that_waited_is_dropped_when_its_reason_is_gone(state: dict[str, object], causes: set[Cause]) -> None:
    assert {cause for cause in Cause if wanted(cause, standing(**state))} == causes


def test_of_many_causes_the_most_pressing_speaks() -> None:
    assert most_pressing([Cause.REMINDER, Cause.OVERDUE, Cause.NEW]) is Cause.OVERDUE


names = st.sampled_from(["rictor", "mills", "garcia"])
channels = st.sampled_from(["mail", "texts", "hook"])
groups = st.builds(
    Group,
    st.integers(0, 600).map(minutes),
    st.lists(names, min_size=1, max_size=3, unique=True).map(tuple),
    st.lists(channels, min_size=1, max_size=2, unique=True).map(tuple),
)
plans = st.builds(
    NoticePlan,
    people=st.lists(names, max_size=3, unique=True).map(tuple),
    channels=st.lists(channels, max_size=3, unique=True).map(tuple),
    remind_after=st.none() | st.integers(1, 600).map(minutes),
    reminders=st.integers(1, 5),
    groups=st.lists(groups, max_size=3).map(tuple),
    rounds=st.integers(1, 4),
    again=st.integers(1, 60).map(minutes),
)
standings = st.builds(
    Standing,
    st.just(MESSAGE),
    st.just("rictor"),
    st.just(CAME),
    unread=st.booleans(),
    owner=st.none() | names | st.just(""),
    done=st.booleans(),
    overdue_at=st.none() | st.integers(-10, 600).map(lambda n: CAME + minutes(n)),
)
moments = st.integers(0, 5000).map(lambda n: CAME + minutes(n))


@given(plans, standings, moments)
def test_nobody_is_told_twice_at_once_over_a_channel(plan: NoticePlan, stands: Standing, at: datetime) -> None:
    readers = [(notice.person, notice.channel) for notice in due(plan, stands, at)]
    assert len(readers) == len(set(readers))


@given(plans, standings, moments)
def test_what_is_due_has_a_reason_and_asking_again_names_the_same(
    plan: NoticePlan, stands: Standing, at: datetime
) -> None:
    found = due(plan, stands, at)
    assert all(wanted(notice.cause, stands) for notice in found)
    assert [n.id for n in found] == [n.id for n in due(plan, stands, at)]
    assert len({n.id for n in found}) == len(found)


@given(plans, standings, moments, moments)
def test_whoever_is_told_of_something_stays_told_of_it_or_of_something_more_pressing(
    plan: NoticePlan, stands: Standing, one: datetime, other: datetime
) -> None:
    order = list(Cause)
    before = {(n.person, n.channel): n for n in due(plan, stands, min(one, other))}
    after = {(n.person, n.channel): n for n in due(plan, stands, max(one, other))}
    assert all(order.index(after[reader].cause) >= order.index(n.cause) for reader, n in before.items())


@given(plans, standings, st.lists(moments, max_size=30))
def test_however_often_one_looks_the_number_of_notices_is_bounded(
    plan: NoticePlan, stands: Standing, looks: list[datetime]
) -> None:
    ids = {notice.id for at in looks for notice in due(plan, stands, at)}
    told_by_plan = len(plan.people) * len(plan.channels) * (2 + plan.reminders) + len(plan.channels)
    told_by_groups = 2 * plan.rounds * sum(len(group.people) * len(group.channels) for group in plan.groups)
    assert len(ids) <= told_by_plan + told_by_groups


@given(st.integers(1, 1000), st.floats(0, 1))
def test_the_pauses_grow_to_an_hour_and_are_never_all_the_same(attempt: int, luck: float) -> None:
    pause = wait_after(attempt, luck)
    assert FIRST / 2 <= pause <= LONGEST
    assert wait_after(attempt + 1, luck) >= pause
    assert wait_after(attempt, 0) < wait_after(attempt, 1)
