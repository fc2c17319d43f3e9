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

Places = dict[str, tuple[float, float]]


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
    lines = SubElement(svg, "g", {"class": "flows"})
    places = _boxes(svg, columns)
    for number, flow in enumerate(inventory.flows, 1):
        _arrow(lines, flow, places, number)
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
            places[party.key] = (x + _COLUMN / 2, y + BOX / 2)
    return places


def _arrow(parent: Element, flow: Flow, places: Places, number: int) -> None:
    (x1, y1), (x2, y2) = places[flow.source], places[flow.target]
    bend = 16.0 * (number % 5 - 2)  # flows between the same two lie beside each other
    colour = _LEAVES if flow.leaves else _SAFE if flow.encrypted else _OPEN
    path = f"M {x1:g} {y1:g} Q {(x1 + x2) / 2 + bend:g} {(y1 + y2) / 2 + bend:g} {x2:g} {y2:g}"
    line = svg_attributes(d=path, fill="none", stroke=colour) | {"stroke-width": "2"}
    if not flow.encrypted:
        line["stroke-dasharray"] = "5 4"
    SubElement(parent, "path", line)
    x, y = (x1 + x2) / 2 + bend / 2, (y1 + y2) / 2 + bend / 2
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
