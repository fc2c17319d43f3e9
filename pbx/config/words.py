"""A schedule in words: the hours of its week, and what holds on single dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time
from itertools import groupby

from pbx.config.hours import DAYS
from pbx.domain.schedule import Range, Schedule, Special

MOST_DATES = 12
"""More dates than these are counted instead of named."""

_MIDNIGHT = time(0)
_Week = Mapping[int, tuple[Range, ...]]


def week_in_words(week: _Week) -> str:
    """`Mon-Thu 09:00-17:00, Fri 18:00-Mon 08:00`: equal days joined, and what runs on over midnight as one."""
    if all(Range(_MIDNIGHT, _MIDNIGHT) in week.get(day, ()) for day in range(7)):
        return "at any time"
    stretches, rest = _stretches(week)
    hours = [" and ".join(_hours(r) for r in rest[day]) for day in range(7)]
    parts = [(first, f"{_days(first, last)} {hours[first]}") for first, last in _equal_days(hours)]
    return ", ".join(text for _, text in sorted([*parts, *stretches], key=lambda part: part[0]))


def _stretches(week: _Week) -> tuple[list[tuple[int, str]], dict[int, list[Range]]]:
    """Hours that run on from day to day, each with its first day; and the hours that do not."""
    rest = {day: list(week.get(day, ())) for day in range(7)}
    found = []
    for day in range(7):
        for first in [r for r in rest[day] if r.end == _MIDNIGHT and r.start != _MIDNIGHT]:
            chain = list(_chain(rest, day))
            if not chain:
                continue
            rest[day].remove(first)
            for later, piece in chain:
                rest[later].remove(piece)
            end_day, end = chain[-1][0], chain[-1][1].end
            found.append((day, f"{_name(day)} {first.start:%H:%M}-{_name(end_day)} {_clock(end)}"))
    return found, rest


def _chain(rest: Mapping[int, list[Range]], day: int) -> Iterator[tuple[int, Range]]:
    for n in range(1, 8):
        later = (day + n) % 7
        piece = next((r for r in rest[later] if r.start == _MIDNIGHT), None)
        if piece is None:
            return
        yield later, piece
        if piece.end != _MIDNIGHT:
            return


def _equal_days(hours: list[str]) -> Iterator[tuple[int, int]]:
    for text, days in groupby(range(7), key=hours.__getitem__):
        if text:
            same = list(days)
            yield same[0], same[-1]


def _hours(hours: Range) -> str:
    over = hours.over_midnight and hours.end != _MIDNIGHT
    return f"{hours} (over midnight)" if over else str(hours)


def _clock(end: time) -> str:
    return f"{end:%H:%M}" if end != _MIDNIGHT else "24:00"


def _name(day: int) -> str:
    return DAYS[day][:3].title()


def _days(first: int, last: int) -> str:
    return _name(first) if first == last else f"{_name(first)}-{_name(last)}"


def dates_in_words(schedule: Schedule) -> Iterator[str]:
    """Sentences on closed dates and exceptions, those of one kind together."""
    usual = {day: name for day, name in schedule.closed_dates.items() if day not in schedule.exceptions}
    if usual:
        names = dict.fromkeys(name.removesuffix(" (observed)") for _, name in sorted(usual.items()))
        yield f"Schedule {schedule.name!r} is closed all day on {', '.join(names)}."
    kinds: dict[Special, dict[str, list[date]]] = {}
    for day, special in schedule.exceptions.items():
        name = special.name.removesuffix(" (observed)")
        kinds.setdefault(replace(special, name=""), {}).setdefault(name, []).append(day)
    for kind, dates in kinds.items():
        named = ", ".join(_named(name, days) for name, days in dates.items())
        yield f"Schedule {schedule.name!r} {_what(kind)} on {named}."


def _what(special: Special) -> str:
    if special.hours is None:
        what = "keeps its usual hours"
    elif special.hours:
        what = f"is open {' and '.join(_hours(hours) for hours in special.hours)} only"
    else:
        what = "is closed all day"
    return f"{what}, with the greeting {special.greeting!r} when closed," if special.greeting else what


def _named(name: str, days: list[date]) -> str:
    """A name with its date; a holiday of every year goes by its name, and a date by itself."""
    if name[:4].isdigit() or len(days) > MOST_DATES:
        return name
    first, last = f"{days[0]:%a %d %b %Y}", f"{days[-1]:%a %d %b %Y}"
    return f"{name} ({first})" if len(days) == 1 else f"{name} ({first} to {last})"
