"""What a figure is, how it is compared, and how all of them look on paper. Pure."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

Value = float | str

_HEADINGS = ("figure", "value", "unit", "against", "ratio", "goal", "met")
_STEP = 1.5
_HALVINGS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `against` is the peer's in the same run, `ratio` is value to peer; `met` is null without a goal."""

    name: str
    value: Value
    unit: str
    against: float | None = None
    ratio: float | None = None
    goal: float | None = None
    met: bool | None = None

    def beside(self, peer: float) -> Self:
        """The figure with a peer of the same unit, and their ratio."""
        return replace(self, against=peer, ratio=_number(self.value) / peer if peer else None)

    def at_most(self, goal: float) -> Self:
        """The figure with a goal that it must not exceed."""
        return replace(self, goal=goal, met=_number(self.value) <= goal)

    def at_least(self, goal: float) -> Self:
        """The figure with a goal that it must reach."""
        return replace(self, goal=goal, met=_number(self.value) >= goal)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that `percent` of all `values` do not exceed.

    Raises ValueError when there are none.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]


def as_json(figures: Sequence[Figure]) -> list[dict[str, Value | bool | None]]:
    """The figures as they go into the JSON document, numbers to three places."""
    return [{key: _rounded(value) for key, value in asdict(figure).items()} for figure in figures]


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned lines, one each, under a heading."""
    rows = [_HEADINGS, *(tuple(_cell(value) for value in asdict(figure).values()) for figure in figures)]
    # A text, such as the machine's description, is longer than any figure: it does not widen its column.
    numbers = [row for row, figure in zip(rows[1:], figures, strict=True) if not isinstance(figure.value, str)]
    widths = [max(len(row[column]) for row in (_HEADINGS, *numbers)) for column in range(len(_HEADINGS))]
    widths[0] = max(len(row[0]) for row in rows)
    return "\n".join(_line(row, widths) for row in rows)


async def highest(holds: Callable[[int], Awaitable[bool]], first: int, last: int) -> int:
    """The highest load from `first` to `last` that `holds`, 0 if not even the first does.

    It is stepped up by half until it no longer holds, then narrowed down to a sixteenth of it.
    """
    good, bad = 0, first
    while await holds(bad):
        if bad == last:
            return last
        good, bad = bad, min(round(bad * _STEP), last)
    for _ in range(_HALVINGS if good else 0):
        middle = (good + bad) // 2
        if await holds(middle):
            good = middle
        else:
            bad = middle
    return good


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) if column in (0, 2) else cell.rjust(width)
             for column, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
    return "  ".join(cells).rstrip()


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "NO"
        case float() | int():
            return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
        case _:
            return str(value)


def _rounded(value: Value | bool | None) -> Value | bool | None:
    return round(value, 3) if isinstance(value, float) else value


def _number(value: Value) -> float:
    if isinstance(value, str):
        raise TypeError("a text has no ratio and no goal")
    return value
