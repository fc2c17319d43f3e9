"""Times as a telephone voice says them well: "tomorrow, Tuesday, November 24, at 9 AM"."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def spoken_moment(at: datetime, now: datetime, timezone: str) -> str:
    """When `at` is, for somebody who hears it at `now` (both aware) on the clocks of `timezone`.

    Midnight is told as the end of a day, because "Tuesday at midnight" is one night or the other.
    """
    zone = ZoneInfo(timezone)
    wall, today = at.astimezone(zone), now.astimezone(zone).date()
    if (wall.hour, wall.minute) == (0, 0):
        return f"the end of {spoken_day(wall.date() - timedelta(days=1), today)}"
    return f"{spoken_day(wall.date(), today)}, at {spoken_time(wall)}"


def spoken_day(day: date, today: date) -> str:
    """A day with its name; the year only where it is another than that of `today`."""
    year = f", {day.year}" if day.year != today.year else ""
    full = f"{_DAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}{year}"
    near = {0: "today", 1: "tomorrow"}.get((day - today).days)
    return f"{near}, {full}" if near else full


def spoken_time(wall: datetime) -> str:
    """The time on the clock, without its day: `9 AM`, `9:05 PM`, `noon`."""
    if wall.minute == 0 and wall.hour in (0, 12):
        return "noon" if wall.hour else "midnight"
    minutes = f":{wall.minute:02}" if wall.minute else ""
    return f"{wall.hour % 12 or 12}{minutes} {'AM' if wall.hour < 12 else 'PM'}"
