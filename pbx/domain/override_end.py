"""When an override ends: the next scheduled change, or what somebody says. Pure, exact at daylight-saving changes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pbx.domain.oncall import moment
from pbx.domain.overridden import rings_person, whose_line
from pbx.domain.override import Mode, Scope
from pbx.domain.policy import Number, Policy

MOST = timedelta(days=14)
"""The longest that an override may hold: what is to stay belongs in the practice's file."""

HOW_TO_SAY = "say it as 17:00, +2h, +90m, tomorrow 09:00, fri 08:00, 2026-12-24 or 2026-12-24T08:00"

_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"\+\s*(?:(\d{1,3})\s*d)?\s*(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*m(?:in)?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


class BadEnd(Exception):
    """An end that cannot be used, or none where one is needed; the text is a sentence that says what to do."""


def default_end(policy: Policy, scope: Scope, target: str, at: datetime, mode: Mode = Mode.CLOSED) -> datetime:
    """The next scheduled change (UTC) of what is concerned, at `at` (aware). Raises BadEnd where none is near.

    Where several lines are concerned: the last of the next changes of those that the schedule has otherwise than
    `mode`, so that none of them comes back before the others. A snow day lasts until the day is over.
    """
    if mode is Mode.SNOW_DAY:
        zone = ZoneInfo(zone_of(policy, scope, target))
        return moment(at.astimezone(zone).date() + _DAY, time(), zone)
    states = [line.schedule.state_at(at) for line in numbers_of(policy, scope, target) if line.schedule]
    otherwise = [now.until for now in states if now.until and now.open != (mode is Mode.OPEN)]
    end = max(otherwise) if otherwise else min((now.until for now in states if now.until), default=None)
    if end is None or end - at > MOST:
        raise BadEnd(f"no schedule that is concerned changes within {MOST.days} days: give an end, and {HOW_TO_SAY}")
    return end.astimezone(UTC)


def numbers_of(policy: Policy, scope: Scope, target: str) -> tuple[Number, ...]:
    """The lines that an override is about: of a person their own ones, else those that ring them too."""
    every = tuple(policy.numbers.values())
    if scope is Scope.PRACTICE:
        return every
    if scope is Scope.NUMBER:
        return tuple(number for number in every if number.e164 == target)
    own = tuple(number for number in every if whose_line(policy, number) == target)
    return own or tuple(number for number in every if rings_person(policy, number, target))


def zone_of(policy: Policy, scope: Scope, target: str) -> str:
    """The time zone in which people think of it."""
    number = policy.numbers.get(target) if scope is Scope.NUMBER else None
    return number.schedule.timezone if number and number.schedule else policy.timezone


def parse_end(text: str, at: datetime, timezone: str) -> datetime:
    """An end as people write it, seen from `at` (aware), in UTC. A clock time is the next one; a date its beginning.

    Raises BadEnd.
    """
    zone, words = ZoneInfo(timezone), text.strip().lower()
    if words.startswith("+"):
        return at.astimezone(UTC) + _span(words, text)
    if len(words) > 10 and words[:4].isdigit():
        return _instant(text, zone)
    day, _, clock = words.rpartition(" ")
    if not day and _CLOCK.fullmatch(words):
        return next_clock(_clock(words, text), at, timezone)
    today = at.astimezone(zone).date()
    return moment(_day(day or words, today, text), _clock(clock, text) if day else time(), zone)


def next_clock(clock: time, at: datetime, timezone: str) -> datetime:
    """The first instant after `at` (aware) at which the wall clock of the zone shows `clock` (UTC)."""
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    found = (moment(today + n * _DAY, clock, zone) for n in range(3))
    return next(instant for instant in found if instant > at)


def check_end(at: datetime, ends: datetime) -> None:
    """Raises BadEnd for an end that is over, or further away than an override may hold."""
    if ends <= at:
        raise BadEnd("the end is over already: say a later one")
    if ends - at > MOST:
        raise BadEnd(
            f"an override lasts at most {MOST.days} days: say an earlier end, and write what is to stay into the "
            "practice's file"
        )


def _span(words: str, text: str) -> timedelta:
    found = _SPAN.fullmatch(words)
    if found is None or not any(found.groups()):
        raise _wrong(text)
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _wrong(text) from None
    return at.astimezone(UTC) if at.tzinfo else moment(at.date(), at.time(), zone)


def _day(words: str, today: date, text: str) -> date:
    if words in ("today", "tomorrow"):
        return today + (words == "tomorrow") * _DAY
    if words[:3] in _WEEKDAYS and words.isalpha():
        return today + ((_WEEKDAYS.index(words[:3]) - today.weekday() - 1) % 7 + 1) * _DAY
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise _wrong(text) from None


def _clock(words: str, text: str) -> time:
    found = _CLOCK.fullmatch(words)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise _wrong(text)
    return time(int(found[1]), int(found[2]))


def _wrong(text: str) -> BadEnd:
    return BadEnd(f"{text!r} is not an end: {HOW_TO_SAY}")
