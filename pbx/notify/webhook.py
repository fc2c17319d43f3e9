"""Programs of the practice, told by signed requests over HTTPS.

Headers and signature are those of the Standard Webhooks specification, so that receivers find a library for them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp

from pbx.config.senders import Hook
from pbx.services.ports import Fate, Parcel, Verdict

SECONDS = 15.0
REPLAY_SECONDS = 300
"""How old a request may be that a receiver still takes, and how far its clock may be off."""

_NEVER = frozenset({400, 410, 413, 415, 422})
"""Answers that say that this very request will never be taken."""


class Webhook:
    """Posts a parcel's data. `to` is not looked at: a hook has one address."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    async def send(self, parcel: Parcel) -> Verdict:
        """Post one notice, with the same id at every attempt. A redirect is not followed."""
        body = json.dumps(parcel.data, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(self._hook.secret, str(parcel.id), datetime.now(UTC), body)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self._hook.url, data=body, headers=headers, ssl=_context(self._hook), allow_redirects=False
                ) as answer,
            ):
                return _verdict(answer.status)
        except aiohttp.ClientConnectorCertificateError:
            return _held("its certificate is not one that this machine trusts: have it renewed, or name its ca_file")
        except (aiohttp.ClientError, OSError, TimeoutError):
            return _held("it cannot be reached")


def signed(secret: bytes, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a request: its id, when it was sent, and the proof that both and the body are ours."""
    stamp = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{_signature(secret, id_, stamp, body)}",
    }


def is_ours(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """What a receiver asks: whether a request is signed, and neither old nor from the future.

    Ids that were seen within `REPLAY_SECONDS` are for the receiver to remember.
    """
    id_, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > REPLAY_SECONDS:
        return False
    right = _signature(secret, id_, stamp, body)
    given = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split(" ")]
    return any(hmac.compare_digest(right.encode(), one.encode()) for one in given)


def _signature(secret: bytes, id_: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(secret, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _context(hook: Hook) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=hook.ca_file)


def _verdict(status: int) -> Verdict:
    if status // 100 == 2:
        return Verdict(Fate.SENT)
    if status // 100 == 3:
        return _held("it sends us elsewhere: give its final address as url")
    if status in _NEVER:
        return Verdict(Fate.PERMANENT, f"The webhook: it refuses the notice (HTTP {status}).")
    return _held(f"it does not take notices now (HTTP {status})")


def _held(what: str) -> Verdict:
    return Verdict(Fate.TEMPORARY, f"The webhook: {what}.")
