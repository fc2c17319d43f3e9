"""Serve the table: every request is admitted, read, carried out and answered here, in the same way for all routes.

It stands on the same port as the health page, on loopback unless the file says otherwise. No header lets a web page of
another origin use it, and without a token it says nothing but what it is.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from pbx.services.ports import StoreUnavailable
from pbx.web.api.guard import Guard
from pbx.web.api.once import Once
from pbx.web.api.openapi import DOCUMENT_PATH, document_text
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, problem
from pbx.web.api.reading import read_body, read_content, read_query
from pbx.web.api.routes import ROUTES
from pbx.web.api.sounds import sound_answer
from pbx.web.api.table import Asked, Reply, Route, Sound

log = logging.getLogger(__name__)

_AWAY = "the database is away: what holds goes on, and changes can be made when it is back"


@dataclass(frozen=True, slots=True)
class Api:
    """Serves everything under `/api`."""

    parts: Parts
    guard: Guard
    once: Once

    def routes(self) -> list[web.RouteDef]:
        """For the server: the table, and the document that describes it."""
        served = [route.definition(self._serve(route)) for route in ROUTES]
        return [*served, web.get(DOCUMENT_PATH, _document, allow_head=False)]

    def _serve(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await self._answer(route, request)
            except Wrong as wrong:
                return problem(wrong.status, str(wrong), wrong.headers)
            except StoreUnavailable:
                return problem(HTTPStatus.SERVICE_UNAVAILABLE, _AWAY, {"Retry-After": "5"})
            except Exception as error:  # noqa: BLE001 - the edge of a request; the text may tell of a patient
                log.error("a request for %s could not be answered: %s", route.name, type(error).__name__)
                return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed at this: its log names the request")

        return serve

    async def _answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        at = datetime.now(UTC)
        access = await self.guard.admit(request, route.scope, at)
        query = read_query(request, route.query)
        content = await read_content(request, route)

        async def do() -> web.Response:
            try:
                asked = Asked(access, at, request.match_info, query, read_body(content, route))
                reply = await route.handler(self.parts, asked)
            except Wrong as wrong:
                return problem(wrong.status, str(wrong), wrong.headers)
            return _response(route, request, reply)

        if route.method == "POST":
            return await self.once.answer(request, access.token.id, content, do)
        return await do()


def _response(route: Route, request: web.Request, reply: Reply) -> web.Response:
    if isinstance(reply, Sound):
        return sound_answer(request, reply.wav)
    text = reply.model_dump_json(by_alias=True)
    headers = {"Cache-Control": "no-store"}
    if route.status is HTTPStatus.CREATED:
        headers["Location"] = f"{request.path}/{getattr(reply, 'id', '')}"
    return web.Response(text=text, status=route.status, content_type="application/json", headers=headers)


async def _document(_: web.Request) -> web.Response:
    return web.Response(text=document_text(), content_type="application/json", headers={"Cache-Control": "no-cache"})
