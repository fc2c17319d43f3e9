"""A week in words, for whoever draws it: what each day says beside its bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from pbx.domain.routing import Reason, State
from pbx.domain.week import Bar, Day, Span, Week


class Look(StrEnum):
    """How a stretch is drawn; the value is what the legend says."""

    OPEN = "open"
    CLOSED = "closed"
    CLOSED_DATE = "closed date"
    OVERRIDE_OPEN = "override: open"
    OVERRIDE_CLOSED = "override: closed"


OVERRIDES = (Look.OVERRIDE_OPEN, Look.OVERRIDE_CLOSED)


def look_of(span: Span) -> Look:
    if span.reason is Reason.OVERRIDE:
        return Look.OVERRIDE_OPEN if span.state is State.OPEN else Look.OVERRIDE_CLOSED
    if span.state is State.OPEN:
        return Look.OPEN
    return Look.CLOSED_DATE if span.reason is Reason.CLOSED_DATE else Look.CLOSED


def joined(line: Sequence[Bar]) -> list[Bar]:
    """The bars of a line, those that touch and look the same as one."""
    bars: list[Bar] = []
    for bar in line:
        if bars and bars[-1].end == bar.start and look_of(bars[-1].span) is look_of(bar.span):
            bars[-1] = replace(bars[-1], end=bar.end)
        else:
            bars.append(bar)
    return bars


def day_in_words(week: Week, day: Day) -> str:
    """What is said of a day: its hours, and what an override makes of them."""
    return "; ".join(filter(None, (hours_in_words(week, day), overrides_in_words(day))))


def overrides_in_words(day: Day) -> str:
    """`override: open 00:00-14:00, closed 14:00-24:00`; nothing where none holds."""
    bars = [
        bar for bar in joined(day.lines[0]) if look_of(bar.span) in OVERRIDES and clock(bar.start) != clock(bar.end)
    ]
    said = ", ".join(f"{bar.span.state.value} {hours_of(bar)}" for bar in bars)
    return f"override: {said}" if said else ""


def hours_in_words(week: Week, day: Day) -> str:
    """`09:00-12:00, 13:00-15:00`, or why it is closed all day; nothing where an override takes the whole day."""
    if all(look_of(bar.span) in OVERRIDES for bar in day.lines[0]):
        return ""
    if hours := line_in_words(day.lines[0]):
        return hours
    dates = week.number.schedule.closed_dates if week.number.schedule else {}
    return f"closed: {dates[day.date]}" if day.date in dates else "closed"


def again_in_words(line: Sequence[Bar]) -> str:
    """What is said beside the second line of a day."""
    return f"once more: {line_in_words(line) or 'closed'}"


def line_in_words(line: Sequence[Bar]) -> str:
    """The open hours of a line; nothing where it is closed."""
    return ", ".join(hours_of(bar) for bar in joined(line) if look_of(bar.span) is Look.OPEN)


def watches_in_words(day: Day) -> str:
    """`on call in doctors: Dr. Rictor, from 08:00 Dr. Okafor`; nothing where the number rings no rota."""
    rotas: dict[str, list[str]] = {}
    for watch in day.watches:
        said = rotas.setdefault(watch.rota, [])
        said.append(f"from {clock(watch.start)} {watch.who}" if said else watch.who)
    return "; ".join(f"on call in {rota}: {', '.join(said)}" for rota, said in rotas.items())


def clocks_in_words(day: Day) -> str:
    """What the change of the clocks makes of a day; nothing on any other day."""
    if day.hours == 24:
        return ""
    return f"{day.hours:g} hours: the clocks go {'forward' if day.hours < 24 else 'back'}"


def hours_of(bar: Bar) -> str:
    return f"{clock(bar.start)}-{clock(bar.end)}"


def clock(minutes: float) -> str:
    """Minutes after midnight as people write them; the end of a day is 24:00."""
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}"
