"""Texts over Telnyx' messaging (API v2).

Requests to us are JSON and signed with Ed25519: `telnyx-signature-ed25519` is the base64 of the signature over
`telnyx-timestamp`, a bar and the body as it came; the account's public key verifies it (Telnyx, "Receiving webhooks").
A time more than five minutes away is refused; within it, what comes again is known by its id, which the store takes
once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pbx.domain.texting import Arrived, State
from pbx.gateways import failures
from pbx.gateways.posting import Post, digits, post, verdict
from pbx.services.text_carriers import Forged, Heard, Outgoing, Posted, PostFate, Report, Request, Senseless

API = "https://api.telnyx.com"
TOLERANCE_SECONDS = 300

_OPTED_OUT = frozenset({"40300"})
_STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "delivery_unconfirmed": State.SENT,
    "sending_failed": State.FAILED,
    "delivery_failed": State.FAILED,
    "expired": State.FAILED,
}
_ON_ITS_WAY = frozenset({"queued", "sending"})


@dataclass(frozen=True, slots=True)
class Telnyx:
    """`key` is the API key, `public_key` the 32 bytes that Telnyx signs its requests with."""

    key: str = field(repr=False)
    public_key: bytes
    api: str = API
    name: str = "telnyx"
    thanks: str = ""

    async def send(self, text: Outgoing) -> Posted:
        """Create one message (POST /v2/messages)."""
        body: dict[str, Any] = {"from": text.line, "to": text.patient, "text": text.body}
        if text.report_to is not None:
            body |= {"webhook_url": text.report_to, "use_profile_webhooks": False}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = await post(Post(f"{self.api}/v2/messages", headers=headers, json=body))
        if isinstance(answer, Posted):
            return answer
        id_ = _at(answer.data, "data", "id")
        if answer.status // 100 == 2 and isinstance(id_, str):
            return Posted(PostFate.SENT, ref=self._ref(id_))
        if answer.status // 100 == 2:
            return Posted(PostFate.UNSURE, "The carrier took the text and did not name it.")
        return verdict(answer, digits(_at(answer.data, "errors", 0, "code")), _OPTED_OUT)

    def hears(self, request: Request, about: UUID | None = None) -> Sequence[Heard]:
        """A text that came, or what became of one. Raises Forged or Senseless."""
        self._verify(request)
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Senseless from None
        kind, payload = _at(data, "data", "event_type"), _at(data, "data", "payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("id"), str):
            raise Senseless
        match kind:
            case "message.received":
                return (self._arrived(payload, request),)
            case "message.sent" | "message.finalized":
                return self._report(payload, about)
        return ()

    def _verify(self, request: Request) -> None:
        stamp = request.headers.get("telnyx-timestamp", "")
        try:
            given = base64.b64decode(request.headers.get("telnyx-signature-ed25519", ""), validate=True)
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(given, f"{stamp}|".encode() + request.body)
        except (binascii.Error, InvalidSignature, ValueError):
            raise Forged from None
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
            raise Forged
        if abs(request.at.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise Forged

    def _arrived(self, payload: Mapping[str, Any], request: Request) -> Arrived:
        patient, line = _at(payload, "from", "phone_number"), _at(payload, "to", 0, "phone_number")
        body, media = payload.get("text") or "", payload.get("media") or []
        if not isinstance(patient, str) or not isinstance(line, str) or not isinstance(body, str):
            raise Senseless
        ref = self._ref(payload["id"])
        pictures = len(media) if isinstance(media, list) else 0
        return Arrived(uuid5(NAMESPACE_URL, ref), line, patient, body, request.at, ref, pictures)

    def _report(self, payload: Mapping[str, Any], about: UUID | None) -> Sequence[Report]:
        status = _at(payload, "to", 0, "status")
        state = _STATES.get(status) if isinstance(status, str) else None
        if state is None:
            if status in _ON_ITS_WAY:
                return ()
            raise Senseless
        code = digits(_at(payload, "errors", 0, "code"))
        why = failures.telnyx(code) if state is State.FAILED else ""
        return (Report(self._ref(payload["id"]), state, about, why, code in _OPTED_OUT),)

    def _ref(self, id_: str) -> str:
        return f"{self.name}:{id_}"


def _at(data: Any, *path: str | int) -> Any:
    """What stands at a path, or None where the document is another."""
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and len(data) > step else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data
