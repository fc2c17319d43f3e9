"""A week is seven days of the wall clock, told by what calls do, exact where the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.domain.actions import Ring, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.oncall import Swap
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.policy import Number, Policy
from pbx.domain.routing import State, decide
from pbx.domain.schedule import Range, Schedule
from pbx.domain.week import Bar, Day, Week, week_of
from pbx.picture import week_svg
from pbx.week_words import clocks_in_words, day_in_words, watches_in_words
from tests.unit.test_override import POLICY, URGENT

ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"]
NIGHTS: dict[int, tuple[Range, ...]] = {
    day: (Range(time(22), time(2, 30)), Range(time(9), time(17))) for day in range(7)
}
MINUTE = timedelta(minutes=1)


def policy_of(zone: str, week: dict[int, tuple[Range, ...]], closed: dict[date, str] | None = None) -> Policy:
    schedule = Schedule("office", zone, week, closed or {})
    actions = (Ring("rictor", ("desk",), 20), Voicemail("rictor"))
    number = Number("+17175550100", "Dr. <Rictor> & Co", schedule, actions, actions[1:])
    return Policy("v", "P", "US", "UTC", "Dial 911.", {number.e164: number})


def week_from(policy: Policy, first: date) -> Week:
    return week_of(policy, policy.numbers["+17175550100"], first)


def day_of(zone: str, day: date) -> Day:
    return week_from(policy_of(zone, NIGHTS), day).days[0]


HOURS = {
    "an ordinary day": ("America/New_York", date(2026, 11, 23), 24, 1, ""),
    "spring": ("America/New_York", date(2026, 3, 8), 23, 1, "23 hours: the clocks go forward"),
    "autumn": ("America/New_York", date(2026, 11, 1), 25, 2, "25 hours: the clocks go back"),
    "half an hour": ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, 2, "24.5 hours: the clocks go back"),
    "no midnight": ("America/Havana", date(2026, 3, 8), 23, 1, "23 hours: the clocks go forward"),
    "midnight twice": ("America/Havana", date(2026, 11, 1), 25, 2, "25 hours: the clocks go back"),
}


@pytest.mark.parametrize("row", HOURS.values(), ids=HOURS)
def test_a_day_is_as_long_as_the_clocks_make_it(row: tuple[str, date, float, int, str]) -> None:
    zone, first, hours, lines, words = row
    day = day_of(zone, first)
    assert (day.hours, len(day.lines), clocks_in_words(day)) == (hours, lines, words)
    minutes = sum(bar.end - bar.start for line in day.lines for bar in line)
    assert minutes == hours * 60


def shown(line: tuple[Bar, ...]) -> list[tuple[float, float, State]]:
    return [(bar.start, bar.end, bar.span.state) for bar in line]


def test_the_hour_that_spring_skips_is_a_gap() -> None:
    [line] = day_of("America/New_York", date(2026, 3, 8)).lines
    assert shown(line)[:2] == [(0, 120, State.OPEN), (180, 540, State.CLOSED)]


def test_the_hour_that_autumn_repeats_has_its_own_line() -> None:
    first, again = day_of("America/New_York", date(2026, 11, 1)).lines
    assert shown(again) == [(60, 120, State.OPEN)]
    assert (first[0].start, first[-1].end) == (0, 1440)
    assert all(one.end == other.start for one, other in pairwise(first))


def test_a_day_that_never_was_is_left_out() -> None:
    policy = policy_of("Pacific/Apia", NIGHTS)
    days = [day.date.day for day in week_from(policy, date(2011, 12, 28)).days]
    assert days == [28, 29, 31, 1, 2, 3]


def test_a_number_without_a_schedule_is_open_in_the_practices_zone() -> None:
    number = Number("+17175550100", "Refills", None, (Voicemail("x"),), (Voicemail("x"),))
    policy = Policy("v", "P", "US", "America/Chicago", "Dial 911.", {number.e164: number})
    week = week_of(policy, number, date(2026, 11, 23))
    assert week.timezone == "America/Chicago"
    assert [day_in_words(week, day) for day in week.days] == ["00:00-24:00"] * 7


def test_a_closed_date_says_its_name() -> None:
    policy = policy_of("America/New_York", {3: (Range(time(9), time(17)),)}, {date(2026, 11, 26): "Thanksgiving Day"})
    week = week_from(policy, date(2026, 11, 25))
    assert [day_in_words(week, day) for day in week.days[:2]] == ["closed", "closed: Thanksgiving Day"]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    minutes=st.lists(st.integers(0, 7 * 24 * 60 - 120), min_size=5, max_size=20),
    closed=st.sets(st.integers(0, 6)),
)
def test_every_minute_of_a_week_is_told_as_a_call_is_treated(
    zone: str, first: date, minutes: list[int], closed: set[int]
) -> None:
    policy = policy_of(zone, NIGHTS, {first + timedelta(days=n): "closed" for n in closed})
    week = week_from(policy, first)
    spans = [span for day in week.days for span in day.spans]
    assert all(one.end == other.start for one, other in pairwise(spans))
    for minute in minutes:
        at = spans[0].start + minute * MINUTE
        decision = decide(policy, "+17175550100", at)
        [span] = [span for span in spans if span.start <= at < span.end]
        assert (span.state, span.reason) == (decision.state, decision.reason)
        [(day, bar, told)] = [
            (day, bar, told)
            for day in week.days
            for line in day.lines
            for bar in line
            if (told := bar.minute_of(at)) is not None
        ]
        wall = at.astimezone(ZoneInfo(zone))
        assert (day.date, told) == (wall.date(), wall.hour * 60 + wall.minute)
        assert bar.span is span


def test_a_week_shows_overrides_to_the_minute_and_who_is_on_call() -> None:
    number = replace(POLICY.numbers[URGENT], label="Urgent")
    noon = datetime(2026, 11, 23, 17, tzinfo=UTC)  # 12:00 there
    closed = Override(3, Scope.PRACTICE, "", Mode.CLOSED, noon, noon + timedelta(hours=21), "Sam Mills", "power cut")
    swap = Swap("doctors", "rictor", "mills", noon, noon + timedelta(hours=3))
    week = week_of(POLICY, number, date(2026, 11, 23), Facts((swap,), (closed,)))
    monday, tuesday, wednesday = week.days[:3]
    assert day_in_words(week, monday) == "09:00-12:00; override: closed 12:00-24:00"
    assert day_in_words(week, tuesday) == "09:00-17:00; override: closed 00:00-09:00"
    assert [span.rule for span in monday.spans][-1] == "overrides.3"
    assert watches_in_words(monday) == (
        "on call in doctors: Dr. Kenneth Rictor, from 12:00 Sam Mills, RN, from 15:00 Dr. Kenneth Rictor"
    )
    bare = week_of(POLICY, number, date(2026, 11, 23))
    assert wednesday == bare.days[2]
    svg = ElementTree.fromstring(week_svg(week, "US", noon))
    classes = [group.get("class") for group in svg.iter("{http://www.w3.org/2000/svg}g")]
    assert {"override-closed", "on-call", "open", "closed"} == set(classes)
    assert "set by Sam Mills: power cut" in ElementTree.tostring(svg, encoding="unicode")


def test_the_picture_is_an_svg_that_can_be_read_aloud_and_holds_no_markup_of_the_file() -> None:
    policy = policy_of("America/New_York", NIGHTS, {date(2026, 11, 2): "Staff <day>"})
    week = week_from(policy, date(2026, 10, 30))
    text = week_svg(week, "US", datetime(2026, 11, 1, 12, tzinfo=UTC))
    svg = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert svg.attrib["role"] == "img"
    assert svg.findtext(f"{space}title") == "The week of Dr. <Rictor> & Co, (717) 555-0100"
    assert "Mon 02 Nov: closed: Staff <day>" in (svg.findtext(f"{space}desc") or "")
    words = [element.text or "" for element in svg.iter(f"{space}text")]
    assert {"Sun 01 Nov", "25 hours: the clocks go back", "once more: 01:00-02:00", "now"} <= set(words)
    bars = [group.get("class") for group in svg.iter(f"{space}g")]
    assert {"open", "closed", "closed-date"} == set(bars)
    width = float(svg.attrib["width"])
    assert all(
        float(r.get("x", 0)) >= 0 and float(r.get("x", 0)) + float(r.attrib["width"]) <= width
        for r in svg.iter(f"{space}rect")
    )
