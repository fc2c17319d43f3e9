"""Opening hours as they are written: `mon-thu = "09:00-17:00"`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from pbx.config.values import as_list, wrong
from pbx.domain.schedule import Range

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

USUAL = "usual"
"""Stands in an exception for the hours that its dates would have anyway."""

_GROUPS = {
    "daily": tuple(range(7)),
    "everyday": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekend": (5, 6),
    "weekends": (5, 6),
}
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_TO_DAY = re.compile(r"(\d{1,2}:\d{2})\s*[-–]\s*([a-z]+)\s+(\d{1,2}:\d{2})", re.IGNORECASE)
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


def parse_days(text: str) -> tuple[int, ...]:
    """Weekdays (0 is Monday) of `mon`, `mon-thu`, `sat-mon` (over the weekend), `mon,wed`, `weekdays`, `daily`."""
    days: list[int] = []
    for part in text.lower().split(","):
        days += _day_group(part.strip(), text)
    if len(set(days)) < len(days):
        raise wrong(f"{text!r} names a day twice", "name each day once")
    return tuple(days)


def _day_group(part: str, text: str) -> tuple[int, ...]:
    if part in _GROUPS:
        return _GROUPS[part]
    first, dash, last = (word.strip() for word in part.partition("-"))
    start, end = _day(first), _day(last if dash else first)
    if start is None or end is None:
        raise wrong(f"{text!r} is not a day", "write mon, mon-thu, weekdays or daily")
    return tuple((start + n) % 7 for n in range((end - start) % 7 + 1))


def _day(word: str) -> int | None:
    return next((n for n, day in enumerate(DAYS) if len(word) >= 3 and day.startswith(word)), None)


def parse_hours(text: str) -> Range:
    """`09:00-17:00`; `22:00-06:00` runs over midnight; `00:00-24:00` is the whole day."""
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise wrong(f"{text!r} are not opening hours", "write them in 24 hours, such as 09:00-17:00")
    start, end = _clock(found[1], found[2], text), _clock(found[3], found[4], text)
    if start in (_DAY_MINUTES, end):
        raise wrong(f"{text!r} has no length", "for the whole day write 00:00-24:00")
    return Range(_time(start), _time(end % _DAY_MINUTES))


def parse_long_hours(text: str, day: int) -> list[tuple[int, Range]]:
    """Hours that start on weekday `day`, as (weekday, range). `18:00-mon 08:00` runs on to the next Monday."""
    found = _TO_DAY.fullmatch(text.strip())
    if not found:
        return [(day, parse_hours(text))]
    last = _day(found[2].lower())
    if last is None:
        raise wrong(f"{found[2]!r} is not a day", "write it as 18:00-mon 08:00")
    days = (last - day) % 7
    if days == 0:
        remedy = "leave the day out: 09:00-17:00"
        raise wrong(f"{text!r} ends on the day on which it starts", remedy)
    start, end = parse_hours(f"{found[1]}-24:00"), found[3]
    whole = [((day + n) % 7, Range(time(0), time(0))) for n in range(1, days)]
    rest = [(last, parse_hours(f"00:00-{end}"))] if end not in ("00:00", "0:00") else []
    return [(day, start), *whole, *rest]


def _clock(hour: str, minute: str, text: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _DAY_MINUTES:
        raise wrong(f"{text!r} holds a time that does not exist", "use 00:00 to 24:00")
    return minutes


def _time(minutes: int) -> time:
    return time(*divmod(minutes, 60))


def overlaps(week: Mapping[int, tuple[Range, ...]]) -> list[tuple[int, str]]:
    """Where ranges of a week lie over each other, also over midnight: weekday of the later one, and both in words."""
    spans = sorted(
        (day * _DAY_MINUTES + hours.start.hour * 60 + hours.start.minute, _length(hours), day, hours)
        for day, ranges in week.items()
        for hours in sorted(ranges, key=str)
    )
    if not spans:
        return []
    start, length, day, hours = spans[0]
    again = (start + _WEEK_MINUTES, length, day, hours)
    return [
        (later[2], f"{_in_words(earlier[2], earlier[3])} and {_in_words(later[2], later[3])}")
        for earlier, later in pairwise([*spans, again])
        if earlier[0] + earlier[1] > later[0]
    ]


def _length(hours: Range) -> int:
    start = hours.start.hour * 60 + hours.start.minute
    end = hours.end.hour * 60 + hours.end.minute
    return end - start + (_DAY_MINUTES if hours.over_midnight else 0)


def _in_words(day: int, hours: Range) -> str:
    return f"{DAYS[day][:3].title()} {hours}"


def _check_days(text: str) -> str:
    parse_days(text)
    return text


def _check_hours(text: str) -> str:
    parse_hours(text)
    return text


def _check_day_hours(text: str) -> str:
    return text if text == USUAL else _check_hours(text)


def _check_long_hours(text: str) -> str:
    found = _TO_DAY.fullmatch(text.strip())
    # Whether it ends on the day on which it starts is known where the day is.
    parse_long_hours(text, next(d for d in range(7) if not found or _day(found[2].lower()) != d))
    return text


Days = Annotated[str, AfterValidator(_check_days)]
Hours = Annotated[list[Annotated[str, AfterValidator(_check_long_hours)]], BeforeValidator(as_list)]
DayHours = Annotated[
    list[Annotated[str, AfterValidator(_check_day_hours)]], BeforeValidator(as_list), Field(min_length=1)
]
