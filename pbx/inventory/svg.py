"""The flows as an SVG picture: three columns of places, and under them every flow in words, in the order of numbers."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pbx.inventory.facts import Flow, Inventory, Party, Side
from pbx.svg import INK, PALE, svg_attributes, svg_words

WIDTH, TOP, BOX, GAP, LINE = 1100, 96, 52, 34, 20
_LEFT = {Side.OUTSIDE: 30, Side.MACHINE: 430, Side.PREMISES: 830}
_COLUMN = 240
_HEADS = {Side.OUTSIDE: "Outside", Side.MACHINE: "This machine", Side.PREMISES: "The practice's network"}
_SAFE, _OPEN, _LEAVES = "#1b7f5c", "#b4690e", "#c62828"

Point = tuple[float, float]
Places = dict[str, Point]


def flows_svg(inventory: Inventory) -> str:
    """The whole picture as the text of an SVG file."""
    columns = {side: [party for party in inventory.parties if party.side is side] for side in Side}
    bottom = TOP + max(len(parties) for parties in columns.values()) * (BOX + GAP)
    height = bottom + 40 + LINE * len(inventory.flows)
    svg = Element(
        "svg", svg_attributes(xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", role="img")
    )
    svg.attrib |= {"width": str(WIDTH), "height": str(height), "font-family": "Helvetica, Arial, sans-serif"}
    SubElement(svg, "title").text = f"What goes where at {inventory.practice}"
    SubElement(svg, "desc").text = "; ".join(_in_words(flow, inventory) for flow in inventory.flows)
    SubElement(svg, "rect", svg_attributes(width=WIDTH, height=height, fill="#ffffff"))
    svg_words(svg, 30, 34, f"What goes where at {inventory.practice}", size=20, weight="bold")
    svg_words(svg, 30, 56, f"Secondline {inventory.versions['secondline']}, {inventory.made_at}", size=13, fill=PALE)
    places = _boxes(svg, columns)
    lines = SubElement(svg, "g", {"class": "flows"})
    for number, flow in enumerate(inventory.flows, 1):
        beside = sum({flow.source, flow.target} == {one.source, one.target} for one in inventory.flows[: number - 1])
        _line(lines, flow, _curve(places[flow.source], places[flow.target], beside), number)
        _told(svg, flow, inventory, number, bottom + 24 + LINE * (number - 1))
    indent(svg)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(svg, encoding="unicode") + "\n"


def _boxes(svg: Element, columns: dict[Side, list[Party]]) -> Places:
    places: Places = {}
    for side, parties in columns.items():
        x = _LEFT[side]
        svg_words(svg, x, TOP - 14, _HEADS[side], size=14, weight="bold")
        for row, party in enumerate(parties):
            y = TOP + row * (BOX + GAP)
            group = SubElement(svg, "g", {"class": side.name.lower()})
            frame = svg_attributes(x=x, y=y, width=_COLUMN, height=BOX, rx=4, fill="#f5f7fa", stroke=INK)
            SubElement(group, "rect", frame)
            svg_words(group, x + 12, y + 22, party.name, size=14, weight="bold")
            svg_words(group, x + 12, y + 41, party.about, size=11, fill=PALE)
            places[party.key] = (float(x), float(y))
    return places


def _curve(source: Point, target: Point, beside: int) -> tuple[Point, Point, Point]:
    """Start, control point and end of a quadratic curve between two boxes (their upper left corners); `beside` counts
    the curves that are there already between the same two.
    """
    (x1, y1), (x2, y2) = ((x, y + BOX / 2) for x, y in (source, target))
    bend = 26.0 * beside
    if x1 == x2:  # in one column: around what is in between
        x1 = x2 = x1 + _COLUMN
        out = x1 + 40 + abs(y2 - y1) / 5 + bend
        return (x1, y1 + 8), (out, (y1 + y2) / 2), (x2, y2 - 8)
    x1, x2 = (x1 + _COLUMN, x2) if x1 < x2 else (x1, x2 + _COLUMN)
    return (x1, y1), ((x1 + x2) / 2, (y1 + y2) / 2 + 2 * bend), (x2, y2)


def _line(parent: Element, flow: Flow, curve: tuple[Point, Point, Point], number: int) -> None:
    (x1, y1), (x2, y2), (x3, y3) = curve
    colour = _LEAVES if flow.leaves else _SAFE if flow.encrypted else _OPEN
    path = svg_attributes(d=f"M {x1:g} {y1:g} Q {x2:g} {y2:g} {x3:g} {y3:g}", fill="none", stroke=colour)
    path |= {"stroke-width": "2"} | ({} if flow.encrypted else {"stroke-dasharray": "5 4"})
    SubElement(parent, "path", path)
    SubElement(parent, "circle", svg_attributes(cx=x3, cy=y3, r=4, fill=colour))
    x, y = (x1 + 2 * x2 + x3) / 4, (y1 + 2 * y2 + y3) / 4
    SubElement(parent, "circle", svg_attributes(cx=x, cy=y, r=9, fill="#ffffff", stroke=colour))
    svg_words(parent, x, y + 4, str(number), size=11, anchor="middle", fill=colour)


def _told(svg: Element, flow: Flow, inventory: Inventory, number: int, y: float) -> None:
    svg_words(svg, 30, y, f"{number}.", size=12, weight="bold")
    svg_words(svg, 54, y, _in_words(flow, inventory), size=12, fill=_LEAVES if flow.leaves else INK)


def _in_words(flow: Flow, inventory: Inventory) -> str:
    names = {party.key: party.name for party in inventory.parties}
    encrypted = "encrypted" if flow.encrypted else "not encrypted"
    leaves = "; leaves the building" if flow.leaves else ""
    return f"{names[flow.source]} to {names[flow.target]}: {flow.what} ({flow.how}; {encrypted}{leaves})"
