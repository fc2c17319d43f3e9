"""Moments as they are written: `2026-11-23T10:00`, on the practice's own clock unless they name an offset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from pbx.config.values import wrong

_REMEDY = "write it with its date, such as 2026-11-23T10:00"


def parse_moment(text: str, timezone: str) -> datetime:
    """A moment in `timezone`. Raises a validation error with a remedy for a time that its clocks skip."""
    at, zone = datetime.fromisoformat(text), ZoneInfo(timezone)
    if at.tzinfo:
        return at.astimezone(zone)
    moment = at.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != at:
        raise wrong(f"{text!r} does not exist in {timezone}: the clocks go forward then", "choose another time")
    return moment


def _as_text(value: Any) -> Any:
    """TOML has times of its own: 2026-11-23T10:00:00 without quotes means the same."""
    return value.isoformat() if isinstance(value, datetime) else value


def _check(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise wrong(f"{text!r} is not a time", _REMEDY) from None
    if len(text) <= len("2026-11-23"):
        raise wrong(f"{text!r} has no time of day", _REMEDY)
    return text


Moment = Annotated[str, BeforeValidator(_as_text), AfterValidator(_check)]
