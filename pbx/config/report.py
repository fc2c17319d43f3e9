"""Collects what is wrong while the file is checked, so that everything is told at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pbx.config.document import Document
from pbx.config.problems import KeyPath, Problem, key_text


@dataclass(slots=True)
class Report:
    """`incomplete` holds tables from which something wrong was left out: what is missing there is no further news."""

    document: Document
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    incomplete: set[KeyPath] = field(default_factory=set)

    def problem(self, path: KeyPath, what: str, remedy: str) -> None:
        """Something for which the file is refused."""
        self.problems.append(self._at(path, what, remedy))

    def warning(self, path: KeyPath, what: str, remedy: str, name: str = "") -> None:
        """Something worth a look, with which the file is taken all the same; `name` is one of `advice.WARNINGS`."""
        self.warnings.append(replace(self._at(path, what, remedy), name=name))

    def _at(self, path: KeyPath, what: str, remedy: str) -> Problem:
        place = self.document.place(path)
        return Problem(str(place.file), place.line, key_text(path) or "file", what, remedy)

    def declared(self, table: str) -> tuple[str, ...]:
        """The names that the file gives in a table, whether their content is right or not."""
        content = self.document.data.get(table)
        return tuple(content) if isinstance(content, dict) else ()

    def has(self, table: str, name: str) -> bool:
        """Whether the file gives a table that name."""
        content = self.document.data.get(table)
        return isinstance(content, dict) and name in content
