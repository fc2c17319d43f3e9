"""Pieces of SVG pictures."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

FONTS = "Helvetica, Arial, sans-serif"
INK, PALE = "#1f2933", "#616e7c"


def svg_picture(width: int, height: int) -> Element:
    """An empty picture of so many pixels."""
    values = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}", "role": "img"}
    return Element("svg", values | {"width": str(width), "height": str(height), "font-family": FONTS})


def svg_attributes(**values: object) -> dict[str, str]:
    """Attributes as their texts."""
    return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in values.items()}


def svg_words(parent: Element, x: float, y: float, text: str, **look: object) -> None:
    """Words at a place; `look` may give `size`, `weight`, `fill` and `anchor`."""
    size, weight, fill = look.get("size", 12), look.get("weight", "normal"), look.get("fill", INK)
    values = svg_attributes(x=float(x), y=float(y), fill=fill) | {"font-size": str(size), "font-weight": str(weight)}
    SubElement(parent, "text", values | {"text-anchor": str(look.get("anchor", "start"))}).text = text
