"""Closed dates as they are written: a date, a range of dates, or the public holidays of a country."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from pbx.config.values import wrong

HOLIDAY_YEARS = range(2020, 2061)
"""The years for which holidays are worked out. A fixed span: the same file always means the same policy."""

MAX_RANGE_DAYS = 366

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOLIDAYS = re.compile(r"([a-z]{2})(?:-([a-z0-9]{1,3}))?(?:-(?:federal|public|national))?(?:-holidays)?")
_REMEDY = "write 2026-12-25, 2026-12-24..2026-12-26, or us-federal-holidays"


def parse_closed(text: str) -> Mapping[date, str]:
    """The dates that an entry closes, each with its name. Raises a validation error with a remedy."""
    if _ISO.match(text):
        first, dots, last = text.partition("..")
        start, end = _date(first), _date(last if dots else first)
        return dict.fromkeys(_days(start, end, text), text)
    found = _HOLIDAYS.fullmatch(text.lower())
    if not found:
        raise wrong(f"{text!r} is not a date and no list of holidays", _REMEDY)
    return _holidays(found[1].upper(), found[2] and found[2].upper(), text)


def exactness(text: str) -> int:
    """How exactly an entry names its dates: 2 for a date, 1 for a range of dates, 0 for holidays."""
    return 0 if not _ISO.match(text) else 1 if ".." in text else 2


def _date(text: str) -> date:
    if not _ISO.fullmatch(text.strip()):
        raise wrong(f"{text!r} is not a date", _REMEDY)
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise wrong(f"{text.strip()!r} is not in the calendar", "check the day and the month") from None


def _days(start: date, end: date, text: str) -> list[date]:
    count = (end - start).days + 1
    if count < 1:
        raise wrong(f"{text!r} ends before it starts", "write the earlier date first")
    if count > MAX_RANGE_DAYS:
        raise wrong(f"{text!r} is longer than a year", "check the years")
    return [start + timedelta(days=n) for n in range(count)]


@cache
def _holidays(country: str, part: str | None, text: str) -> Mapping[date, str]:
    # Imported here because it takes 0.1 s, which most commands need not spend.
    from holidays import country_holidays

    try:
        found = country_holidays(country, subdiv=part, years=HOLIDAY_YEARS)
    except NotImplementedError:
        remedy = "write a country such as us-federal-holidays, or a state of it such as us-pa-holidays"
        raise wrong(f"no holidays are known for {text!r}", remedy) from None
    return dict(sorted(found.items()))


def _as_text(value: Any) -> Any:
    """TOML has dates of its own: 2026-12-25 without quotes means the same."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def _check_closed(text: str) -> str:
    parse_closed(text)
    return text


ClosedOn = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check_closed)]
