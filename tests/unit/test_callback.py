"""Until when a patient is to be called back, what is overdue, and the share that was met."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.callback import LONGEST_WAIT, Limit, Limits, Share, Waiting, overdue, report
from pbx.domain.schedule import Range, Schedule

ZONE = "America/New_York"
HOURS = (Range(time(9), time(17)),)
OFFICE = Schedule("office", ZONE, dict.fromkeys(range(5), HOURS), {date(2026, 11, 26): "Thanksgiving"})
NEVER = Schedule("never", ZONE, {})
FOUR_HOURS = Limit(timedelta(hours=4), OFFICE)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2026-11-23T10:00", "2026-11-23T14:00"),
        ("2026-11-23T13:00", "2026-11-23T17:00"),
        ("2026-11-23T15:30", "2026-11-24T11:30"),
        ("2026-11-23T03:00", "2026-11-23T13:00"),
        ("2026-11-20T18:00", "2026-11-23T13:00"),
        ("2026-11-25T16:00", "2026-11-27T12:00"),
    ],
)
def test_open_hours_alone_are_counted(came: str, due: str) -> None:
    assert FOUR_HOURS.due(local(came)) == local(due)


def test_by_the_clock_a_night_and_a_change_of_the_clocks_count() -> None:
    assert Limit(timedelta(hours=4)).due(local("2026-10-31T23:00")) == local("2026-11-01T02:00")


def test_a_schedule_that_never_opens_hides_no_message() -> None:
    came = local("2026-11-23T10:00")
    assert Limit(timedelta(hours=1), NEVER).due(came) == came.astimezone(UTC) + LONGEST_WAIT


@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.integers(0, 100_000),
    st.integers(1, 40 * 60),
)
def test_who_came_first_is_due_first_and_none_before_the_clock_says_so(start: int, later: int, minutes: int) -> None:
    came = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    limit = Limit(timedelta(minutes=minutes), OFFICE)
    due = limit.due(came)
    assert came + limit.within <= due <= came + LONGEST_WAIT
    assert due <= limit.due(came + timedelta(seconds=later))


CAME = datetime(2026, 3, 2, 15, tzinfo=UTC)
LIMITS = Limits(Limit(timedelta(hours=2)), {"urgent": Limit(timedelta(minutes=30))})


def wait(number: int, mailbox: str = "rictor", called: int | None = None, closed: int | None = None) -> Waiting:
    """A patient who waits since `CAME`; `called` and `closed` are minutes after it."""
    return Waiting(UUID(int=number), mailbox, CAME, "person/rictor", _after(called), _after(closed))


def _after(minutes: int | None) -> datetime | None:
    return None if minutes is None else CAME + timedelta(minutes=minutes)


def test_a_claim_stops_no_clock_and_the_longest_overdue_comes_first() -> None:
    waits = [wait(1), wait(2, "urgent"), wait(3, called=10, closed=10), wait(4, closed=5)]
    at = CAME + timedelta(hours=3)
    assert [(one.message.int, one.due_at, one.owner) for one in overdue(waits, LIMITS, at)] == [
        (2, _after(30), "person/rictor"),
        (1, _after(120), "person/rictor"),
    ]
    assert overdue(waits, LIMITS, CAME + timedelta(minutes=30)) == [], "at the limit it is not over yet"
    assert overdue(waits, Limits(), at) == []


def test_the_report_tells_met_late_overdue_and_those_without_a_call() -> None:
    waits = [
        wait(1, called=60, closed=70),
        wait(2, called=120, closed=125),
        wait(3, called=121, closed=130),
        wait(4),
        wait(5, closed=10),
        wait(6, "urgent", called=31, closed=31),
    ]
    found = report(waits, LIMITS, CAME + timedelta(hours=3))
    assert found.mailboxes["rictor"] == Share(5, 2, 1, 0, 1, 1, 1, 120 * 60)
    assert found.mailboxes["rictor"].met == 0.5
    assert found.mailboxes["urgent"].met == 0.0
    assert (found.total.messages, found.total.met) == (6, 2 / 5)


def test_before_the_limit_is_over_nothing_is_judged() -> None:
    found = report([wait(1)], LIMITS, CAME + timedelta(minutes=1))
    assert found.total == Share(messages=1, open=1)
    assert found.total.met is None
    assert report([wait(1, called=5, closed=5)], Limits(), CAME).total == Share(
        messages=1, unjudged=1, median_seconds=300
    )


@given(st.lists(st.tuples(st.sampled_from(["rictor", "urgent"]), st.none() | st.integers(0, 300), st.booleans())))
def test_every_message_is_counted_once(waits: list[tuple[str, int | None, bool]]) -> None:
    found = [
        wait(number, box, called, called if called is not None else 5 if closed else None)
        for number, (box, called, closed) in enumerate(waits)
    ]
    for share in (told := report(found, LIMITS, CAME + timedelta(hours=2))).mailboxes.values():
        assert share.messages == share.in_time + share.late + share.unjudged + share.without_call + share.open
        assert share.overdue <= share.open
    assert told.total.messages == sum(share.messages for share in told.mailboxes.values()) == len(waits)
