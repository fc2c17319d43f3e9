"""Asterisk's files as Asterisk reads them: what holds now is what stands there, whatever made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"\[(?P<name>[^\]]+)\](?:\((?P<of>[^)]*)\))?")
_COMMENT = re.compile(r"(?<!\\);.*")


@dataclass(frozen=True, slots=True)
class Section:
    """One section with its values; those of the templates that it names are among them."""

    name: str
    values: Mapping[str, str]

    @property
    def type(self) -> str:
        return self.values.get("type", "")


def read_conf(path: Path) -> tuple[Section, ...]:
    """The sections of a file, without its templates; none where there is no such file."""
    try:
        return parse_conf(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()


def parse_conf(text: str) -> tuple[Section, ...]:
    """The sections in their order; a name may come more than once (pjsip.conf has one a type)."""
    templates: dict[str, dict[str, str]] = {}
    found: list[tuple[str, dict[str, str]]] = []
    values: dict[str, str] = {}
    for line in text.splitlines():
        line = _COMMENT.sub("", line).strip()
        if section := _SECTION.fullmatch(line):
            parents = [name.strip() for name in (section["of"] or "").split(",") if name.strip()]
            values = {}
            for parent in parents:
                values |= templates.get(parent, {})
            if "!" in parents:
                templates[section["name"]] = values
            else:
                found.append((section["name"], values))
        elif "=" in line:
            key, _, value = line.partition("=")
            values[key.strip()] = value.removeprefix(">").strip().replace("\\;", ";")
    return tuple(Section(name, values) for name, values in found)
