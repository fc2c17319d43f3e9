"""Print the schema of the practice's file as a file that works: every key with what it is for."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from pbx.config.schema.actions import ActionSection, OptionSection
from pbx.config.schema.callers import CallersSection
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.notify import GroupSection
from pbx.config.schema.outbound import CallerOutSection
from pbx.config.schema.ringing import ReachSection
from pbx.config.schema.schedules import ExceptionSection
from pbx.config.schema.section import Section
from pbx.config.schema.texts import LineTextsSection
from pbx.config.tables import about, is_keyed, is_listed, section_in, written

_HEAD = """\
# The practice's file of Secondline. Keys that begin with # may be left out; what they show is their default, where
# they have one, or an example. `secondline check` says what is wrong with a file, and what a right one does.
"""


_LEFT_OUT = (
    "menus",
    "outside",
    "contacts",
    "notify",
    "notices",
    "webhooks",
    "outbound",
    "emergency",
    "phone_exceptions",
    "texts",
)
"""Tables that the printed file, which is a small practice's, has in comments only."""

_LISTS: dict[str, tuple[type[Section], str]] = {
    "texts": (LineTextsSection, "The texts of a number have these keys."),
    "numbers": (
        ActionSection,
        "The long form is a list of tables with these keys; it ends in a voicemail or a menu.",
    ),
    "people": (ReachSection, "A reach-me rule has these keys."),
    "notices": (GroupSection, "A group of an escalation has these keys."),
    "outbound": (CallerOutSection, "In person, each has these keys."),
    "schedules": (ExceptionSection, "An exception has these keys."),
    "menus": (OptionSection, "An option is a list as in numbers, or a table with these keys."),
}
"""What stands in the lists of a table."""


def describe() -> str:
    """The annotated schema, as TOML that loads."""
    return "\n".join([_HEAD, *_root()])


def _root() -> Iterator[str]:
    for key, field in PracticeFile.model_fields.items():
        section = section_in(field.annotation)
        if section is None:
            yield from _key(PracticeFile, key, field)
            yield ""
            continue
        yield from (f"# {line.strip()}" for line in (section.__doc__ or "").splitlines() if line.strip())
        table = [
            _header(key),
            *(line for name, inner in section.model_fields.items() for line in _key(section, name, inner)),
        ]
        yield from (_left_out(line) for line in table) if key in _LEFT_OUT else table
        if key in _LISTS:
            yield from _keys_of_lists(*_LISTS[key])
        if key == "callers":
            yield from _caller_rules()
        yield ""


def _caller_rules() -> Iterator[str]:
    for name, field in CallersSection.model_fields.items():
        if rule := section_in(field.annotation):
            yield from _keys_of_lists(rule, f"The rule {name} has these keys.")


def _left_out(line: str) -> str:
    return line if line.startswith("#") else f"#{line}"


def _header(key: str) -> str:
    if is_listed(PracticeFile, key):
        return f"[[{key}]]"
    if not is_keyed(PracticeFile, key):
        return f"[{key}]"
    example = about(PracticeFile, key).example
    return f"[{key}.{example}]" if example.replace("-", "").isalnum() else f'[{key}."{example}"]'


def _key(section: type[Section], key: str, field: FieldInfo) -> Iterator[str]:
    known = about(section, key)
    notes = [known.text]
    if known.unit:
        notes.append(f"In {known.unit}.")
    if known.secret:
        notes.append("Never shown.")
    if field.default and not field.is_required():
        notes.append(f"Default: {json.dumps(field.default)}")
    yield f"# {' '.join(notes)}"
    yield f"{'' if field.is_required() or known.shown else '#'}{written(key, field)} = {known.example}"


def _keys_of_lists(section: type[Section], about_them: str) -> Iterator[str]:
    yield f"# {about_them}"
    for key, field in section.model_fields.items():
        note, example = _key(section, key, field)
        yield f"#   {example.removeprefix('#'):27}{note}"
