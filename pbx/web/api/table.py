"""What a route of the interface is: everything that the server and the OpenAPI document need to know of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from pbx.domain.access import Access
from pbx.domain.token import TokenScope
from pbx.web.api.fields import Model
from pbx.web.api.parts import Parts

M = TypeVar("M", bound=BaseModel)


class NoFields(Model):
    """For a request that has no query, or no body."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An answer that is a WAV file, of which a part may be asked for."""

    wav: bytes = field(repr=False)


Reply = Model | Sound


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered: who asks and when, the words of its path, its query and its body."""

    access: Access
    at: datetime
    path: Mapping[str, str]
    sent_query: BaseModel
    sent_body: BaseModel

    def query(self, model: type[M]) -> M:
        """Its query, which is of the model that its route names."""
        assert isinstance(self.sent_query, model)
        return self.sent_query

    def body(self, model: type[M]) -> M:
        """Its body, likewise."""
        assert isinstance(self.sent_body, model)
        return self.sent_body


Handler = Callable[[Parts, Asked], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """`method` and `path` (with `{words}`), the `scope` that a token must have, and what goes in and out.

    `answer` is the model of the reply (`Sound`: a WAV file). `refuses` are the statuses of its own refusals, beside
    those that every route has. An answer to a POST is kept for a day, so it must hold nothing of a patient.
    """

    method: str
    path: str
    scope: TokenScope
    summary: str
    handler: Handler
    answer: type[Model] | type[Sound]
    query: type[Model] = NoFields
    body: type[Model] = NoFields
    status: HTTPStatus = HTTPStatus.OK
    refuses: tuple[HTTPStatus, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name in the document."""
        return self.handler.__name__

    @property
    def has_body(self) -> bool:
        return self.body is not NoFields

    def definition(self, handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.RouteDef:
        """The route for the server."""
        return web.RouteDef(self.method, self.path, handle, {"allow_head": False} if self.method == "GET" else {})
