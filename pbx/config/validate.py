"""Check types, keys and values of the whole file against the schema, and keep what is right for the checks after it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.tables import about, is_keyed, is_listed, section_at, sections, written
from pbx.config.values import WRONG

_STAND_IN = {"practice": {"name": "-", "timezone": "UTC"}}
"""For a table that must be there and is not usable: the checks go on with it, the file is refused all the same."""

_TYPES = {
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "list_type": "must be a list in [ ]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "too_short": "must not be empty",
}
_OF_THE_SCHEMA = ("[key]", "[list]", "[table]")
"""Steps of an error's path that are not in the file: pydantic's mark of a key, ours of the two forms of an option."""

_SECRET_WORDS = ("password", "passwd", "secret", "token")


def validate(report: Report) -> PracticeFile:
    """The file's valid part; what is not is reported and left out, a key at a time or a named table at a time."""
    data, told = report.document.data, False
    while True:
        try:
            return PracticeFile.model_validate(data)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_input=False)
        if not told:
            for error in errors:
                _tell(report, error)
            data, told = deepcopy(data), True
        _leave_out(data, errors, report)


def _path(error: ErrorDetails) -> KeyPath:
    return tuple(step for step in error["loc"] if step not in _OF_THE_SCHEMA)


def _leave_out(data: dict[str, Any], errors: list[ErrorDetails], report: Report) -> None:
    """Take out unknown keys and, for any other error, the smallest thing around it that a file can do without."""
    out = {_path(error) if error["type"] == "extra_forbidden" else _dispensable(data, _path(error)) for error in errors}
    for path in sorted(out, key=len, reverse=True):
        report.incomplete.add(path[:-1])
        if path == ("practice",):
            data.update(deepcopy(_STAND_IN))
        else:
            del _table(data, path[:-1])[path[-1]]


def _dispensable(data: dict[str, Any], path: KeyPath) -> KeyPath:
    if str(path[0]) in PracticeFile.model_fields and is_listed(PracticeFile, str(path[0])):
        return path[:1]  # the places of the others must not change
    if is_keyed(PracticeFile, str(path[0])) and len(path) > 2:
        field = section_at(path[:1]).model_fields.get(str(path[2]))
        if field and not field.is_required() and _has(data, path[:3]):
            return path[:3]
    return path[:2] if len(path) > 1 and _has(data, path[:2]) else path[:1]


def _has(data: dict[str, Any], path: KeyPath) -> bool:
    table = _table(data, path[:-1])
    return isinstance(table, dict) and path[-1] in table


def _table(data: dict[str, Any], path: KeyPath) -> Any:
    table: Any = data
    for step in path:
        table = table[step]
    return table


def _tell(report: Report, error: ErrorDetails) -> None:
    path = _path(error)
    kind = error["type"]
    if kind == WRONG:
        report.problem(path, error["ctx"]["what"], error["ctx"]["remedy"])
    elif kind == "extra_forbidden":
        report.problem(path, "is not a key that is known here", _advice_for_unknown(path))
    elif kind == "missing":
        report.problem(path, "is missing", f"add it: {_example(path)}")
    else:
        report.problem(path, _what(kind, error), f"write it like this: {_example(path)}")


def _what(kind: str, error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']}"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    return _TYPES.get(kind, "has a value of the wrong kind")


def _advice_for_unknown(path: KeyPath) -> str:
    name = str(path[-1])
    section = section_at(path[:-1])
    if any(word in name.lower() for word in _SECRET_WORDS):
        return _advice_for_secret(section.model_fields)
    advice = did_you_mean(name, list(section.model_fields))
    elsewhere = [f"[{key}]" for key, kind in sections() if name in kind.model_fields and kind is not section]
    if elsewhere and not advice.startswith("did"):
        return f"it belongs into {' or '.join(elsewhere)}"
    return advice


def _advice_for_secret(fields: Any) -> str:
    files = [field for field in ("password_file", "secret_file", "url_file") if field in fields]
    if files:
        return f"take the secret out of this file: write it alone into another file and name that with {files[0]}"
    return "take it out: no secret stands in this file, and phones get theirs from the program"


def _example(path: KeyPath) -> str:
    """The key as it could be written, from the schema's own example."""
    keys = [step for step in path if isinstance(step, str)]
    for length in range(len(keys), 0, -1):
        section = section_at(tuple(keys[: length - 1]))
        key = next((k for k, f in section.model_fields.items() if written(k, f) == keys[length - 1]), keys[length - 1])
        if key in section.model_fields:
            example = about(section, key).example
            return f"{keys[length - 1]} = {example}" if example else f"[{key}]"
    return f"[{keys[0]}]"
