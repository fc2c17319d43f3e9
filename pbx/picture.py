"""A week of a line as an SVG picture: a row a day, told by shape and words as well as by colour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pbx.domain.numbers import for_people
from pbx.domain.week import Bar, Day, Week
from pbx.svg import PALE, svg_attributes, svg_words
from pbx.week_words import (
    OVERRIDES,
    Look,
    again_in_words,
    clocks_in_words,
    day_in_words,
    hours_in_words,
    hours_of,
    joined,
    look_of,
    overrides_in_words,
    watches_in_words,
)

WIDTH, LEFT, TOP, ROW, BAR = 1100, 120, 88, 46, 26
WATCH = 22
HOUR = 27
"""Pixels of one hour on the wall clock; `WATCH` those of the line of who is on call."""

_DAY = 24 * HOUR
_FILL = {
    Look.OPEN: "#1b7f5c",
    Look.CLOSED: "#e4e7eb",
    Look.CLOSED_DATE: "#f3c98b",
    Look.OVERRIDE_OPEN: "#1b7f5c",
    Look.OVERRIDE_CLOSED: "#c5d3ee",
}
_NOW = "#c62828"
_HATCH = {Look.CLOSED_DATE: "#b4690e", Look.OVERRIDE_CLOSED: "#2f4f9e"}
_OVERRIDE = "#2f4f9e"
_WATCHES = ("#7b5ea7", "#b9a3d8")
_HATCH_STEP = 8


def week_svg(week: Week, country: str, now: datetime | None = None) -> str:
    """The whole picture as the text of an SVG file; `now` (aware) is marked where it lies in the week."""
    lines = sum(len(day.lines) for day in week.days)
    row = ROW + WATCH * len({watch.rota for day in week.days for watch in day.watches})
    height = TOP + lines * row + 56
    name = f"{week.number.label}, {for_people(week.number.e164, country)}"
    svg = Element(
        "svg", svg_attributes(xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", role="img")
    )
    svg.attrib |= {"width": str(WIDTH), "height": str(height), "font-family": "Helvetica, Arial, sans-serif"}
    SubElement(svg, "title").text = f"The week of {name}"
    SubElement(svg, "desc").text = "; ".join(_description(week, day) for day in week.days)
    SubElement(svg, "rect", svg_attributes(width=WIDTH, height=height, fill="#ffffff"))
    svg_words(svg, 20, 34, name, size=20, weight="bold")
    first, last = week.days[0].date, week.days[-1].date
    svg_words(svg, 20, 56, f"{first:%a %d %b %Y} to {last:%a %d %b %Y}, {week.timezone}", size=13, fill=PALE)
    _hours(svg, TOP + lines * row)
    y = TOP
    for day in week.days:
        _day(svg, week, day, y, row)
        y += len(day.lines) * row
    if now is not None:
        _mark(svg, week, now, row)
    _legend(svg, height - 28)
    indent(svg)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(svg, encoding="unicode") + "\n"


def _hours(svg: Element, bottom: int) -> None:
    for hour in range(0, 25, 2):
        x = LEFT + hour * HOUR
        SubElement(svg, "line", svg_attributes(x1=x, x2=x, y1=TOP - 4, y2=bottom - 6, stroke="#cbd2d9"))
        svg_words(svg, x, TOP - 8, f"{hour:02}", size=11, anchor="middle", fill=PALE)


def _description(week: Week, day: Day) -> str:
    return ", ".join(filter(None, (f"{day.date:%a %d %b}: {day_in_words(week, day)}", watches_in_words(day))))


def _day(svg: Element, week: Week, day: Day, y: int, row: int) -> None:
    svg_words(svg, 20, y + 17, f"{day.date:%a %d %b}", size=14, weight="bold")
    for again, line in enumerate(day.lines):
        if again:
            svg_words(svg, LEFT + _DAY + 14, y + again * row + 17, again_in_words(line))
        for bar in joined(line):
            _bar(svg, bar, y + again * row)
    svg_words(svg, LEFT + _DAY + 14, y + 17, hours_in_words(week, day))
    if more := "; ".join(filter(None, (overrides_in_words(day), clocks_in_words(day)))):
        svg_words(svg, LEFT + _DAY + 14, y + 33, more, size=11, fill=PALE)
    _watches(svg, day, y + BAR + 4)


def _watches(svg: Element, day: Day, top: int) -> None:
    """Who is on call, under the first line of a day: a row a rota, with a stroke for each turn."""
    rotas = list(dict.fromkeys(watch.rota for watch in day.watches))
    for place, watch in enumerate(day.watches):
        x, y = LEFT + watch.start * HOUR / 60, top + rotas.index(watch.rota) * WATCH
        width = max((watch.end - watch.start) * HOUR / 60 - 1, 1.0)
        group = SubElement(svg, "g", {"class": "on-call"})
        words = f"on call in {watch.rota}: {watch.who}"
        SubElement(group, "title").text = words
        SubElement(group, "rect", svg_attributes(x=x, y=y, width=width, height=4, fill=_WATCHES[place % 2]))
        if width >= 60:
            svg_words(group, x + 2, y + 15, words if width >= 250 else watch.who, size=11, fill=PALE)


def _bar(svg: Element, bar: Bar, y: int) -> None:
    x, width, look = LEFT + bar.start * HOUR / 60, (bar.end - bar.start) * HOUR / 60, look_of(bar.span)
    group = SubElement(svg, "g", {"class": look.name.lower().replace("_", "-")})
    SubElement(group, "title").text = f"{hours_of(bar)}: {bar.span.why}"
    SubElement(group, "rect", svg_attributes(x=x, y=y, width=width, height=BAR, rx=2, fill=_FILL[look]))
    if look in _HATCH:
        for x1, y1, x2, y2 in _hatches(x, width, y):
            SubElement(group, "line", svg_attributes(x1=x1, y1=y1, x2=x2, y2=y2, stroke=_HATCH[look]))
    if look in OVERRIDES:
        frame = svg_attributes(x=x + 1.5, y=y + 1.5, width=max(width - 3, 1.0), height=BAR - 3, fill="none")
        SubElement(group, "rect", frame | {"stroke": _OVERRIDE, "stroke-width": "3"})
    if look in (Look.OPEN, Look.OVERRIDE_OPEN) and width >= 80:
        svg_words(group, x + width / 2, y + 18, hours_of(bar), anchor="middle", fill="#ffffff")


def _hatches(x: float, width: float, y: float) -> Iterator[tuple[float, float, float, float]]:
    """Slanting lines inside a box, so that it is told without colour."""
    offset = _HATCH_STEP
    while offset < width + BAR:
        low, high = max(offset - width, 0.0), min(offset, BAR)
        yield x + offset - low, y + low, x + offset - high, y + high
        offset += _HATCH_STEP


def _mark(svg: Element, week: Week, now: datetime, row: int) -> None:
    lines = [line for day in week.days for line in day.lines]
    for place, bar in ((place, bar) for place, line in enumerate(lines) for bar in line):
        if (minute := bar.minute_of(now)) is not None:
            x, y = LEFT + minute * HOUR / 60, TOP + place * row
            mark = svg_attributes(x1=x, x2=x, y1=y - 4, y2=y + BAR + 4, stroke=_NOW)
            SubElement(svg, "line", mark | {"stroke-width": "2"})
            svg_words(svg, x, y + row - 5, "now", size=11, anchor="middle", fill=_NOW)


def _legend(svg: Element, y: int) -> None:
    for place, look in enumerate(Look):
        x = LEFT + place * 130
        SubElement(svg, "rect", svg_attributes(x=x, y=y - 11, width=22, height=14, rx=2, fill=_FILL[look]))
        if look in _HATCH:
            for offset in (6, 12, 18):
                hatch = svg_attributes(x1=x + offset, y1=y - 11, x2=x + offset - 6, y2=y + 3, stroke=_HATCH[look])
                SubElement(svg, "line", hatch)
        if look in OVERRIDES:
            frame = svg_attributes(x=x + 1, y=y - 10, width=20, height=12, fill="none", stroke=_OVERRIDE)
            SubElement(svg, "rect", frame | {"stroke-width": "2"})
        svg_words(svg, x + 30, y, look.value)
