"""Who asks, and whether they may: a bearer token (RFC 6750) with the scope of the route, and not too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import ceil

from aiohttp import web

from pbx.domain.access import Access, access_of
from pbx.domain.policy import Policy
from pbx.domain.token import TokenScope, find_token
from pbx.services.journal import Journal
from pbx.services.ports import TokenBook
from pbx.web.api.problems import Wrong
from pbx.web.refusals import Refusals, TooMany

SIGNED_IN = timedelta(hours=1)
"""How long one row of the audit tells that a token is in use."""

_ASK = {"WWW-Authenticate": 'Bearer realm="secondline"'}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Rates:
    """A bucket for each token: `burst` requests at once, and `per_second` more as time goes."""

    per_second: float = 10.0
    burst: float = 100.0
    clock: Callable[[], float] = time.monotonic
    _left: dict[int, tuple[float, float]] = field(default_factory=dict)

    def take(self, token: int) -> float:
        """Count a request of a token; gives after how many seconds it may be made, 0 for at once."""
        now = self.clock()
        left, then = self._left.get(token, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.per_second)
        if left < 1:
            self._left[token] = (left, now)
            return (1 - left) / self.per_second
        self._left[token] = (left - 1, now)
        return 0.0


@dataclass(frozen=True, slots=True)
class Guard:
    """Everything that happens before a request is so much as read. Sign-ins and refusals are in the audit."""

    tokens: TokenBook
    policy: Callable[[], Policy]
    refusals: Refusals
    journal: Journal
    rates: Rates = field(default_factory=Rates)
    _seen: dict[int, datetime] = field(default_factory=dict)

    async def admit(self, request: web.Request, scope: TokenScope, at: datetime) -> Access:
        """What the request's token gives, if that includes `scope`. Raises Wrong and StoreUnavailable."""
        access = await self._access(request, at)
        if access is None:
            raise await self._refusal(request)
        wait = self.rates.take(access.token.id)
        if wait:
            headers = {"Retry-After": str(ceil(wait))}
            raise Wrong(HTTPStatus.TOO_MANY_REQUESTS, "too many requests with this token: slow down", headers)
        if not access.allows(scope):
            await self._note(access.who.account, "api-refused", method=request.method, why="scope", scope=scope.value)
            raise Wrong(HTTPStatus.FORBIDDEN, f"the token is for something else: make one with --scope {scope.value}")
        await self._note_use(access, at)
        return access

    async def _access(self, request: web.Request, at: datetime) -> Access | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = find_token(await self.tokens.tokens(), text.strip(), at)
        return None if token is None else access_of(self.policy(), token)

    async def _refusal(self, request: web.Request) -> Wrong:
        """Whoever has no token is answered later and later. Who waits too long for it is in the audit with the next."""
        try:
            await self.refusals.slow_down()
        except TooMany as error:
            return Wrong(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": "60"})
        why = "token" if request.headers.get("Authorization") else "no token"
        before = self.refusals.turned_away()
        await self._note("unknown", "api-refused", method=request.method, why=why, before=before)
        return Wrong(HTTPStatus.UNAUTHORIZED, "a token is needed: `secondline token create` makes one", _ASK)

    async def _note_use(self, access: Access, at: datetime) -> None:
        """A sign-in: the first use of a token and then one an hour, since programs ask every few seconds."""
        if at - self._seen.get(access.token.id, _LONG_AGO) > SIGNED_IN:
            await self._note(access.who.account, "token-used", token=access.token.name)
            self._seen[access.token.id] = at

    async def _note(self, actor: str, action: str, **detail: str | int) -> None:
        try:
            await self.journal.note(actor, action, "api", **detail)
        except OSError as error:
            sentence = "the audit cannot be written, so nothing is done: the disk of the server needs a look"
            raise Wrong(HTTPStatus.SERVICE_UNAVAILABLE, sentence, {"Retry-After": "60"}) from error
