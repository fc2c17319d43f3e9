"""Exceptions of a schedule: dates with hours or a greeting of their own."""

from __future__ import annotations

from datetime import date

from pbx.config.closed_dates import exactness, parse_closed
from pbx.config.hours import USUAL, overlaps, parse_hours
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.schedules import ExceptionSection, ScheduleSection
from pbx.domain.schedule import Range, Special


def build_exceptions(key: str, section: ScheduleSection, report: Report) -> dict[date, Special]:
    """Every date that has an exception. A single date goes before a range of dates, and this before holidays."""
    found: dict[date, tuple[int, int, Special]] = {}
    for position, entry in enumerate(section.exceptions):
        path: KeyPath = ("schedules", key, "exceptions", position)
        hours = _hours(entry, path, report)
        _check_greeting(entry, path, report)
        exact = exactness(entry.on)
        told = False
        for day, name in parse_closed(entry.on).items():
            before = found.get(day)
            if before and before[0] == exact and not told:
                told = True
                what = f"{day} is already in exceptions[{before[1] + 1}]"
                report.problem((*path, "on"), what, "say what holds on a date once")
            elif not before or before[0] < exact:
                found[day] = (exact, position, Special(entry.name or name, hours, entry.greeting))
    return {day: special for day, (_, _, special) in sorted(found.items())}


def _hours(entry: ExceptionSection, path: KeyPath, report: Report) -> tuple[Range, ...] | None:
    if entry.open == [USUAL]:
        return None
    hours = tuple(parse_hours(text) for text in entry.open or ())
    # A week that has the hours on one day tells where they lie over each other, also over midnight.
    for _, both in overlaps({0: hours}):
        what = f"{both.replace('Mon ', '')} lie over each other"
        report.problem((*path, "open"), what, "let the second start when the first ends, or join them")
    return hours


def _check_greeting(entry: ExceptionSection, path: KeyPath, report: Report) -> None:
    known = report.declared("greetings")
    if entry.greeting is not None and entry.greeting not in known:
        what = f"there is no [greetings.{entry.greeting}]"
        report.problem((*path, "greeting"), what, did_you_mean(entry.greeting, known))
