"""Opening hours in a time zone: weekly, with closed dates, exceptions and calendars. Pure, exact when clocks change.

The clock on the wall decides: a line is open when the local wall-clock time lies in one of its ranges. So an hour that
a change in spring skips is never seen, and an hour that a change in autumn repeats counts both times. Ranges are
half-open: `09:00-17:00` is open at 09:00:00 and closed at 17:00:00. A range whose end is not after its start runs over
midnight into the next day, and belongs to the day on which it starts.

What is said of a date goes before what is said of a weekday:

1. An exception's own hours are all that holds on its date. They may run over midnight into a date that is not closed.
2. A closed date closes every minute of it, and what would have started on it does not take place after midnight either.
3. An event of a calendar that closes.
4. The events of a calendar that opens, as far as it is known; else the weekly hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pbx.domain.changes import Changes, Times

_DAY = timedelta(days=1)


class Why(StrEnum):
    """Which part of a schedule decided."""

    HOURS = "hours"
    OUTSIDE = "outside-hours"
    CLOSED_DATE = "closed-date"
    EXCEPTION = "exception"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Range:
    """Open from `start` until just before `end`, local time. `end` 00:00 is midnight at the end of the day."""

    start: time
    end: time

    @property
    def over_midnight(self) -> bool:
        return self.end <= self.start

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}" if self.end != time(0) else f"{self.start:%H:%M}-24:00"

    def first_day_has(self, clock: time) -> bool:
        """Whether `clock` lies in the range, on the day on which the range starts."""
        return self.start <= clock and (self.over_midnight or clock < self.end)

    def next_day_has(self, clock: time) -> bool:
        """Whether `clock` lies in the part that runs over midnight, on the day after the start."""
        return self.over_midnight and clock < self.end


@dataclass(frozen=True, slots=True)
class Special:
    """What an exception says of one date: its own `hours` (none: closed all day), or None for the hours that the date
    would have if it were no closed date. `greeting` is what callers hear on the date when the line is closed.
    """

    name: str
    hours: tuple[Range, ...] | None = ()
    greeting: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The events (UTC, in order, none over another) of a calendar from `first` until before `last`; outside of these
    nothing is known of it. `name` is what people know it by.
    """

    name: str
    events: tuple[tuple[datetime, datetime], ...]
    first: datetime
    last: datetime

    def knows(self, at: datetime) -> bool:
        return self.first <= at < self.last

    def event_at(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The event that holds `at` (UTC)."""
        position = bisect_right(self.events, at, key=lambda event: event[0]) - 1
        return self.events[position] if position >= 0 and at < self.events[position][1] else None


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """Open or closed at an instant, until when (UTC; None: no change in sight), and what decided.

    `detail` names the deciding part for people: a range such as `Mon 09:00-17:00`, or a closed date's name. `greeting`
    is that of the date's exception. `never` tells that no change comes at all, as against none that is known of.
    """

    open: bool
    until: datetime | None
    why: Why
    detail: str
    greeting: str | None = None
    never: bool = False


@dataclass(frozen=True, slots=True)
class _Moment:
    open: bool
    why: Why
    detail: str
    greeting: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`week` maps a weekday (0 is Monday) to its ranges; `closed_dates` maps a local date to its name.

    The events of `open_calendar` stand for the weekly hours where it is known; those of `closed_calendar` close.
    """

    name: str
    timezone: str
    week: Mapping[int, tuple[Range, ...]]
    closed_dates: Mapping[date, str] = field(default_factory=dict)
    exceptions: Mapping[date, Special] = field(default_factory=dict)
    open_calendar: Calendar | None = None
    closed_calendar: Calendar | None = None
    calendars: tuple[Calendar, ...] = field(default=(), init=False, repr=False, compare=False)
    _found: list[Changes[_Moment]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        both = (self.open_calendar, self.closed_calendar)
        object.__setattr__(self, "calendars", tuple(calendar for calendar in both if calendar is not None))

    def state_at(self, at: datetime) -> ScheduleState:
        """Tell the state at `at` (aware). Raises ValueError for a naive time."""
        if at.tzinfo is None:
            raise ValueError("a schedule needs a time with its zone")
        moment, until = self._changes.at(at.astimezone(UTC))
        never = until is None and not self.calendars
        if until is not None and self.calendars and not self._is_known(at, until):
            until = None
        return ScheduleState(moment.open, until, moment.why, moment.detail, moment.greeting, never)

    def edges(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """Every instant (UTC) between two (aware) at which anything that `state_at` tells may change, in order."""
        return self._changes.edges(after.astimezone(UTC), before.astimezone(UTC))

    @property
    def _changes(self) -> Changes[_Moment]:
        if not self._found:
            self._found.append(Changes(ZoneInfo(self.timezone), self._times(), self._moment))
        return self._found[0]

    def _is_known(self, at: datetime, until: datetime) -> bool:
        """Whether a change is one of the practice's, and not only where what is known of a calendar begins or ends."""
        return not any(at < edge <= until for calendar in self.calendars for edge in (calendar.first, calendar.last))

    def _times(self) -> Times:
        hours = [*self.week.values(), *(special.hours or () for special in self.exceptions.values())]
        edges = (edge for c in self.calendars for edge in (c.first, c.last, *(e for event in c.events for e in event)))
        clocks = (clock for ranges in hours for r in ranges for clock in (r.start, r.end))
        return Times(clocks, (*self.closed_dates, *self.exceptions), edges)

    def _moment(self, at: datetime, wall: datetime) -> _Moment:
        today = self.exceptions.get(wall.date())
        greeting = today.greeting if today else None
        if today is None or today.hours is None:
            return self._usual(at, wall, today)
        clock = wall.time()
        if any(hours.first_day_has(clock) for hours in today.hours) or self._night_of_exception(wall):
            return _Moment(True, Why.EXCEPTION, _special_in_words(today), greeting)
        return _Moment(False, Why.EXCEPTION, _special_in_words(today), greeting)

    def _usual(self, at: datetime, wall: datetime, today: Special | None) -> _Moment:
        greeting = today.greeting if today else None
        closed = self.closed_dates.get(wall.date())
        if closed is not None and today is None:
            return _Moment(False, Why.CLOSED_DATE, closed)
        if night := self._night_of_exception(wall):
            return _Moment(True, Why.EXCEPTION, _special_in_words(night), greeting)
        calendar = self.closed_calendar
        if calendar and today is None and (event := calendar.event_at(at)):
            return _Moment(False, Why.CALENDAR, self._event_in_words(calendar, event))
        return self._hours(at, wall, greeting)

    def _hours(self, at: datetime, wall: datetime, greeting: str | None) -> _Moment:
        calendar = self.open_calendar
        if calendar and calendar.knows(at):
            if event := calendar.event_at(at):
                return _Moment(True, Why.CALENDAR, self._event_in_words(calendar, event), greeting)
            return _Moment(False, Why.OUTSIDE, f"no event in {calendar.name}", greeting)
        found = self._weekly(wall)
        if found is None:
            return _Moment(False, Why.OUTSIDE, "outside the weekly hours", greeting)
        return _Moment(True, Why.HOURS, found, greeting)

    def _weekly(self, wall: datetime) -> str | None:
        today, clock = wall.date(), wall.time()
        for hours in self.week.get(today.weekday(), ()):
            if hours.first_day_has(clock):
                return f"{today:%a} {hours}"
        yesterday = today - _DAY
        special = self.exceptions.get(yesterday)
        if special.hours is not None if special else yesterday in self.closed_dates:
            return None
        for hours in self.week.get(yesterday.weekday(), ()):
            if hours.next_day_has(clock):
                return f"{yesterday:%a} {hours}"
        return None

    def _night_of_exception(self, wall: datetime) -> Special | None:
        """The exception of the day before, where its own hours run over midnight until after `wall`."""
        if not self.exceptions:
            return None
        special = self.exceptions.get(wall.date() - _DAY)
        today = self.exceptions.get(wall.date())
        if special is None or (today is not None and today.hours == ()):
            return None
        return special if any(hours.next_day_has(wall.time()) for hours in special.hours or ()) else None

    def _event_in_words(self, calendar: Calendar, event: tuple[datetime, datetime]) -> str:
        # Never its title: a calendar of a practice may name patients.
        zone = ZoneInfo(self.timezone)
        first, last = (edge.astimezone(zone) for edge in event)
        return f"an event in {calendar.name}, {first:%a %d %b %H:%M} to {last:%a %d %b %H:%M}"


def _special_in_words(special: Special) -> str:
    return f"{special.name}: {' and '.join(str(hours) for hours in special.hours or ()) or 'closed'}"
