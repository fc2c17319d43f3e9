"""The flows as an SVG picture: three columns of places, and under them every flow in words, in the order of numbers."""

from __future__ import annotations

from collections import defaultdict
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pbx.inventory.facts import Flow, Inventory, Party, Side
from pbx.svg import INK, PALE, svg_attributes, svg_picture, svg_words

WIDTH, TOP, GAP, LINE = 1240, 124, 30, 20
_LEFT = {Side.OUTSIDE: 30, Side.MACHINE: 470, Side.PREMISES: 920}
_COLUMN, _LOWEST, _FLOW = 290, 52, 22
"""A box is so wide, at least so high, and has so much height for each flow at one side of it."""

_LETTER = 8
"""How wide a bold letter of a name is, at most; longer names are squeezed."""

_HEADS = {Side.OUTSIDE: "Outside", Side.MACHINE: "This machine", Side.PREMISES: "The practice's network"}
_SAFE, _OPEN, _LEAVES = "#1b7f5c", "#b4690e", "#c62828"
_LEGEND = (
    (_SAFE, False, "encrypted"),
    (_OPEN, True, "not encrypted, does not leave"),
    (_LEAVES, False, "leaves the building, encrypted"),
    (_LEAVES, True, "leaves the building, not encrypted"),
)

Point = tuple[float, float]
End = tuple[int, bool]
"""One end of a flow: its place in the inventory, and whether it is where the flow begins."""


def flows_svg(inventory: Inventory) -> str:
    """The whole picture as the text of an SVG file."""
    drawing = _Drawing(inventory)
    height = drawing.bottom + 40 + LINE * len(inventory.flows)
    svg = svg_picture(WIDTH, height)
    SubElement(svg, "title").text = f"What goes where at {inventory.practice}"
    SubElement(svg, "desc").text = "; ".join(_in_words(flow, inventory) for flow in inventory.flows)
    SubElement(svg, "rect", svg_attributes(width=WIDTH, height=height, fill="#ffffff"))
    svg_words(svg, 30, 34, f"What goes where at {inventory.practice}", size=20, weight="bold")
    svg_words(svg, 30, 56, f"Secondline {inventory.versions['secondline']}, {inventory.made_at}", size=13, fill=PALE)
    _legend(svg)
    drawing.boxes(svg)
    drawing.lines(svg)
    for row, flow in enumerate(inventory.flows):
        _told(svg, flow, inventory, row + 1, drawing.bottom + 24 + LINE * row)
    indent(svg)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(svg, encoding="unicode") + "\n"


