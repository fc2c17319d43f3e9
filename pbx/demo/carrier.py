"""A carrier of texts on this machine, in Telnyx' format, as strict as the real one: for demonstration and tests.

It takes texts of the practice like a patient's phone at its end, and sends the practice what patients write, signed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_KEYS = {"from", "to", "text", "webhook_url", "use_profile_webhooks"}


class CarrierFailed(Exception):
    """A text did not come in time, or was not taken; the text says which."""


@dataclass
class TextCarrier:
    """`key` is what the practice proves itself with. `answers` are given instead of taking a text, one for each."""

    api: str
    practice_url: str
    key: str = field(default_factory=lambda: f"KEY{uuid4().hex}")
    sent: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    delivers: bool = True
    _signer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def public_key(self) -> str:
        """As the carrier shows it to its customers."""
        return base64.b64encode(self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    async def texts(self, patient: str, line: str, words: str) -> int:
        """A patient texts the practice; the status that the practice answers with."""
        payload = {
            "record_type": "message",
            "direction": "inbound",
            "id": str(uuid4()),
            "type": "SMS",
            "from": {"phone_number": patient, "carrier": "A CARRIER", "line_type": "Wireless"},
            "to": [{"phone_number": line, "status": "webhook_delivered"}],
            "text": words,
            "media": [],
        }
        return await self.tells("message.received", payload, f"{self.practice_url}/texts/telnyx")

    async def tells(self, event: str, payload: dict[str, Any], url: str) -> int:
        """Tell the practice of an event, signed; the status of its answer."""
        data = {"event_type": event, "id": str(uuid4()), "record_type": "event", "payload": payload}
        body = json.dumps({"data": data}).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=self.signed(body)) as answer,
        ):
            return answer.status

    def signed(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """The headers of a request with this body."""
        stamp = str(int(time.time() if at is None else at))
        proof = self._signer.sign(f"{stamp}|".encode() + body)
        return {
            "Content-Type": "application/json",
            "telnyx-timestamp": stamp,
            "telnyx-signature-ed25519": base64.b64encode(proof).decode(),
        }

    async def text(self, within: float, count: int = 1) -> dict[str, Any]:
        """The `count`th text to a patient, once it came. Raises CarrierFailed."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: len(self.sent) >= count)
        except TimeoutError:
            raise CarrierFailed(f"No text came to the carrier within {within:.0f} seconds.") from None
        return self.sent[count - 1]

    async def handle(self, request: web.Request) -> web.Response:
        """POST /v2/messages."""
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _refusal(401, "10009")
        body = await request.json()
        if set(body) - _KEYS or not all(str(body.get(name, "")).startswith("+") for name in ("from", "to")):
            return _refusal(400, "10015")
        if self.answers:
            status, answer = self.answers.pop(0)
            return web.json_response(answer, status=status)
        id_ = str(uuid4())
        async with self._news:
            self.sent.append({**body, "id": id_})
            self._news.notify_all()
        if self.delivers and (url := body.get("webhook_url")):
            self._report = asyncio.create_task(self.reports(id_, url, "delivered"))
        return web.json_response({"data": {"id": id_, "to": [{"phone_number": body["to"], "status": "queued"}]}})

    async def reports(self, id_: str, url: str, status: str, code: str = "") -> int:
        """Tell the practice what became of a text."""
        errors = [{"code": code, "title": "as it is called there"}] if code else []
        payload = {"direction": "outbound", "id": id_, "to": [{"status": status}], "errors": errors}
        return await self.tells("message.finalized", payload, url)


def _refusal(status: int, code: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "title": "refused"}]}, status=status)


@asynccontextmanager
async def text_carrier(carrier: TextCarrier) -> AsyncIterator[TextCarrier]:
    """The carrier, at the address that it gives as `api`."""
    carrier._news = asyncio.Condition()
    app = web.Application()
    app.router.add_post("/v2/messages", carrier.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        host, _, port = carrier.api.removeprefix("http://").partition(":")
        await web.TCPSite(runner, host, int(port)).start()
        yield carrier
    finally:
        await runner.cleanup()
