"""Weekly hours, closed dates and exceptions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator

from pbx.config.closed_dates import ClosedOn
from pbx.config.hours import USUAL, DayHours, Days, Hours
from pbx.config.schema.section import Section
from pbx.config.values import (
    About,
    Key,
    Line,
    Text,
    TimeZone,
    as_list,
    wrong,
)


class ExceptionSection(Section):
    """Dates with hours or a greeting of their own. They go before `closed_on` and before the hours of the week."""

    on: Annotated[
        ClosedOn,
        About("A date, a range of dates, or holidays; what is written more exactly goes first.", '"2026-12-24"'),
    ]
    open: Annotated[
        DayHours | None,
        About('All hours of these dates; "usual" for those of the week in spite of closed_on.', '"09:00-12:00"'),
    ] = None
    closed: Annotated[Literal[True] | None, About("Closed all day; instead of open.", "true")] = None
    greeting: Annotated[
        Key | None, About("What callers hear on these dates when the line is closed.", '"after-hours"')
    ] = None
    name: Annotated[Line | None, About("What people call it.", '"Christmas Eve"')] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> ExceptionSection:
        if (self.open is None) == (self.closed is None):
            raise wrong("does not say one thing", 'write open = "09:00-12:00", open = "usual" or closed = true')
        if self.open is not None and USUAL in self.open and len(self.open) > 1:
            raise wrong(f"has hours beside {USUAL!r}", f'write open = "{USUAL}" or the hours of these dates')
        return self


class ScheduleSection(Section):
    """Weekly hours, closed dates and exceptions. Outside of the hours a line is closed."""

    timezone: Annotated[TimeZone | None, About("If it is not the practice's.", '"America/Chicago"')] = None
    open: Annotated[
        dict[Days, Hours],
        About(
            "Hours of each day, in 24 hours; several in a list. Days: mon, mon-thu, weekdays, daily. "
            '22:00-06:00 runs over midnight, fri = "18:00-mon 08:00" over the weekend.',
            '{ mon-thu = "09:00-17:00", fri = ["09:00-12:00", "13:00-15:00"] }',
        ),
    ]
    closed_on: Annotated[
        list[ClosedOn],
        BeforeValidator(as_list),
        About(
            "Dates, ranges of dates, and holidays of a country or state.",
            '["us-federal-holidays", "2026-12-24..2026-12-26"]',
            shown=True,
        ),
    ] = []
    exceptions: Annotated[
        list[ExceptionSection],
        About(
            "Dates with hours or a greeting of their own, also as [[schedules.office.exceptions]].",
            '[{ on = "2026-12-24", open = "09:00-12:00", greeting = "after-hours" }]',
        ),
    ] = []
    open_calendar: Annotated[
        Text | None,
        About(
            "An iCalendar file or https address. Its events are the hours; `open` holds while it cannot be read.",
            '"hours.ics"',
            secret=True,
        ),
    ] = None
    closed_calendar: Annotated[
        Text | None,
        About(
            "An iCalendar file or https address, such as that of vacations. The line is closed during its events.",
            '"vacation.ics"',
            secret=True,
        ),
    ] = None
