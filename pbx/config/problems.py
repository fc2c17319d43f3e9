"""What is wrong with the practice's file, in sentences that say where it is and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pbx.domain.nearest import did_you_mean

__all__ = ["ConfigProblems", "KeyPath", "Place", "Problem", "did_you_mean", "key_text"]

KeyPath = tuple[str | int, ...]
"""Where a value stands in the file: table names and keys, and positions in lists counted from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A line (counted from 1) of one of the files that were read."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or (as a warning, which has a `name`) worth a look. Never holds a possible secret."""

    file: str
    line: int
    key: str
    what: str
    remedy: str
    name: str = ""

    def __str__(self) -> str:
        name = f" [{self.name}]" if self.name else ""
        return f"{self.file}:{self.line}: {self.key}: {self.what} ({self.remedy}){name}"


class ConfigProblems(Exception):
    """The file cannot be used; `problems` holds everything that was found, in the order of the lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def key_text(path: KeyPath) -> str:
    """Write a path as it is written in TOML; places in a list are counted from 1, as people count."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            name = step if _BARE_KEY.fullmatch(step) else f'"{step}"'
            text += f".{name}" if text else name
    return text
