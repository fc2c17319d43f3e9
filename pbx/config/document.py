"""Read the practice's file and what it includes: the values, and on which line of which file each of them stands.

The standard library's parser decides what the values are; tree-sitter, which goes on after an error, tells the lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from pbx.config.problems import ConfigProblems, KeyPath, Place, Problem, key_text

MAX_SYNTAX_ERRORS = 4
"""After the first few, errors in the syntax are mostly the echo of earlier ones."""

_LOCATION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_LANGUAGE = Language(tree_sitter_toml.language())


@dataclass(slots=True)
class Document:
    """All files as one: merged `data`, the `places` of its keys, and the `texts` in the order of reading.

    `files` are those that were read and those that they name.
    """

    main: Path
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    files: dict[Path, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: KeyPath) -> Place:
        """Where a key stands, or, if it is not in the file, the table in which it belongs."""
        for length in range(len(path), 0, -1):
            if place := self.places.get(path[:length]):
                return place
        return Place(self.main, 1)

    def beside(self, path: KeyPath, name: str) -> Path:
        """A file that is named at `path`: relative names start at the folder of the file that names it."""
        file = (self.place(path).file.parent / Path(name).expanduser()).absolute()
        self.files[file] = None
        return file


def read_document(main: Path) -> Document:
    """Read `main` and its includes. Raises ConfigProblems if a file cannot be read or is not TOML."""
    document = Document(main)
    _Reader(document).read(main, Place(main, 1), "file", ())
    if document.problems:
        raise ConfigProblems(document.problems)
    return document


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[Path] = set()

    def read(self, file: Path, named_at: Place, key: str, parents: tuple[Path, ...]) -> None:
        """Read one file and then what it includes, depth first."""
        text = self._text(file, named_at, key, parents)
        if text is None:
            return
        self.document.texts.append(text)
        self.document.files[file.absolute()] = None
        data, places = self._parse(file, text)
        includes = _includes(data)
        if file != self.document.main:
            data.pop("include", None)
        self._merge(self.document.data, data, (), places)
        # A table of several files stands where it stood first.
        self.document.places = places | self.document.places if self.document.places else places
        for position, name in enumerate(includes):
            place = places.get(("include", position)) or places[("include",)]
            self.read(file.parent / name, place, key_text(("include", position)), (*parents, file.resolve()))

    def _text(self, file: Path, named_at: Place, key: str, parents: tuple[Path, ...]) -> str | None:
        resolved = file.resolve()
        if resolved in self.seen:
            twice = "includes itself in a circle" if resolved in parents else "is included twice"
            self._wrong(named_at, key, f"{file} {twice}", "take this include out")
            return None
        self.seen.add(resolved)
        try:
            return file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            self._wrong(named_at, key, *_why_unreadable(file, error))
            return None

    def _wrong(self, place: Place, key: str, what: str, remedy: str) -> None:
        self.document.problems.append(Problem(str(place.file), place.line, key, what, remedy))

    def _parse(self, file: Path, text: str) -> tuple[dict[str, Any], dict[KeyPath, Place]]:
        root = Parser(_LANGUAGE).parse(text.encode()).root_node
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            for line, what, remedy in _syntax_errors(str(error), text, root):
                self._wrong(Place(file, line), "syntax", what, remedy)
            return {}, {}
        lines = _lines(root)
        at = {line: Place(file, line) for line in set(lines.values())}
        return data, {path: at[line] for path, line in lines.items()}

    def _merge(self, target: dict[str, Any], more: dict[str, Any], path: KeyPath, places: dict[KeyPath, Place]) -> None:
        for key, value in more.items():
            here = (*path, key)
            if isinstance(value, dict) and isinstance(target.get(key), dict):
                self._merge(target[key], value, here, places)
            elif key in target:
                what = f"is already set at {self.document.place(here)}"
                self._wrong(places[here], key_text(here), what, "keep one of the two")
            else:
                target[key] = value


def _why_unreadable(file: Path, error: OSError | UnicodeDecodeError) -> tuple[str, str]:
    if isinstance(error, UnicodeDecodeError):
        return f"{file} is not text in UTF-8", "save it as UTF-8"
    if isinstance(error, FileNotFoundError):
        remedy = "check the name and the folder; `secondline describe` prints a file to start from"
        return f"{file} does not exist", remedy
    return f"{file} cannot be read: {error.strerror}", "check its name and its permissions"


def _includes(data: dict[str, Any]) -> list[str]:
    names = data.get("include", [])
    names = [names] if isinstance(names, str) else names
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _syntax_errors(first: str, text: str, root: Node) -> Iterator[tuple[int, str, str]]:
    """Line, what is wrong and what to do: the parser's own complaint, then the broken places further down."""
    found = _LOCATION.search(first)
    line = int(found[1]) if found and found[1] else max(len(text.splitlines()), 1)
    yield line, *_in_words(first[: found.start()] if found else first)
    later = sorted({node.start_point.row + 1 for node in _broken(root)} - set(range(line + 1)))
    for number in later[: MAX_SYNTAX_ERRORS - 1]:
        yield number, "this line cannot be read", "look for a missing quote, bracket, comma or ="


def _in_words(complaint: str) -> tuple[str, str]:
    if complaint.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")):
        return "this key or table is given twice", "keep one of the two"
    return (
        f"this is not TOML: {complaint[0].lower()}{complaint[1:]}",
        'look for a missing quote, bracket, comma or = here or just before; texts need "quotes"',
    )


def _broken(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children if node.has_error else ():
        yield from _broken(child)


def _lines(root: Node) -> dict[KeyPath, int]:
    """Every key, table and list element of a valid file, with the line on which it stands first."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    _pairs(root, (), lines)
    for table in root.named_children:
        if table.type not in ("table", "table_array_element"):
            continue
        path, line = _keys(table.named_children[0]), table.start_point.row + 1
        _prefixes((), path, line, lines)
        if table.type == "table_array_element":
            counts[path] = counts.get(path, -1) + 1
            path = (*path, counts[path])
            lines.setdefault(path, line)
        _pairs(table, path, lines)
    return lines


def _pairs(node: Node, prefix: KeyPath, lines: dict[KeyPath, int]) -> None:
    for pair in node.named_children:
        if pair.type == "pair":
            key, value = [child for child in pair.named_children if child.type != "comment"]
            path = _keys(key)
            _prefixes(prefix, path, pair.start_point.row + 1, lines)
            _inside(value, (*prefix, *path), lines)


def _inside(value: Node, path: KeyPath, lines: dict[KeyPath, int]) -> None:
    kind = value.type
    if kind == "inline_table":
        _pairs(value, path, lines)
    elif kind == "array":
        elements = [child for child in value.named_children if child.type != "comment"]
        for position, element in enumerate(elements):
            here = (*path, position)
            lines.setdefault(here, element.start_point.row + 1)
            _inside(element, here, lines)


def _prefixes(prefix: KeyPath, path: KeyPath, line: int, lines: dict[KeyPath, int]) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault((*prefix, *path[:length]), line)


def _keys(node: Node) -> KeyPath:
    if node.type == "dotted_key":
        return tuple(step for child in node.named_children for step in _keys(child))
    text = (node.text or b"").decode()
    if node.type == "bare_key":
        return (text,)
    # Without a backslash a quoted key says what it looks like, and a file of many numbers has many of them.
    return (text[1:-1],) if "\\" not in text else tuple(tomllib.loads(f"{text} = 0"))
