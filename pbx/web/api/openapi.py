"""The OpenAPI 3.1 document, made of the table that the server serves, so that the two cannot drift apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pbx import __version__
from pbx.web.api.fields import Model
from pbx.web.api.once import HEADER
from pbx.web.api.problems import PROBLEM, Problem
from pbx.web.api.routes import ROUTES
from pbx.web.api.table import Route, Sound

DOCUMENT_PATH = "/api/openapi.json"

_Json = dict[str, Any]
_WORDS = re.compile(r"\{(\w+)\}")
_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_CHANGES = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_OF_BODIES = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


@lru_cache(maxsize=1)
def document_text() -> str:
    """The document as JSON."""
    return json.dumps(document(), ensure_ascii=False, indent=1)


def document() -> _Json:
    """The document of all routes."""
    schemas, components = _schemas(ROUTES)
    paths: dict[str, _Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Secondline",
            "version": __version__,
            "description": "The practice's calls, messages and lines, for programs. Fields marked x-patient-data tell "
            "something of a patient.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Of `secondline token create`."}
            },
        },
    }


_Schemas = Mapping[tuple[Any, JsonSchemaMode], _Json]


def _schemas(routes: Iterable[Route]) -> tuple[_Schemas, _Json]:
    """A reference for each model, and what they refer to."""
    wanted = list(dict.fromkeys(_models(routes)))
    found, definitions = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    return found, definitions["$defs"]


def _models(routes: Iterable[Route]) -> Iterator[tuple[type[Model], JsonSchemaMode]]:
    yield Problem, "serialization"
    for route in routes:
        yield route.query, "validation"
        if route.has_body:
            yield route.body, "validation"
        if issubclass(route.answer, Model):
            yield route.answer, "serialization"


def _operation(route: Route, schemas: _Schemas) -> _Json:
    operation: _Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.path.split("/")[2]],
        "security": [{"token": [route.scope.value]}],
        "parameters": [*_path_words(route), *_query(route), *_headers(route)],
        "responses": _answers(route, schemas),
    }
    if route.has_body:
        content = {"application/json": {"schema": schemas[route.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_words(route: Route) -> Iterator[_Json]:
    for name in _WORDS.findall(route.path):
        schema = {"type": "integer", "minimum": 0} if name == "number" else {"type": "string", "format": "uuid"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query(route: Route) -> Iterator[_Json]:
    schema = route.query.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, field in schema.get("properties", {}).items():
        about = {"description": field.pop("description")} if "description" in field else {}
        yield {"name": name, "in": "query", "required": False, "schema": _not_null(field), **about}


def _not_null(field: _Json) -> _Json:
    """A query has no null: what is left out is not there."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    if not kinds:
        return field
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _headers(route: Route) -> Iterator[_Json]:
    if route.method == "POST":
        about = "The same key within 24 hours gives the same answer, and nothing is done twice."
        schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
        yield {"name": HEADER, "in": "header", "required": False, "schema": schema, "description": about}
    if route.answer is Sound:
        yield {"name": "Range", "in": "header", "required": False, "schema": {"type": "string"}}


def _answers(route: Route, schemas: _Schemas) -> _Json:
    refused = {PROBLEM: {"schema": schemas[Problem, "serialization"]}}
    answers = {str(status.value): {"description": status.phrase, "content": refused} for status in _statuses(route)}
    if issubclass(route.answer, Model):
        content: _Json = {"application/json": {"schema": schemas[route.answer, "serialization"]}}
    else:
        content = {"audio/wav": {"schema": {"type": "string", "contentMediaType": "audio/wav"}}}
        partial = HTTPStatus.PARTIAL_CONTENT
        answers[str(partial.value)] = {"description": "The part that was asked for", "content": content}
    answers[str(route.status.value)] = {"description": route.status.phrase, "content": content}
    return dict(sorted(answers.items()))


def _statuses(route: Route) -> list[HTTPStatus]:
    """What it may refuse with."""
    named = (HTTPStatus.NOT_FOUND,) if _WORDS.search(route.path) else ()
    changes = _OF_CHANGES if route.method != "GET" else ()
    bodies = _OF_BODIES if route.has_body else ()
    ranges = (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,) if route.answer is Sound else ()
    return [*_ALWAYS, *named, *changes, *bodies, *ranges, *route.refuses]
