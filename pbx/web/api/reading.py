"""Read a request by the models of its route. What is wrong is told in one sentence, without a word of the request."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ValidationError

from pbx.web.api.problems import Wrong, sentence_of
from pbx.web.api.table import Route
from pbx.web.limits import LARGEST_BODY


def read_query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """The query. Raises Wrong."""
    if any(len(request.query.getall(name)) > 1 for name in request.query):
        raise Wrong(HTTPStatus.BAD_REQUEST, "name each field of the query once")
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, sentence_of(error, model)) from None


async def read_content(request: web.Request, route: Route) -> bytes:
    """The bytes of the body; none for a route that takes none. Raises Wrong."""
    if not route.has_body:
        return b""
    if request.content_type != "application/json":
        raise Wrong(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        sentence = f"the request is larger than {LARGEST_BODY} bytes"
        raise Wrong(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence) from error


def read_body(content: bytes, route: Route) -> BaseModel:
    """The body. Raises Wrong."""
    if not route.has_body:
        return route.body()
    try:
        return route.body.model_validate_json(content)
    except ValidationError as error:
        raise Wrong(HTTPStatus.BAD_REQUEST, sentence_of(error, route.body)) from None
