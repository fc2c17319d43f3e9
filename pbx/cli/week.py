"""`secondline week NUMBER`: the next seven days of a line as a picture, in the terminal or in an SVG file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.rules import parse_number
from pbx.config.load import load
from pbx.domain.numbers import for_people
from pbx.domain.policy import Number, Policy
from pbx.domain.week import Bar, Day, Span, Watch, Week, week_of
from pbx.kept import last_known
from pbx.output import console, print_json
from pbx.picture import week_svg
from pbx.week_words import Look, again_in_words, clock, clocks_in_words, day_in_words, look_of, watches_in_words

CELL_MINUTES = 30
MARGIN = 12

_GLYPHS = {
    Look.OPEN: "█",
    Look.CLOSED: "░",
    Look.CLOSED_DATE: "x",
    Look.OVERRIDE_OPEN: "O",
    Look.OVERRIDE_CLOSED: "c",
}
_ASCII = _GLYPHS | {Look.OPEN: "#", Look.CLOSED: "."}
_STYLES = {
    Look.OPEN: "green",
    Look.CLOSED: "bright_black",
    Look.CLOSED_DATE: "yellow",
    Look.OVERRIDE_OPEN: "bold green",
    Look.OVERRIDE_CLOSED: "bold blue",
}


def week(options: Namespace) -> int:
    """Draw the seven days from today, or from --from, on."""
    policy = load(Path(options.config)).policy
    number = _number(policy, options.number)
    now = datetime.now(UTC)
    zone = ZoneInfo(number.schedule.timezone if number.schedule else policy.timezone)
    first = _date(options.first) if options.first else now.astimezone(zone).date()
    found = week_of(policy, number, first, last_known(Layout(Path(options.data))))
    if options.svg:
        Path(options.svg).write_text(week_svg(found, policy.country, now), encoding="utf-8")
    if options.json:
        print_json(week_json(found))
    elif options.svg:
        print(f"{options.svg}: the week of {number.label}")
    else:
        out = console()
        for line in picture(found, policy.country, now, plain=not _can_draw(out.encoding)):
            out.print(line, soft_wrap=True)
    return 0


def _number(policy: Policy, text: str) -> Number:
    e164 = parse_number("NUMBER", text, policy.country)
    if e164 not in policy.numbers:
        known = ", ".join(for_people(known, policy.country) for known in policy.numbers)
        raise BadOption(f"{text!r} is not a number of this practice (there are: {known})")
    return policy.numbers[e164]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadOption(f"--from {text!r} is not a date (write it as 2026-12-24)") from error


def _can_draw(encoding: str) -> bool:
    try:
        "".join(_GLYPHS.values()).encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def picture(week: Week, country: str, now: datetime, *, plain: bool = False) -> Iterator[Text]:
    """The lines of the picture; half an hour a character. `plain` uses ASCII alone."""
    glyphs = _ASCII if plain else _GLYPHS
    yield Text(f"{week.number.label}, {for_people(week.number.e164, country)} (times in {week.timezone})", "bold")
    yield Text(" " * MARGIN + "".join(f"{hour:02}    " for hour in range(0, 24, 3)) + "24", "dim")
    for day in week.days:
        for again, line in enumerate(day.lines):
            words = _beside(week, day) if not again else again_in_words(line)
            yield (
                Text(f"{day.date:%a %d %b}  " if not again else " " * MARGIN)
                .append(_row(line, glyphs))
                .append(f"  {words}")
            )
            minute = next((m for bar in line if (m := bar.minute_of(now)) is not None), None)
            if minute is not None:
                yield Text(" " * (MARGIN + int(minute) // CELL_MINUTES) + "^ now", "red")
    legend = Text(" " * MARGIN)
    for look in Look:
        legend.append(glyphs[look] * 2, _STYLES[look]).append(f" {look.value}   ")
    yield legend


def _beside(week: Week, day: Day) -> str:
    words = (day_in_words(week, day), clocks_in_words(day), watches_in_words(day))
    return "; ".join(word for word in words if word)


def _row(line: tuple[Bar, ...], glyphs: dict[Look, str]) -> Text:
    row = Text()
    for start in range(0, 1440, CELL_MINUTES):
        look = _most_of(line, start, start + CELL_MINUTES)
        row.append(glyphs[look] if look else " ", _STYLES[look] if look else "")
    return row


def _most_of(line: tuple[Bar, ...], start: int, end: int) -> Look | None:
    """What fills most of a cell; None where the clock shows no such time on this line."""
    shares: dict[Look, float] = {}
    for bar in line:
        share = min(bar.end, end) - max(bar.start, start)
        if share > 0:
            shares[look_of(bar.span)] = shares.get(look_of(bar.span), 0) + share
    return max(shares, key=lambda look: shares[look]) if shares else None


def week_json(week: Week) -> dict[str, Any]:
    """`week --json`: each day's length in hours and its periods, with local times and their offset."""
    zone = ZoneInfo(week.timezone)
    return {
        "number": week.number.e164,
        "label": week.number.label,
        "timezone": week.timezone,
        "days": [
            {
                "date": day.date.isoformat(),
                "hours": day.hours,
                "periods": [_period(span, zone) for span in day.spans],
                "oncall": [_watch(watch) for watch in day.watches],
            }
            for day in week.days
        ],
    }


def _watch(watch: Watch) -> dict[str, Any]:
    return {
        "rota": watch.rota,
        "people": list(watch.people),
        "from": clock(watch.start),
        "to": clock(watch.end),
    }


def _period(span: Span, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "from": span.start.astimezone(zone).isoformat(),
        "to": span.end.astimezone(zone).isoformat(),
        "state": span.state,
        "reason": span.reason,
        "rule": span.rule,
    }