class _Drawing:
    """Boxes and lines. Each flow has a place of its own at the side of a box, so that no two lines meet there."""

    def __init__(self, inventory: Inventory) -> None:
        self._flows = inventory.flows
        self._parties = {party.key: party for party in inventory.parties}
        self._rows = {party.key: row for row, party in enumerate(inventory.parties)}
        self._sides = self._ends_by_side()
        self._tops: dict[str, float] = {}
        bottoms = [self._place_column([p for p in inventory.parties if p.side is side]) for side in Side]
        self.bottom = int(max(bottoms))

    def boxes(self, svg: Element) -> None:
        """Draw every party, under the heads of the columns."""
        for side, x in _LEFT.items():
            svg_words(svg, x, TOP - 14, _HEADS[side], size=14, weight="bold")
        for key, party in self._parties.items():
            x, y = _LEFT[party.side], self._tops[key]
            group = SubElement(svg, "g", {"class": party.side.name.lower()})
            frame = svg_attributes(x=x, y=y, width=_COLUMN, height=self._height(key), rx=4, fill="#f5f7fa", stroke=INK)
            SubElement(group, "rect", frame)
            svg_words(group, x + 14, y + 22, party.name, size=14, weight="bold")
            if len(party.name) * _LETTER > _COLUMN - 28:
                group[-1].attrib |= {"textLength": str(_COLUMN - 28), "lengthAdjust": "spacingAndGlyphs"}
            svg_words(group, x + 14, y + 41, party.about, size=11, fill=PALE)

    def lines(self, svg: Element) -> None:
        """Draw every flow, with its number where it begins and a dot where it ends."""
        group = SubElement(svg, "g", {"class": "flows"})
        for number, flow in enumerate(self._flows):
            (x1, y1), (x2, y2) = self._point((number, True)), self._point((number, False))
            out1, out2 = self._outward(flow.source, flow.target), self._outward(flow.target, flow.source)
            reach = 36 + abs(y2 - y1) / 4 if self._in_one_column(flow) else 90
            d = f"M {x1:g} {y1:g} C {x1 + out1 * reach:g} {y1:g} {x2 + out2 * reach:g} {y2:g} {x2:g} {y2:g}"
            _stroke(group, d, _colour(flow), dashed=not flow.encrypted)
            SubElement(group, "circle", svg_attributes(cx=x2, cy=y2, r=4, fill=_colour(flow)))
            x = x1 + out1 * 16
            SubElement(group, "circle", svg_attributes(cx=x, cy=y1, r=9, fill="#ffffff", stroke=_colour(flow)))
            svg_words(group, x, y1 + 4, str(number + 1), size=11, anchor="middle", fill=_colour(flow))

    def _ends_by_side(self) -> dict[tuple[str, int], list[End]]:
        """The ends of flows at each side of each box (-1: left, 1: right), from the highest to the lowest partner."""
        found: dict[tuple[str, int], list[End]] = defaultdict(list)
        for number, flow in enumerate(self._flows):
            found[flow.source, self._outward(flow.source, flow.target)].append((number, True))
            found[flow.target, self._outward(flow.target, flow.source)].append((number, False))
        for ends in found.values():
            ends.sort(key=self._order)
        return found

    def _order(self, end: End) -> tuple[bool, int, int]:
        """To other columns above; in one column the nearest partner innermost, so that curves lie within each other."""
        flow = self._flows[end[0]]
        here, there = (flow.source, flow.target) if end[1] else (flow.target, flow.source)
        far = self._rows[there] - self._rows[here]
        if not self._in_one_column(flow):
            return False, self._rows[there], end[0]
        return far > 0, -far, -end[0] if far > 0 else end[0]

    def _place_column(self, parties: list[Party]) -> float:
        y = float(TOP)
        for party in parties:
            self._tops[party.key] = y
            y += self._height(party.key) + GAP
        return y

    def _height(self, key: str) -> float:
        most = max(len(self._sides.get((key, side), ())) for side in (-1, 1))
        return float(max(_LOWEST, _FLOW * most + 8))

    def _in_one_column(self, flow: Flow) -> bool:
        return self._parties[flow.source].side is self._parties[flow.target].side

    def _outward(self, here: str, there: str) -> int:
        """At which side of its box a flow is."""
        return 1 if _LEFT[self._parties[here].side] <= _LEFT[self._parties[there].side] else -1

    def _point(self, end: End) -> Point:
        flow = self._flows[end[0]]
        here, there = (flow.source, flow.target) if end[1] else (flow.target, flow.source)
        side = self._outward(here, there)
        ends = self._sides[here, side]
        step = self._height(here) / (len(ends) + 1)
        x = _LEFT[self._parties[here].side] + (_COLUMN if side > 0 else 0)
        return float(x), self._tops[here] + step * (ends.index(end) + 1)


def _colour(flow: Flow) -> str:
    return _LEAVES if flow.leaves else _SAFE if flow.encrypted else _OPEN


def _stroke(parent: Element, d: str, colour: str, *, dashed: bool) -> None:
    path = svg_attributes(d=d, fill="none", stroke=colour) | {"stroke-width": "2"}
    SubElement(parent, "path", path | ({"stroke-dasharray": "5 4"} if dashed else {}))


def _legend(svg: Element) -> None:
    x = 30
    for colour, dashed, text in _LEGEND:
        _stroke(svg, f"M {x} 76 h 28", colour, dashed=dashed)
        svg_words(svg, x + 36, 80, text, size=12, fill=PALE)
        x += 60 + 7 * len(text)


def _told(svg: Element, flow: Flow, inventory: Inventory, number: int, y: float) -> None:
    svg_words(svg, 50, y, f"{number}.", size=12, weight="bold", anchor="end")
    svg_words(svg, 56, y, _in_words(flow, inventory), size=12, fill=_LEAVES if flow.leaves else INK)


def _in_words(flow: Flow, inventory: Inventory) -> str:
    names = {party.key: party.name for party in inventory.parties}
    encrypted = "encrypted" if flow.encrypted else "not encrypted"
    leaves = "; leaves the building" if flow.leaves else ""
    return f"{names[flow.source]} to {names[flow.target]}: {flow.what} ({flow.how}; {encrypted}{leaves})"
