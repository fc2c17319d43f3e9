"""schemathesis asks the interface what its document allows, and what it does not: bounded, the same each time."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.kit.programs import OFFICE, Site

pytestmark = pytest.mark.timeout(90)

EXAMPLES = 4
"""Requests of each kind for each operation."""

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


_bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


async def test_what_the_document_says_is_so(site: Site) -> None:
    ids = [str(await site.message()), str(await site.message("front-desk", OFFICE)), str(uuid4())]
    async with site.database.session() as connection:
        texts = [str(await site.text()), str(uuid4())]
        calls = [str(row["id"]) for row in await connection.fetch("SELECT id FROM call")]
    document = (await site.ask("GET", "/api/openapi.json")).json
    known = {"/calls/": calls, "/texts/": texts, "/messages/": ids}
    count = await asyncio.to_thread(_ask_all, _with_ids(document, known), site.base, site.token)
    assert count > 4 * len(document["paths"])


def _with_ids(document: dict[str, Any], ids: dict[str, list[str]]) -> dict[str, Any]:
    """The document with ids in it that there are: of ids made up, all answers would be the same.

    Who may what is tested elsewhere: here every request has a token, so no time is spent on making some up.
    """
    changed: dict[str, Any] = json.loads(json.dumps(document))
    del changed["components"]["securitySchemes"]
    for path, methods in changed["paths"].items():
        for operation in methods.values():
            del operation["security"]
            for one in operation["parameters"]:
                if one["name"] == "id":
                    one["schema"]["enum"] = next(found for part, found in ids.items() if part in path)
    return changed


def _ask_all(document: dict[str, Any], base: str, token: str) -> int:
    """Ask every operation; gives how many requests there were."""
    asked: list[str] = []

    def ask(case: schemathesis.Case[Any], checks: list[CheckFunction]) -> None:
        asked.append(case.path)
        case.call_and_validate(base_url=base, headers={"Authorization": f"Bearer {token}"}, checks=checks)

    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        _bounded(given(case=allowed)(lambda case: ask(case, CHECKS)))()
        if operation.query or operation.body:
            wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
            _bounded(given(case=wrong)(lambda case: ask(case, [*CHECKS, negative_data_rejection])))()
    return len(asked)
