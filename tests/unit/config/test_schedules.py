"""Exceptions and long hours of the practice's file: what they mean, how they are said, what can be wrong with them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from pbx.config.check import in_plain_words
from pbx.domain.routing import Decision, decide
from pbx.domain.schedule import Range, Schedule, Special
from pbx.domain.steps import SayStep
from tests.unit.config.conftest import Load, Problems

HOURS = 'open = { mon-thu = "09:00-17:00" }'
GREETING = '[greetings.eve]\ntext = "Merry Christmas."\n'


def exceptions(*tables: str) -> str:
    return GREETING + "".join(f"[[schedules.office.exceptions]]\n{table}\n" for table in tables)


def office(loaded: Load, *changes: tuple[str, str], more: str = "") -> Schedule:
    schedule = loaded(*changes, more=more).policy.numbers["+17175550100"].schedule
    assert schedule is not None
    return schedule


def decided(loaded: Load, at: str, *tables: str) -> Decision:
    closed = (HOURS, f'{HOURS}\nclosed_on = ["us-ny-holidays", "2026-11-25"]')
    policy = loaded(closed, more=exceptions(*tables)).policy
    return decide(policy, "+17175550100", datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/New_York")))


def test_a_range_may_end_on_another_day(loaded: Load) -> None:
    week = office(loaded, (HOURS, 'open = { fri = ["09:00-12:00", "18:00-mon 08:00"], wed = "22:00-thu 00:00" }')).week
    whole = Range(time(0), time(0))
    assert week == {
        4: (Range(time(9), time(12)), Range(time(18), time(0))),
        5: (whole,),
        6: (whole,),
        0: (Range(time(0), time(8)),),
        2: (Range(time(22), time(0)),),
    }


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ('{ fri = "18:00-mon 08:00", tue = "09:00-17:00" }', "Tue 09:00-17:00, Fri 18:00-Mon 08:00"),
        ('{ sun-thu = "20:00-06:00" }', "Mon-Thu 20:00-06:00 (over midnight), Sun 20:00-06:00 (over midnight)"),
        ('{ sun = "20:00-mon 06:00", mon = "08:00-12:00" }', "Mon 08:00-12:00, Sun 20:00-Mon 06:00"),
        ('{ mon-wed = "00:00-24:00" }', "Mon-Wed 00:00-24:00"),
        ('{ sat = "22:00-24:00", sun = "10:00-24:00" }', "Sat 22:00-24:00, Sun 10:00-24:00"),
        ('{ daily = "00:00-24:00" }', "at any time"),
    ],
)
def test_the_hours_of_a_week_are_said_as_people_say_them(hours: str, words: str, loaded: Load) -> None:
    said = "\n".join(in_plain_words(loaded((HOURS, f"open = {hours}"))))
    assert f"Dr. Rictor: {words} (America/New_York)" in said


def test_an_exception_has_hours_of_its_own(loaded: Load) -> None:
    table = 'on = "2026-12-24"\nopen = ["09:00-10:00", "11:00-12:00"]\ngreeting = "eve"\nname = "Christmas Eve"'
    open_ = decided(loaded, "2026-12-24T11:30", table)
    assert open_.why[0] == (
        "Dr. Rictor is open at Thu 24 Dec 2026 11:30 America/New_York (exception: Christmas Eve: 09:00-10:00 and "
        "11:00-12:00), until Thu 24 Dec 2026 12:00 America/New_York."
    )
    assert open_.rule == "schedules.office.exceptions"
    closed = decided(loaded, "2026-12-24T12:00", table)
    assert closed.steps[0] == SayStep(("emergency", "eve"))
    assert decided(loaded, "2026-12-23T20:00", table).steps[0] == SayStep(("emergency", "after-hours"))


def test_a_holiday_may_have_a_greeting_and_a_date_goes_before_it(loaded: Load) -> None:
    tables = ('on = "us-ny"\nclosed = true\ngreeting = "eve"', 'on = 2026-12-25\nopen = "10:00-11:00"')
    thanksgiving = decided(loaded, "2026-11-26T10:00", *tables)
    assert thanksgiving.steps[0] == SayStep(("emergency", "eve"))
    assert "exception: Thanksgiving Day: closed" in thanksgiving.why[0]
    assert decided(loaded, "2026-12-25T10:00", *tables).state == "open"


def test_a_closed_date_may_keep_the_usual_hours(loaded: Load) -> None:
    assert decided(loaded, "2026-11-25T10:00").state == "closed"
    usual = decided(loaded, "2026-11-25T10:00", 'on = "2026-11-25"\nopen = "usual"')
    assert (usual.state, usual.reason) == ("open", "in-hours")


def test_exceptions_are_said_in_plain_words(loaded: Load) -> None:
    more = exceptions(
        'on = "2026-12-24"\nopen = "09:00-12:00"\ngreeting = "eve"',
        'on = "2026-12-28..2026-12-30"\nclosed = true\nname = "Stocktaking"',
        'on = "2027-01-18"\nopen = "usual"',
    )
    said = "\n".join(in_plain_words(loaded((HOURS, f'{HOURS}\nclosed_on = "2027-01-18"'), more=more)))
    assert "Schedule 'office' is open 09:00-12:00 only, with the greeting 'eve' when closed, on 2026-12-24." in said
    assert "Schedule 'office' is closed all day on Stocktaking (Mon 28 Dec 2026 to Wed 30 Dec 2026)." in said
    assert "Schedule 'office' keeps its usual hours on 2027-01-18." in said
    assert "closed all day on 2027-01-18" not in said


def test_exceptions_are_kept_by_date(loaded: Load) -> None:
    tables = (
        'on = "2026-12-24..2026-12-25"\nclosed = true',
        'on = "2026-12-24"\nopen = "09:00-12:00"\ngreeting = "eve"',
    )
    assert office(loaded, more=exceptions(*tables)).exceptions == {
        date(2026, 12, 24): Special("2026-12-24", (Range(time(9), time(12)),), "eve"),
        date(2026, 12, 25): Special("2026-12-24..2026-12-25"),
    }


WRONG = {
    "nothing said": ('on = "2026-12-24"', "does not say one thing", "closed = true"),
    "both said": ('on = "2026-12-24"\nopen = "09:00-12:00"\nclosed = true', "does not say one thing", "closed = true"),
    "not closed": ('on = "2026-12-24"\nclosed = false', "exceptions[1].closed: must be True", "closed = true"),
    "no hours": ('on = "2026-12-24"\nopen = []', "exceptions[1].open: must not be empty", "open ="),
    "hours beside usual": ('on = "2026-12-24"\nopen = ["usual", "09:00-12:00"]', "hours beside 'usual'", "open ="),
    "another day": ('on = "2026-12-24"\nopen = "09:00-mon 12:00"', "are not opening hours", "09:00-17:00"),
    "overlap": ('on = "2026-12-24"\nopen = ["09:00-12:00", "11:00-13:00"]', "lie over each other", "let the second"),
    "no date": ('closed = true', "exceptions[1].on: is missing", 'on = "2026-12-24"'),
    "bad date": ('on = "24.12.2026"\nclosed = true', "is not a date", "2026-12-25"),
    "no greeting": ('on = "2026-12-24"\nclosed = true\ngreeting = "evve"', "no [greetings.evve]", "'eve'"),
    "unknown key": ('on = "2026-12-24"\nclosed = true\ngreting = "eve"', "is not a key", "'greeting'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_exception_is_one_problem_that_says_what_to_do(case: str, problems: Problems) -> None:
    table, what, remedy = WRONG[case]
    [found] = problems(more=exceptions(table))
    assert what in found
    assert remedy in found.split("(", 1)[1]


def test_a_date_is_said_once_by_exceptions_of_one_kind(problems: Problems) -> None:
    [found] = problems(more=exceptions('on = "2026-12-24"\nclosed = true', 'on = 2026-12-24\nopen = "usual"'))
    assert "exceptions[2].on: 2026-12-24 is already in exceptions[1]" in found


@pytest.mark.parametrize(
    ("hours", "what"),
    [
        ("18:00-fri 20:00", "ends on the day on which it starts"),
        ("18:00-xyz 20:00", "'xyz' is not a day"),
        ("18:00-mon 25:00", "does not exist"),
    ],
)
def test_hours_to_another_day_are_checked(hours: str, what: str, problems: Problems) -> None:
    [found] = problems((HOURS, f'open = {{ fri = "{hours}" }}'))
    assert what in found


def test_long_hours_that_lie_over_others_are_told(problems: Problems) -> None:
    found = problems((HOURS, 'open = { fri = "18:00-mon 08:00", sat = "09:00-12:00" }'))
    assert len(found) == 1 and "lie over each other" in found[0]
