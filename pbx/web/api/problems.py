"""Refusals, as RFC 9457 writes them: a status and one sentence that says what to do, and nothing of a patient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pbx.web.api.fields import Model

PROBLEM = "application/problem+json"

_NAME = re.compile(r"[A-Za-z_]{1,40}")
_WORDS = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has a character that it cannot have",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}


class Problem(Model):
    """What is wrong, in one sentence."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Wrong(Exception):
    """A request that is not served; the text is the sentence for the other side."""

    def __init__(self, status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})


def nothing_there(what: str) -> Wrong:
    """The answer for what does not exist and for what may not be seen: the same."""
    return Wrong(HTTPStatus.NOT_FOUND, f"there is no such {what}")


def without_values(sentence: str, sent: Mapping[str, str | None]) -> str:
    """A sentence that may quote what was sent (by the field's name), with the names instead."""
    for name, value in sent.items():
        if value:
            sentence = sentence.replace(repr(value), f"'{name}'").replace(f"'{name}' '{name}'", f"'{name}'")
    return sentence


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer to a request that is not served."""
    found = Problem(title=HTTPStatus(status).phrase, status=status, detail=sentence)
    text = found.model_dump_json()
    return web.Response(
        text=text, status=status, content_type=PROBLEM, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def sentence_of(error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with a request, without a word of it."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "the request is not JSON"
    if first["type"] in ("model_type", "model_attributes_type"):
        return "send a JSON object"
    if first["type"] == "extra_forbidden":
        known = ", ".join(field.alias or name for name, field in model.model_fields.items()) or "nothing"
        return f"{_named(first)} is not known here (known are: {known})"
    return f"{_named(first)} {_said(first)}"


def _named(error: ErrorDetails) -> str:
    """The field's name; one that the other side made up is said only if it looks like one."""
    name = str(error["loc"][0]) if error["loc"] else ""
    return f"{name!r}" if _NAME.fullmatch(name) else "a field"


def _said(error: ErrorDetails) -> str:
    if error["type"] == "words":
        return error["msg"]
    if error["type"] in ("enum", "literal_error"):
        return f"must be one of {error['ctx']['expected'].replace(' or ', ', ').replace(chr(39), '')}"
    return _WORDS.get(error["type"], "is not understood")
