"""What changes for callers is told in words, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.actions import Action, Ring, Voicemail
from pbx.domain.difference import differences, hours_in_words, moved
from pbx.domain.outline import outline
from pbx.domain.policy import Greeting, Number, Phone, Policy
from pbx.domain.routing import decide
from pbx.domain.schedule import Range, Schedule
from tests.kit.calls import a_start

TODAY = date(2026, 11, 23)
E164 = "+17175550100"
NAME = "(717) 555-0100 (Dr. Rictor)"
OFFICE = Schedule(
    "office",
    "America/New_York",
    {day: (Range(time(9), time(17)),) for day in range(5)},
    {date(2026, 12, 25): "Christmas Day", date(2020, 12, 25): "Christmas Day"},
)
OPENED: tuple[Action, ...] = (Ring("rictor", ("desk",), 20), Voicemail("rictor", "busy"))
CLOSED: tuple[Action, ...] = (Voicemail("rictor", "closed"),)
LINE = Number(E164, "Dr. Rictor", OFFICE, OPENED, CLOSED)
POLICY = Policy(
    version="v1",
    practice="Scotland Family Medicine",
    country="US",
    timezone="America/New_York",
    emergency_sentence="Dial 911.",
    numbers={E164: LINE},
    phones=(Phone("desk", "rictor", "Dr. Kenneth Rictor"),),
    greetings={"busy": Greeting("busy", "Busy."), "closed": Greeting("closed", file="closed.wav (1234)")},
    mailboxes={"rictor": "Dr. Kenneth Rictor"},
)


def line(**changes: object) -> Policy:
    return replace(POLICY, version="v2", numbers={E164: replace(LINE, **changes)})  # type: ignore[arg-type]


def hours(**changes: object) -> Policy:
    return line(schedule=replace(OFFICE, **changes))  # type: ignore[arg-type]


def week(friday: Range | None) -> dict[int, tuple[Range, ...]]:
    days = dict(OFFICE.week)
    return days | {4: (friday,)} if friday else {day: days[day] for day in range(4)}


ROOM = Number("+17175550101", "Refills", None, CLOSED, CLOSED)
RING = "ring rictor (desk) for 20 s, then greeting busy, then voicemail rictor"
TAKE = "greeting closed, then voicemail rictor"

CHANGES = {
    "Friday ends earlier": (
        hours(week=week(Range(time(9), time(14)))),
        f"{NAME}: Fri 14:00-17:00 now closed: {TAKE}; before open: {RING}.",
    ),
    "no Friday": (hours(week=week(None)), f"{NAME}: Fri 09:00-17:00 now closed: {TAKE}; before open: {RING}."),
    "over midnight": (hours(week=week(Range(time(9), time(2)))), "Fri 17:00-24:00, Sat 00:00-02:00 now open: "),
    "no schedule": (line(schedule=None), "Mon-Fri 00:00-09:00 and 17:00-24:00, Sat-Sun all day now open: "),
    "another zone": (hours(timezone="America/Chicago"), "Mon-Fri 16:00-17:00 now open: "),
    "a longer ring": (
        line(opened=(Ring("rictor", ("desk",), 30), OPENED[1])),
        f"Mon-Fri 09:00-17:00 now open: {RING.replace('20', '30')}; before open: {RING}.",
    ),
    "another phone": (line(opened=(Ring("rictor", ("desk", "home"), 20), OPENED[1])), "ring rictor (desk, home) for"),
    "another mailbox": (
        line(closed=(Voicemail("mills", "closed"),)),
        "voicemail mills; before closed: greeting",
    ),
    "one more closed date": (
        hours(closed_dates={**OFFICE.closed_dates, date(2026, 12, 24): "Staff day"}),
        f"{NAME} is now closed all day on Thu 24 Dec 2026 (Staff day).",
    ),
    "a Saturday off": (
        hours(closed_dates={date(2026, 12, 26): "Staff day"}, week=week(None)),
        "is no longer closed on Fri 25 Dec 2026 (Christmas Day).",
    ),
    "no Christmas": (hours(closed_dates={}), f"{NAME} is no longer closed on Fri 25 Dec 2026 (Christmas Day)."),
    "another label": (line(label="Office"), "(717) 555-0100 (Office) was called 'Dr. Rictor'."),
    "a new number": (replace(POLICY, numbers={**POLICY.numbers, ROOM.e164: ROOM}), "(717) 555-0101 (Refills) is new."),
    "a number gone": (replace(POLICY, numbers={}), f"{NAME} is gone."),
    "another text": (
        replace(POLICY, greetings={**POLICY.greetings, "busy": Greeting("busy", "Wait.")}),
        'The greeting \'busy\' is now "Wait." (it was "Busy.")',
    ),
    "another recording": (
        replace(POLICY, greetings={**POLICY.greetings, "closed": Greeting("closed", file="closed.wav (5678)")}),
        "The greeting 'closed' is now the recording closed.wav (5678)",
    ),
    "a mailbox gone": (replace(POLICY, mailboxes={}), "The mailbox 'rictor' is gone (it was Dr. Kenneth Rictor)"),
    "a phone gone": (replace(POLICY, phones=()), "The phone 'desk' is gone"),
    "another emergency sentence": (replace(POLICY, emergency_sentence="Dial 112."), "is 'Dial 112.' instead of"),
    "a shorter message": (replace(POLICY, max_message_seconds=60), "The longest message is '60 s' instead of '180 s'."),
}


@pytest.mark.parametrize(("new", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_in_one_sentence(new: Policy, words: str) -> None:
    assert [words in change.text for change in differences(POLICY, new, TODAY)].count(True) == 1


def test_what_follows_from_a_change_is_told_too() -> None:
    assert len(differences(POLICY, CHANGES["no Friday"][0], TODAY)) == 1
    told = [change.text for change in differences(POLICY, line(schedule=None), TODAY)]
    assert [text.partition(" now ")[0] for text in told] == [
        f"{NAME}: Mon-Fri 00:00-09:00 and 17:00-24:00, Sat-Sun all day",
        f"{NAME} is no longer closed on Fri 25 Dec 2026 (Christmas Day).",
    ]


def test_files_that_do_the_same_differ_in_nothing() -> None:
    same = replace(POLICY, version="another text")
    split = hours(week={day: (Range(time(9), time(12)), Range(time(12), time(17))) for day in range(5)}, name="other")
    past = hours(closed_dates={date(2026, 12, 25): "Christmas Day"})
    saturday = hours(closed_dates={**OFFICE.closed_dates, date(2026, 12, 26): "Boxing Day"})
    for new in (POLICY, same, split, past, saturday):
        assert differences(POLICY, new, TODAY) == ()


@pytest.mark.parametrize("today", [date(2026, 3, 2), date(2026, 10, 26), date(2026, 3, 8), date(2026, 11, 1)])
def test_a_change_of_the_clocks_changes_no_hours(today: date) -> None:
    [change] = differences(POLICY, hours(week=week(None)), today)
    assert "Fri 09:00-17:00 now closed" in change.text
    assert differences(POLICY, POLICY, today) == ()


@pytest.mark.parametrize(
    ("stretches", "words"),
    [
        ([(0, 7 * 1440)], "at any time"),
        ([(0, 1440), (1440, 2880)], "Mon-Tue all day"),
        ([(1380, 1500)], "Mon 23:00-24:00, Tue 00:00-01:00"),
        ([(540, 720), (780, 900), (1980, 2160), (2220, 2340)], "Mon-Tue 09:00-12:00 and 13:00-15:00"),
        ([(0, 60), (2880, 2940)], "Mon 00:00-01:00, Wed 00:00-01:00"),
    ],
)
def test_hours_are_written_as_people_write_them(stretches: list[tuple[int, int]], words: str) -> None:
    assert hours_in_words(stretches) == words


def test_a_call_that_goes_elsewhere_says_from_where_to_where() -> None:
    friday = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    otherwise = moved(POLICY, hours(week=week(None)), a_start(friday, E164))
    assert otherwise is not None
    assert (otherwise.before, otherwise.after) == (f"open: {RING}", f"closed: {TAKE}")
    assert moved(POLICY, hours(week=week(None)), a_start(friday - timedelta(days=1), E164)) is None


ranges = (
    st.tuples(st.integers(0, 47), st.integers(1, 48))
    .filter(lambda r: r[0] != r[1] % 48)
    .map(lambda r: Range(time(r[0] // 2, r[0] % 2 * 30), time(r[1] % 48 // 2, r[1] % 2 * 30)))
)
weeks = st.dictionaries(st.integers(0, 6), ranges.map(lambda r: (r,)), min_size=1)


@settings(max_examples=40, deadline=None)
@given(before=weeks, after=weeks)
def test_no_change_is_told_exactly_when_no_minute_of_the_week_differs(
    before: dict[int, tuple[Range, ...]], after: dict[int, tuple[Range, ...]]
) -> None:
    old, new = hours(week=before), hours(week=after)
    monday = datetime(2026, 12, 7, 5, tzinfo=UTC)
    half_hours = [monday + timedelta(minutes=30 * n) for n in range(7 * 48)]
    differ = any(outline(decide(old, E164, at).steps) != outline(decide(new, E164, at).steps) for at in half_hours)
    assert bool(differences(old, new, TODAY)) == differ
