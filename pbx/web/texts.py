"""What the internet may reach: the carrier's requests about texts, and the pages that show one text each.

It is served on a port of its own, so that a reverse proxy that leads here leads to nothing else. Requests of the
carrier are believed only when signed. The page needs no script, keeps no cookie, and says the same whatever is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pbx.config.settings import Web
from pbx.domain.policy import Policy
from pbx.domain.texting import TextRecord
from pbx.services.ports import StoreUnavailable
from pbx.services.text_carriers import Carrier, Forged, Request, Senseless
from pbx.services.text_links import TextLinks
from pbx.services.texting import Texts
from pbx.web.refusals import Refusals, TooMany
from pbx.web.server import PortTaken

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
_LONGEST_CODE = 12

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The address of a page is a secret: nothing passes it on, and nothing foreign is loaded or may frame it."""


class TextSite:
    """`policy` and `carrier` give what is in force."""

    def __init__(
        self,
        texts: Texts,
        links: TextLinks,
        policy: Callable[[], Policy],
        carrier: Callable[[], Carrier | None],
        refusals: Refusals,
    ) -> None:
        self._texts = texts
        self._links = links
        self._policy = policy
        self._carrier = carrier
        self._refusals = refusals
        folder = Path(__file__).with_name("pages")
        self._pages = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
        self._style = (folder / "page.css").read_text(encoding="utf-8")

    def application(self) -> web.Application:
        """What is served."""
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_careful])
        app.add_routes(
            [
                web.post("/texts/{carrier}", self._hear),
                web.post("/texts/{carrier}/{text}", self._hear),
                web.get("/t/{token}", self._ask, allow_head=False),
                web.post("/t/{token}", self._show),
                web.get("/page.css", self._css, allow_head=False),
            ]
        )
        return app

    async def _hear(self, request: web.Request) -> web.Response:
        carrier = self._carrier()
        if carrier is None or request.match_info["carrier"] != carrier.name:
            raise web.HTTPNotFound
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = f"{self._policy().texting.public_url}{request.path_qs}"
        try:
            heard = carrier.hears(
                Request(url, headers, await request.read(), datetime.now(UTC)), _id(request.match_info.get("text"))
            )
        except Forged:
            log.warning("a request in the name of the carrier of texts was not signed by it, or too old")
            return web.Response(status=HTTPStatus.FORBIDDEN)
        except Senseless:
            log.warning("the carrier of texts told something that is not understood")
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        try:
            await self._texts.heard(heard)
        except (StoreUnavailable, OSError):
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "30"})
        if not carrier.thanks:
            return web.Response(status=HTTPStatus.NO_CONTENT)
        return web.Response(text=carrier.thanks, content_type="text/xml")

    async def _ask(self, request: web.Request) -> web.Response:
        """The page looks the same for an address that is right, over or made up: only a code makes a difference."""
        return self._page("ask.html", wrong=False)

    async def _show(self, request: web.Request) -> web.Response:
        try:
            code = str((await request.post()).get("code", ""))
        except ValueError:
            code = ""
        digits = "".join(c for c in code if c.isascii() and c.isdigit())[:_LONGEST_CODE]
        try:
            text = await self._links.open(request.match_info["token"], digits)
        except StoreUnavailable:
            return self._page("away.html", HTTPStatus.SERVICE_UNAVAILABLE)
        if text is None:
            try:
                await self._refusals.slow_down()
            except TooMany:
                return self._page("away.html", HTTPStatus.TOO_MANY_REQUESTS)
            return self._page("ask.html", HTTPStatus.FORBIDDEN, wrong=True)
        emergency = self._policy().texting.emergency_sentence
        return self._page("text.html", text=text, at=self._when(text), emergency=emergency)

    async def _css(self, request: web.Request) -> web.Response:
        return web.Response(text=self._style, content_type="text/css")

    def _page(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> web.Response:
        text = self._pages.get_template(name).render(practice=self._policy().practice, **values)
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def _when(self, text: TextRecord) -> str:
        return f"{text.at.astimezone(ZoneInfo(self._policy().timezone)):%A, %d %B %Y, %H:%M}"


@web.middleware
async def _careful(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        answer = web.Response(status=error.status)
    answer.headers.update(_HEADERS)
    return answer


@asynccontextmanager
async def serve_texts(site: TextSite, where: Web | None) -> AsyncIterator[None]:
    """Serve the site at `where` (None: nowhere). Raises PortTaken."""
    if where is None:
        yield
        return
    # No access log: the paths are secrets.
    runner = web.AppRunner(site.application(), access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, where.host, where.port).start()
        except OSError as error:
            raise PortTaken(
                f"the port for texts {where.host}:{where.port} cannot be opened ({error.strerror or 'in use'}): "
                "stop the program that uses it, or give [texts] another address and port"
            ) from error
        yield
    finally:
        await runner.cleanup()


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
