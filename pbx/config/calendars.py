"""Calendars (iCalendar, RFC 5545) that a schedule names: where they are, and what their events say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.domain.schedule import Calendar

KINDS = ("open_calendar", "closed_calendar")
MAX_EVENTS = 20_000
_AROUND = timedelta(days=2)
_AHEAD = timedelta(days=400)
_TOO_OFTEN = ("SECONDLY", "MINUTELY")

Event = tuple[datetime, datetime]


class CalendarUnreadable(Exception):
    """A calendar that cannot be read or understood; the text is the reason, without its address and its content."""


@dataclass(frozen=True, slots=True)
class CalendarSource:
    """A calendar of a schedule: `kind` is its key in the file, `file` or `address` (https) tells where it is.

    The address is not shown anywhere: whoever knows it can read the calendar.
    """

    schedule: str
    kind: str
    zone: str
    file: Path | None
    address: str | None

    @property
    def id(self) -> str:
        return f"{self.schedule}.{self.kind}"

    def read(self, content: bytes, at: datetime) -> Calendar:
        """The calendar as it is known for calls around `at` (aware). Raises CalendarUnreadable."""
        first, last = at.astimezone(UTC) - _AROUND, at.astimezone(UTC) + _AHEAD
        return Calendar(f"schedules.{self.id}", _events(content, ZoneInfo(self.zone), first, last), first, last)


def build_calendars(file: PracticeFile, report: Report) -> tuple[CalendarSource, ...]:
    """Every calendar that a schedule names; an address that cannot be one is reported."""
    found = []
    for key, section in file.schedules.items():
        zone = section.timezone or file.practice.timezone
        for kind in KINDS:
            where = getattr(section, kind)
            if where is None:
                continue
            if "://" not in where:
                path = report.document.beside(("schedules", key, kind), where)
                found.append(CalendarSource(key, kind, zone, path, None))
            elif address := _address(where):
                found.append(CalendarSource(key, kind, zone, None, address))
            else:
                remedy = "write an address that begins with https://, or the name of a file"
                report.problem(("schedules", key, kind), "is not a safe address of a calendar", remedy)
    return tuple(found)


def _address(text: str) -> str | None:
    """An address to fetch. Plain http is for this machine only: on the way, anybody could open and close the line."""
    parts = urlsplit(text)
    if parts.scheme == "webcal":
        parts = parts._replace(scheme="https")
    near = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    return parts.geturl() if parts.hostname and (parts.scheme == "https" or near) else None


def _events(content: bytes, zone: ZoneInfo, first: datetime, last: datetime) -> tuple[Event, ...]:
    try:
        found = sorted(_occurrences(content, zone, first, last))
    except CalendarUnreadable:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # What the libraries raise on what is no calendar; their texts may hold its content.
        raise CalendarUnreadable(f"it is not a calendar that can be understood ({type(error).__name__})") from None
    if len(found) > MAX_EVENTS:
        raise CalendarUnreadable(f"it has more than {MAX_EVENTS} events")
    return tuple(_joined(found))


def _occurrences(content: bytes, zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[Event]:
    # Imported here because it takes 0.2 s, which a practice without calendars need not spend.
    import recurring_ical_events
    from icalendar import Calendar as Parsed

    calendar: Any = Parsed.from_ical(content)
    if calendar.name != "VCALENDAR":
        raise CalendarUnreadable("it is not a calendar")
    for event in calendar.walk("VEVENT"):
        if any(often in str(event.get("RRULE", "")).upper() for often in _TOO_OFTEN):
            raise CalendarUnreadable("it has an event that repeats by the minute")
    occurrences: Any = recurring_ical_events.of(calendar).between(first, last)
    for event in occurrences:
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = _instant(event["DTSTART"].dt, zone), _instant(event["DTEND"].dt, zone)
        if max(start, first) < min(end, last):
            yield max(start, first), min(end, last)


def _instant(value: date, zone: ZoneInfo) -> datetime:
    """Whole days and times without a zone are those of the schedule's own zone (RFC 5545 section 3.3.5, form 1)."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(0))
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """Events that lie over each other, or follow each other without a gap, as one."""
    current: Event | None = None
    for start, end in events:
        if current and start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            if current:
                yield current
            current = (start, end)
    if current:
        yield current
