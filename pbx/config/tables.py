"""Find one's way in the schema: which table stands at a path, and what is known of a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from pbx.config.problems import KeyPath
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.section import Section
from pbx.config.values import About


def about(section: type[Section], key: str) -> About:
    """What is known of a key."""
    return next(item for item in section.model_fields[key].metadata if isinstance(item, About))


def written(key: str, field: FieldInfo) -> str:
    """A key as it stands in the file: `from` is a word of Python's own, so its field has another name."""
    return field.alias or key


def section_in(annotation: Any) -> type[Section] | None:
    """The table that a type holds: itself, or inside a list, a dict or an optional."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Section) else None
    return next((found for part in get_args(annotation) if (found := section_in(part))), None)


def section_at(path: KeyPath) -> type[Section]:
    """The kind of table at a path; of a path that leads no further, the last one on the way."""
    section: type[Section] = PracticeFile
    for step in path:
        field = section.model_fields.get(step) if isinstance(step, str) else None
        if field and (inner := section_in(field.annotation)):
            section = inner
    return section


def is_keyed(section: type[Section], key: str) -> bool:
    """Whether a key holds named tables, such as [people.rictor]."""
    return get_origin(section.model_fields[key].annotation) is dict and bool(
        section_in(section.model_fields[key].annotation)
    )


def is_listed(section: type[Section], key: str) -> bool:
    """Whether a key holds any number of tables, such as [[expect]]."""
    annotation = section.model_fields[key].annotation
    return get_origin(annotation) is list and section_in(annotation) is not None


def sections() -> Iterator[tuple[str, type[Section]]]:
    """The tables of the file with their kinds."""
    for key, field in PracticeFile.model_fields.items():
        if section := section_in(field.annotation):
            yield key, section
