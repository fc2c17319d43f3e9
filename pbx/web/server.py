"""The server's own HTTP: health, readiness and metrics on a TCP port, the operator's commands on a private socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from pbx.web.api.problems import problem
from pbx.web.limits import LARGEST_BODY

Json = dict[str, Any]


class Operations(Protocol):
    """What the HTTP edge asks of the server."""

    async def status(self) -> Json:
        """The whole state for an operator; see `secondline status --json`."""

    async def reload(self) -> Json:
        """Take the practice's file anew: `{"ok": bool, "problems": [str], "changed": [str]}`."""

    async def take_swaps(self) -> Json:
        """Take changed swaps on the rotas at once: `{"ok": bool}`."""

    async def take_pins(self) -> Json:
        """Take changed PINs at once: `{"ok": bool}`."""

    async def place_call(self, wanted: Json) -> Json:
        """Ring a person, then a number outside: `{"ok": bool, "said": str}`; `wanted` has person, number, show, by."""

    async def take_overrides(self) -> Json:
        """Take changed overrides at once: `{"ok": bool}`."""

    async def beat(self, number: str | None) -> Json:
        """Call a number and listen to its greeting: `{"ok": bool, "number": str, "problem": str | None}`."""

    @property
    def ready(self) -> bool: ...

    @property
    def parts_working(self) -> dict[str, bool]: ...

    @property
    def degraded(self) -> list[Json]:
        """What does not work: `what`, `since`, `detail`, what `callers` notice, and the `remedy`."""

    def metrics(self) -> bytes: ...


class Control(Operations, Protocol):
    """What only the operator beside the server may ask."""

    async def lift_ban(self, address: str) -> Json:
        """Let an address in again from which secrets were guessed: `{"ok": bool}`."""


class PortTaken(Exception):
    """The web port is in use. Stop the other program or choose another one."""


@asynccontextmanager
async def serve_web(
    operations: Operations, host: str, port: int, more: Sequence[web.RouteDef] = ()
) -> AsyncIterator[int]:
    """Serve `/health`, `/ready`, `/metrics` and `more`; gives the port in use (0 asks for a free one).

    Raises PortTaken.
    """
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_sentences])
    app.add_routes([*_public_routes(operations), *more])
    async with _running(app) as runner:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise PortTaken(
                f"the web port {host}:{port} cannot be opened ({error.strerror or 'in use'}): "
                "stop the program that uses it, or set [server] web to another address and port"
            ) from error
        yield runner.addresses[0][1]


@asynccontextmanager
async def serve_control(operations: Control, socket: Path) -> AsyncIterator[None]:
    """Serve the operator's commands on a unix socket that only this account can open."""
    app = web.Application()
    app.add_routes(_control_routes(operations))
    socket.unlink(missing_ok=True)
    async with _running(app) as runner:
        await web.UnixSite(runner, str(socket)).start()
        socket.chmod(0o600)
        try:
            yield
        finally:
            socket.unlink(missing_ok=True)


@web.middleware
async def _sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A path or a method that is not there is answered like every other error: a problem with one sentence."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(error.status, f"{error.reason.lower()} here", allow)


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    # No access log: paths may one day hold ids of calls, and the log is for the operator's eyes.
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


def _public_routes(operations: Operations) -> list[web.RouteDef]:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        body = {
            "ready": operations.ready,
            "components": operations.parts_working,
            "degraded": operations.degraded,
        }
        return web.json_response(body, status=200 if operations.ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        body = operations.metrics()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return [web.get("/health", health), web.get("/ready", ready), web.get("/metrics", metrics)]


def _control_routes(operations: Control) -> list[web.RouteDef]:
    async def status(_: web.Request) -> web.Response:
        return web.json_response(await operations.status())

    async def reload(_: web.Request) -> web.Response:
        return web.json_response(await operations.reload())

    async def swaps(_: web.Request) -> web.Response:
        return web.json_response(await operations.take_swaps())

    async def pins(_: web.Request) -> web.Response:
        return web.json_response(await operations.take_pins())

    async def overrides(_: web.Request) -> web.Response:
        return web.json_response(await operations.take_overrides())

    async def calls(request: web.Request) -> web.Response:
        return web.json_response(await operations.place_call(await request.json()))

    async def lift_ban(request: web.Request) -> web.Response:
        return web.json_response(await operations.lift_ban(request.query.get("address", "")))

    async def beat(request: web.Request) -> web.Response:
        return web.json_response(await operations.beat(request.query.get("number")))

    return [
        web.post("/bans/lift", lift_ban),
        web.post("/heartbeat", beat),
        web.get("/status", status),
        web.post("/reload", reload),
        web.post("/swaps", swaps),
        web.post("/pins", pins),
        web.post("/overrides", overrides),
        web.post("/calls", calls),
    ]
