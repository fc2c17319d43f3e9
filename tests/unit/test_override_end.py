"""When an override ends: by the schedule, by the clock on the wall, and never too far away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.override import Mode, Scope
from pbx.domain.override_end import MOST, BadEnd, check_end, default_end, next_clock, parse_end
from pbx.domain.override_wish import Refused, Wanted, answer_in_words, override_of
from pbx.domain.policy import Number
from pbx.domain.schedule import Range, Schedule
from tests.unit.test_override import AT_NIGHT, IN_HOURS, OFFICE, POLICY, RICTORS, SHARED, URGENT, ZONE

EVENING = Schedule("evening", ZONE, {day: (Range(time(16), time(20)),) for day in range(5)})
CLINIC = Number(
    "+17175550109", "Clinic", EVENING, (Ring("mills", ("front",), 20), Voicemail("mills")), (Voicemail("mills"),)
)
TWO = replace(POLICY, numbers={RICTORS: POLICY.numbers[RICTORS], CLINIC.e164: CLINIC})
NEW_YORK = ZoneInfo(ZONE)


def there(day: int, clock: str) -> datetime:
    return datetime.combine(date(2026, 11, day), time.fromisoformat(clock), NEW_YORK)


BY_SCHEDULE = {
    "closed in hours: until they end": (Mode.CLOSED, Scope.NUMBER, RICTORS, there(23, "10:00"), there(23, "17:00")),
    "closed before hours: until they begin": (
        Mode.CLOSED,
        Scope.NUMBER,
        RICTORS,
        there(23, "07:00"),
        there(23, "09:00"),
    ),
    "open at night: until hours begin": (Mode.OPEN, Scope.NUMBER, RICTORS, there(23, "21:00"), there(24, "09:00")),
    "over the week's end": (Mode.OPEN, Scope.NUMBER, RICTORS, there(27, "21:00"), there(30, "09:00")),
    "of a person's own line": (Mode.VOICEMAIL, Scope.PERSON, "rictor", there(23, "10:00"), there(23, "17:00")),
    "of the line that is open": (Mode.CLOSED, Scope.PRACTICE, "", there(23, "10:00"), there(23, "17:00")),
    "of the last that is open": (Mode.CLOSED, Scope.PRACTICE, "", there(23, "16:30"), there(23, "20:00")),
    "a snow day: the day": (Mode.SNOW_DAY, Scope.PRACTICE, "", there(23, "06:00"), there(24, "00:00")),
}


@pytest.mark.parametrize(("mode", "scope", "target", "at", "end"), BY_SCHEDULE.values(), ids=BY_SCHEDULE)
def test_it_ends_with_the_next_scheduled_change(
    mode: Mode, scope: Scope, target: str, at: datetime, end: datetime
) -> None:
    assert default_end(TWO, scope, target, at, mode) == end


def test_where_no_change_is_near_it_asks_for_an_end() -> None:
    always = replace(POLICY, numbers={RICTORS: replace(POLICY.numbers[RICTORS], schedule=None)})
    far = replace(OFFICE, closed_dates={IN_HOURS.date() + timedelta(days=n): "away" for n in range(-1, 30)})
    closed = replace(POLICY, numbers={RICTORS: replace(POLICY.numbers[RICTORS], schedule=far)})
    for policy in (always, closed):
        with pytest.raises(BadEnd, match="changes within 14 days: give an end, and say it as 17:00"):
            default_end(policy, Scope.NUMBER, RICTORS, IN_HOURS)


WRITTEN = {
    "17:00": there(23, "17:00"),
    "9:30": there(24, "09:30"),
    "10:00": there(24, "10:00"),
    "+2h": there(23, "12:00"),
    "+1h30m": there(23, "11:30"),
    "+90min": there(23, "11:30"),
    "+2d": there(25, "10:00"),
    "today 17:00": there(23, "17:00"),
    "tomorrow": there(24, "00:00"),
    "Tomorrow 09:00": there(24, "09:00"),
    "fri 08:00": there(27, "08:00"),
    "monday 08:00": there(30, "08:00"),
    "2026-11-26": there(26, "00:00"),
    "2026-11-26 08:00": there(26, "08:00"),
    "2026-11-26T08:00": there(26, "08:00"),
    "2026-11-26T08:00Z": there(26, "03:00"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_an_end_is_read_as_people_write_it(text: str) -> None:
    assert parse_end(text, there(23, "10:00"), ZONE) == WRITTEN[text]


@pytest.mark.parametrize(
    "text",
    ["", "noon", "25:00", "9:60", "+", "+h", "+2x", "tomorrow 9", "2026-13-01", "2026-11-26T8", "- 1h", "blah 09:00"],
)
def test_what_is_no_end_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(BadEnd, match="say it as 17:00, "):
        parse_end(text, IN_HOURS, ZONE)


ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana"]


@given(
    zone=st.sampled_from(ZONES),
    minute=st.integers(0, 2 * 365 * 24 * 60),
    clock=st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
)
def test_a_clock_time_is_the_first_instant_after_now_that_shows_it(zone: str, minute: int, clock: time) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    found = next_clock(clock, at, zone)
    assert timedelta(0) < found - at <= timedelta(hours=25, minutes=1)
    wall = found.astimezone(ZoneInfo(zone))
    if wall.time() != clock:  # the clocks skip it: then it is the instant at which they are moved
        assert wall.utcoffset() != (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset()


def test_an_end_is_exact_when_the_clocks_change() -> None:
    spring = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # 01:30; 02:00 to 03:00 is skipped
    assert parse_end("02:30", spring, ZONE) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert parse_end("+2h", spring, ZONE) == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
    autumn = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # 00:30; 01:00 to 02:00 comes twice
    assert parse_end("01:30", autumn, ZONE) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_an_end_that_is_over_or_too_far_away_is_refused() -> None:
    check_end(IN_HOURS, IN_HOURS + MOST)
    with pytest.raises(BadEnd, match="at most 14 days"):
        check_end(IN_HOURS, IN_HOURS + MOST + timedelta(seconds=1))
    with pytest.raises(BadEnd, match="over already"):
        check_end(IN_HOURS, IN_HOURS)


REFUSED = {
    "a number of somebody else": (Mode.CLOSED, Scope.NUMBER, "+17175559999", "there are: (717) 555-0100"),
    "nobody": (Mode.CLOSED, Scope.PERSON, "rictr", "nobody with a phone"),
    "a person's snow day": (Mode.SNOW_DAY, Scope.PERSON, "rictor", "for a person say closed"),
}


@pytest.mark.parametrize(("mode", "scope", "target", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(mode: Mode, scope: Scope, target: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        override_of(POLICY, Wanted(mode, scope, target, None, "Sam Mills"), IN_HOURS)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("note", ["two\nlines", "x" * 201])
def test_notes_are_short_lines(note: str) -> None:
    for wanted in (
        Wanted(Mode.CLOSED, Scope.PRACTICE, "", None, note),
        Wanted(Mode.CLOSED, Scope.PRACTICE, "", None, "Sam Mills", note),
    ):
        with pytest.raises(Refused, match="must be one line"):
            override_of(POLICY, wanted, IN_HOURS)


def answer(mode: Mode, scope: Scope, target: str, at: datetime = IN_HOURS, facts: Facts = NO_FACTS) -> str:
    return "\n".join(answer_in_words(POLICY, override_of(POLICY, Wanted(mode, scope, target, None, "Sam"), at), facts))


def test_the_answer_tells_state_and_end_and_what_comes_then() -> None:
    assert answer(Mode.CLOSED, Scope.NUMBER, SHARED) == (
        "Office, (717) 555-0101: closed until Mon 23 Nov 2026 17:00 America/New_York.\n"
        "Then Office is closed until Tue 24 Nov 2026 09:00 America/New_York."
    )


def test_the_answer_says_who_is_on_call_all_the_same() -> None:
    told = answer(Mode.CLOSED, Scope.PERSON, "rictor", AT_NIGHT)
    assert "Dr. Kenneth Rictor stays on call in 'doctors' from" in told
    assert "`secondline oncall swap doctors` hands it over" in told
    assert "Whoever is on call in 'doctors' is rung as ever." in answer(Mode.VOICEMAIL, Scope.NUMBER, URGENT)
    assert "on call" not in answer(Mode.OPEN, Scope.PERSON, "rictor", AT_NIGHT)


def test_the_answer_says_when_nobody_would_notice() -> None:
    assert "Callers notice nothing of it now" in answer(Mode.CLOSED, Scope.NUMBER, SHARED, AT_NIGHT)
