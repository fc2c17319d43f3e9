"""The HTTP interface for programs: overrides, as JSON, with a bearer token (RFC 6750). Errors are one sentence.

It stands on the same port as the health page, on loopback unless the file says otherwise. No header lets a web page of
another origin use it, and without a token it says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn, Protocol

from aiohttp import web

from pbx.domain.facts import Facts
from pbx.domain.numbers import to_e164
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import parse_end, zone_of
from pbx.domain.override_wish import answer_in_words
from pbx.domain.policy import Policy
from pbx.domain.token import Token, TokenScope, find_token
from pbx.output import override_json
from pbx.services.journal import Journal
from pbx.services.overrides import BadEnd, Overrides, Refused, Wanted
from pbx.services.ports import StoreUnavailable, TokenBook
from pbx.web.refusals import Refusals, TooMany
from pbx.web.server import LARGEST_BODY

log = logging.getLogger(__name__)

_KEYS = ("mode", "number", "person", "practice", "until", "by", "reason")
_MODES = ", ".join(mode.value for mode in Mode)
_ASK = {"WWW-Authenticate": 'Bearer realm="secondline"'}

SIGNED_IN = timedelta(hours=1)
"""How long one row of the audit tells that a token is in use."""

Handler = Callable[[web.Request, Token], Awaitable[web.Response]]


class Practice(Protocol):
    """What the interface asks about the practice."""

    @property
    def policy(self) -> Policy: ...

    @property
    def facts(self) -> Facts: ...


class _Wrong(Exception):
    """A request that cannot be served, with its status; the text is the sentence for the other side."""

    def __init__(self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Api:
    """Serves `/api/overrides`."""

    practice: Practice
    overrides: Overrides
    tokens: TokenBook
    refusals: Refusals
    journal: Journal
    _seen: dict[str, datetime] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/overrides", self._guarded(self._list), allow_head=False),
            web.post("/api/overrides", self._guarded(self._set)),
            web.delete("/api/overrides/{id}", self._guarded(self._end)),
        ]

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request, await self._token(request))
            except _Wrong as wrong:
                return _error(wrong.status, str(wrong), wrong.headers)
            except (Refused, BadEnd) as refused:
                return _error(HTTPStatus.UNPROCESSABLE_ENTITY, str(refused))
            except StoreUnavailable:
                sentence = "the database is away: what holds goes on, and changes can be made when it is back"
                return _error(HTTPStatus.SERVICE_UNAVAILABLE, sentence, {"Retry-After": "5"})

        return handle

    async def _token(self, request: web.Request) -> Token:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        token = find_token(await self.tokens.tokens(), text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            await self._refuse(request.method, "token" if text else "no token")
        if token.scope is not TokenScope.OVERRIDES:
            await self._note(f"token/{token.name}", "api-refused", method=request.method, why="scope")
            raise _Wrong(HTTPStatus.FORBIDDEN, "the token is for something else: make one with --scope overrides")
        await self._note_use(token)
        return token

    async def _refuse(self, method: str, why: str) -> NoReturn:
        """Refuse a request, later and later. What waits too long for it is counted, and in the audit with the next."""
        try:
            await self.refusals.slow_down()
        except TooMany as error:
            raise _Wrong(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": "60"}) from error
        await self._note("unknown", "api-refused", method=method, why=why, before=self.refusals.turned_away())
        sentence = "a token is needed: `secondline token create NAME --scope overrides` makes one"
        raise _Wrong(HTTPStatus.UNAUTHORIZED, sentence, _ASK)

    async def _note_use(self, token: Token) -> None:
        """A sign-in: the first use of a token and then one an hour, since programs ask every few seconds."""
        now = datetime.now(UTC)
        if now - self._seen.get(token.name, datetime.min.replace(tzinfo=UTC)) > SIGNED_IN:
            await self._note(f"token/{token.name}", "token-used")
            self._seen[token.name] = now

    async def _note(self, actor: str, action: str, **detail: str | int) -> None:
        try:
            await self.journal.note(actor, action, "api/overrides", **detail)
        except OSError as error:
            sentence = "the audit cannot be written, so nothing is done: the disk of the server needs a look"
            raise _Wrong(HTTPStatus.SERVICE_UNAVAILABLE, sentence, {"Retry-After": "60"}) from error

    async def _list(self, _: web.Request, __: Token) -> web.Response:
        policy = self.practice.policy
        held = self.overrides.in_force(datetime.now(UTC))
        return _json({"overrides": [override_json(policy, one) for one in reversed(held)]})

    async def _set(self, request: web.Request, token: Token) -> web.Response:
        now = datetime.now(UTC)
        wanted = _wanted(self.practice.policy, await _body(request), token, now)
        made = await self.overrides.set(wanted, f"token/{token.name}", now)
        return _json(self._told(made), HTTPStatus.CREATED, {"Location": f"/api/overrides/{made.id}"})

    async def _end(self, request: web.Request, token: Token) -> web.Response:
        text = request.match_info["id"]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        ended = await self.overrides.undo(number, token.name, f"token/{token.name}")
        if ended is None:
            raise _Wrong(HTTPStatus.NOT_FOUND, f"there is no override {number} that could be ended")
        return _json(override_json(self.practice.policy, ended))

    def _told(self, made: Override) -> dict[str, Any]:
        policy = self.practice.policy
        return override_json(policy, made) | {"said": list(answer_in_words(policy, made, self.practice.facts))}


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise _Wrong(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json")
    try:
        body = await request.json()
    except web.HTTPRequestEntityTooLarge as error:
        sentence = f"the request is larger than {LARGEST_BODY} bytes"
        raise _Wrong(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence) from error
    except (ValueError, RecursionError) as error:
        raise _Wrong(HTTPStatus.BAD_REQUEST, "the request is not JSON") from error
    if not isinstance(body, dict):
        raise _Wrong(HTTPStatus.BAD_REQUEST, 'send an object, such as {"mode": "closed", "until": "17:00"}')
    if unknown := sorted(set(body) - set(_KEYS)):
        raise _Wrong(HTTPStatus.BAD_REQUEST, f"{unknown[0]!r} is not known here (known are: {', '.join(_KEYS)})")
    return body


def _wanted(policy: Policy, body: dict[str, Any], token: Token, now: datetime) -> Wanted:
    mode = _text(body, "mode")
    if mode not in [known.value for known in Mode]:
        raise _Wrong(HTTPStatus.BAD_REQUEST, f"'mode' must be one of {_MODES}")
    scope, target = _target(policy, body)
    until = _text(body, "until")
    ends = parse_end(until, now, zone_of(policy, scope, target)) if until is not None else None
    by = _text(body, "by") or token.name
    return Wanted(Mode(mode), scope, target, ends, by, _text(body, "reason") or "")


def _target(policy: Policy, body: dict[str, Any]) -> tuple[Scope, str]:
    whom = [key for key in ("number", "person", "practice") if body.get(key) is not None]
    if len(whom) > 1:
        raise _Wrong(HTTPStatus.BAD_REQUEST, "name one of 'number', 'person' and 'practice'")
    number, person = _text(body, "number"), _text(body, "person")
    if number is not None:
        try:
            return Scope.NUMBER, to_e164(number, policy.country)
        except ValueError as error:
            raise _Wrong(HTTPStatus.BAD_REQUEST, f"'number' {error}") from error
    if body.get("practice") not in (None, True):
        raise _Wrong(HTTPStatus.BAD_REQUEST, "'practice' must be true, or left out")
    return (Scope.PERSON, person) if person is not None else (Scope.PRACTICE, "")


def _text(body: dict[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise _Wrong(HTTPStatus.BAD_REQUEST, f"{key!r} must be a text")
    return value


def _json(body: object, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"} | (headers or {}))


def _error(status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> web.Response:
    return _json({"error": sentence}, status, headers)
