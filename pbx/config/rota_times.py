"""Times of a rota as they are written: `period = "10 days"`, `hand_over = "08:00"`, `start = "2026-12-24T08:00"`."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from pbx.config.hours import parse_days, parse_hours
from pbx.config.values import wrong
from pbx.domain.schedule import Range

MAX_TURN_DAYS = 366

_PERIOD = re.compile(r"(?:(\d{1,3})\s*)?(day|week)s?")
_WHEN = "write it as 2026-12-24T08:00"


def parse_clock(text: str) -> time:
    """`08:00`, in 24 hours."""
    try:
        return parse_hours(f"{text}-24:00").start
    except ValueError:
        raise wrong(f"{text!r} is not a time of the day", "write it in 24 hours, such as 08:00") from None


def parse_shift(text: str) -> Range:
    """Like opening hours; `08:00-08:00` is a shift of a whole day and night."""
    first, dash, last = (word.strip() for word in text.partition("-"))
    if dash and first == last and first != "24:00":
        return Range(parse_clock(first), parse_clock(first))
    return parse_hours(text)


def parse_period(text: str) -> int:
    """Days of `day`, `week`, `10 days`, `2 weeks`."""
    found = _PERIOD.fullmatch(text.strip().lower())
    days = int(found[1] or 1) * (7 if found[2] == "week" else 1) if found else 0
    if not 1 <= days <= MAX_TURN_DAYS:
        raise wrong(f"{text!r} is not a length of a turn", "write day, week, 10 days or 2 weeks")
    return days


def parse_weekday(text: str) -> int:
    """0 is Monday."""
    days = parse_days(text)
    if len(days) != 1:
        raise wrong(f"{text!r} is more than one day", "name the one day of the hand-over, such as mon")
    return days[0]


def parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(f"{text!r} is not a date", "write it as 2026-01-05") from None


def parse_when(text: str) -> datetime:
    """A date and time; naive where it names no zone. Seconds are refused: nobody swaps by the second."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise wrong(f"{text!r} is not a date and time", _WHEN) from None
    if at.second or at.microsecond or len(text) < 11:
        raise wrong(f"{text!r} is not a date with hours and minutes", _WHEN)
    return at


def _checked(parse: Any) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _as_text(value: Any) -> Any:
    """TOML has dates and times of its own; without quotes they mean the same."""
    return value.isoformat() if isinstance(value, date | time) else value


Clock = Annotated[str, BeforeValidator(_as_text), _checked(parse_clock)]
Day = Annotated[str, BeforeValidator(_as_text), _checked(parse_day)]
Period = Annotated[str, _checked(parse_period)]
ShiftHours = Annotated[str, _checked(parse_shift)]
Weekday = Annotated[str, _checked(parse_weekday)]
When = Annotated[str, BeforeValidator(_as_text), _checked(parse_when)]
