"""The table of routes, what is served and the OpenAPI document are the same, and nothing is open that should not be."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from pbx.domain.token import TokenScope
from pbx.web.api.fields import OF_A_PATIENT
from pbx.web.api.guard import Guard, Rates
from pbx.web.api.once import Once
from pbx.web.api.openapi import DOCUMENT_PATH, document
from pbx.web.api.parts import Parts
from pbx.web.api.routes import ROUTES
from pbx.web.api.serving import Api
from pbx.web.api.table import Route, Sound

NAMES = [f"{route.method} {route.path}" for route in ROUTES]


def test_what_is_served_is_the_table_and_the_document_and_nothing_else() -> None:
    api = Api(cast(Parts, None), cast(Guard, None), cast(Once, None))
    served = [(route.method, route.path) for route in api.routes()]
    assert len(set(served)) == len(served)
    assert set(served) == {(route.method, route.path) for route in ROUTES} | {("GET", DOCUMENT_PATH)}


def test_the_document_has_every_route_and_no_other() -> None:
    paths = document()["paths"]
    described = {(method.upper(), path): one for path, at in paths.items() for method, one in at.items()}
    assert set(described) == {(route.method, route.path) for route in ROUTES}
    assert len({operation["operationId"] for operation in described.values()}) == len(ROUTES)
    for route in ROUTES:
        operation = described[route.method, route.path]
        assert operation["security"] == [{"token": [route.scope.value]}]
        assert str(route.status.value) in operation["responses"]
        assert ("requestBody" in operation) == route.has_body
        names = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert names == set(re.findall(r"\{(\w+)\}", route.path))


def test_the_document_refers_to_nothing_that_is_not_there() -> None:
    found = document()
    refs = set(re.findall(r"#/components/schemas/([\w-]+)", str(found)))
    assert refs <= set(found["components"]["schemas"])


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_every_route_asks_for_a_scope(route: Route) -> None:
    assert isinstance(route.scope, TokenScope)
    assert route.path.startswith("/api/") and route.path != DOCUMENT_PATH
    reads = route.scope.value.endswith(":read")
    assert reads == (route.method == "GET"), "who may read must not be able to change anything"


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "POST"], ids=[n for n in NAMES if "POST" in n])
def test_an_answer_that_is_kept_tells_nothing_of_a_patient(route: Route) -> None:
    assert route.answer is not Sound
    assert not _marked(cast(Any, route.answer).model_json_schema(mode="serialization"))


def test_what_tells_of_a_patient_is_marked_in_the_document() -> None:
    schemas = document()["components"]["schemas"]
    assert _marked(schemas["Call"]["properties"]["from"])
    assert _marked(schemas["Transcript"]["properties"]["text"])
    assert not _marked(schemas["OverrideShown"])


def _marked(schema: object) -> bool:
    if isinstance(schema, dict):
        return OF_A_PATIENT in schema or any(_marked(inner) for inner in schema.values())
    return isinstance(schema, list) and any(_marked(inner) for inner in schema)


def test_a_token_has_its_requests_at_once_and_then_a_few_a_second() -> None:
    now = 0.0
    rates = Rates(per_second=2, burst=3, clock=lambda: now)
    assert [rates.take(1) for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.take(2) == 0, "each token has its own"
    now = 0.5
    assert [rates.take(1) for _ in range(2)] == [0, 0.5]
    now = 1000.0
    assert [rates.take(1) > 0 for _ in range(4)] == [False, False, False, True]
