"""Who asks, and whether they may: a bearer token (RFC 6750) with the scope of the route, and not too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from math import ceil

from aiohttp import web

from pbx.domain.access import Access, access_of
from pbx.domain.policy import Policy
from pbx.domain.token import TokenScope, find_token
from pbx.services.ports import TokenBook
from pbx.web.api.problems import Wrong
from pbx.web.refusals import Refusals, TooMany

_ASK = {"WWW-Authenticate": 'Bearer realm="secondline"'}


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
    """Everything that happens before a request is so much as read."""

    tokens: TokenBook
    policy: Callable[[], Policy]
    refusals: Refusals
    rates: Rates = field(default_factory=Rates)

    async def admit(self, request: web.Request, scope: TokenScope, at: datetime) -> Access:
        """What the request's token gives, if that includes `scope`. Raises Wrong and StoreUnavailable."""
        access = await self._access(request, at)
        if access is None:
            await self._refuse()
            raise Wrong(HTTPStatus.UNAUTHORIZED, "a token is needed: `secondline token create` makes one", _ASK)
        wait = self.rates.take(access.token.id)
        if wait:
            headers = {"Retry-After": str(ceil(wait))}
            raise Wrong(HTTPStatus.TOO_MANY_REQUESTS, "too many requests with this token: slow down", headers)
        if not access.allows(scope):
            raise Wrong(HTTPStatus.FORBIDDEN, f"the token is for something else: make one with --scope {scope.value}")
        return access

    async def _access(self, request: web.Request, at: datetime) -> Access | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = find_token(await self.tokens.tokens(), text.strip(), at)
        return None if token is None else access_of(self.policy(), token)

    async def _refuse(self) -> None:
        """Whoever has no token is answered later and later."""
        try:
            await self.refusals.slow_down()
        except TooMany as error:
            raise Wrong(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": "60"}) from error
