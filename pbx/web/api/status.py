"""How the server is."""

from __future__ import annotations

from typing import Any

from pbx.domain.token import TokenScope
from pbx.web.api.fields import Model, Time
from pbx.web.api.parts import Parts
from pbx.web.api.table import Asked, Route


class Component(Model):
    """A part of the server."""

    ok: bool
    detail: str
    since: Time


class Status(Model):
    """`phones` has a null where the telephone system cannot be asked, and so have `live_calls` and `waiting`."""

    ready: bool
    version: str
    started_at: Time
    components: dict[str, Component]
    phones: dict[str, bool | None]
    live_calls: int | None
    waiting_for_transcript: int | None
    low_disk: bool


async def show_status(parts: Parts, _: Asked) -> Status:
    found: dict[str, Any] = await parts.practice.status()
    return Status(
        ready=found["ready"],
        version=found["version"],
        started_at=found["started_at"],
        components={name: Component.model_validate(part) for name, part in found["components"].items()},
        phones=found["phones"],
        live_calls=found["live_calls"],
        waiting_for_transcript=found["queue"]["transcription"],
        low_disk=found["disk"]["low"],
    )


ROUTES = (Route("GET", "/api/status", TokenScope.STATUS_READ, "How the server is", show_status, Status),)
