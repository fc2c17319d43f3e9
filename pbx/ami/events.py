"""What the manager interface tells the controller, typed, and the queue that keeps it in order.

All of it is a hint: sidecars and the spool are the truth. So an event that comes twice, or never, does no harm.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

from pbx.ami.messages import Fields

log = logging.getLogger(__name__)

_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,80}|<unknown>")

CALL_ENDED = "SecondlineCallEnded"
"""Name of the user event that the dialplan's hang-up handler sends, with the header `Call`."""

EMERGENCY = "SecondlineEmergency"
"""Name of the one that `sl-emergency` sends, with the headers `Call` and `Line`."""
SIGN_IN_FAILED = "ChallengeResponseFailed"
"""Asterisk's own event for a wrong answer to a challenge."""

PAGED = "SecondlinePaged"
"""Name of the one that `sl-page-out` sends at its end, with the header `Page`: the attempt's id."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call is over and its end sidecar is written."""

    call: UUID


@dataclass(frozen=True, slots=True)
class Paged:
    """What was rung for an attempt to fetch somebody is over, whatever came of it."""

    attempt: UUID


TEXT_SPOOLED = "SecondlineText"
"""Name of the one that `sl-text` sends, with the header `Text`: the text's id."""


@dataclass(frozen=True, slots=True)
class TextSpooled:
    """A text lies in the spool."""

    text: UUID


@dataclass(frozen=True, slots=True)
class EmergencyCalled:
    """A call to the emergency services is being placed; `line` is what its sidecar holds."""

    call: UUID
    line: str


@dataclass(frozen=True, slots=True)
class LinkRestored:
    """The controller is logged in, for the first time or again. What happened before went unseen: reconcile."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The link is lost; it is being restored. `reason` is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class EventsLost:
    """More came than was taken, and events were thrown away: reconcile."""


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Somebody at `address` gave a wrong answer to the challenge of an account (`<unknown>` for one that is none)."""

    account: str
    address: str
    transport: str


AmiEvent = CallEnded | Paged | TextSpooled | EmergencyCalled | SignInFailed | LinkRestored | LinkDown | EventsLost


class EventQueue:
    """Events in order, from a callback that cannot wait to one consumer. Past `size` they give way to `EventsLost`."""

    def __init__(self, size: int) -> None:
        self._queue: asyncio.Queue[AmiEvent] = asyncio.Queue(size)
        self._taken = False

    def put(self, event: AmiEvent) -> None:
        if self._queue.full():
            log.warning(
                "%d events of Asterisk were not taken in time; everything is looked through anew", self._queue.qsize()
            )
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(EventsLost())
        self._queue.put_nowait(event)

    async def take_all(self) -> AsyncGenerator[AmiEvent, None]:
        """Every event, for ever. Raises RuntimeError for a second consumer, which would break the order."""
        if self._taken:
            raise RuntimeError("the events of the manager link have one consumer")
        self._taken = True
        try:
            while True:
                yield await self._queue.get()
        finally:
            self._taken = False


def typed(fields: Fields) -> AmiEvent | None:
    """The event that `fields` say, or None for one that nobody needs or that is malformed."""
    if fields.get("Event") == SIGN_IN_FAILED:
        return _sign_in_failed(fields)
    if fields.get("Event") != "UserEvent":
        return None
    call, attempt = uuid_of(fields.get("Call")), uuid_of(fields.get("Page"))
    text = uuid_of(fields.get("Text"))
    if fields.get("UserEvent") == TEXT_SPOOLED and text is not None:
        return TextSpooled(text)
    if fields.get("UserEvent") == CALL_ENDED and call is not None:
        return CallEnded(call)
    if fields.get("UserEvent") == PAGED and attempt is not None:
        return Paged(attempt)
    if fields.get("UserEvent") == EMERGENCY and call is not None:
        return EmergencyCalled(call, fields.get("Line") or "")
    return None


def _sign_in_failed(fields: Fields) -> SignInFailed | None:
    """`RemoteAddress` is `IPV4/TLS/192.0.2.1/40000` (main/security_events.c)."""
    account, parts = fields.get("AccountID") or "", (fields.get("RemoteAddress") or "").split("/")
    if len(parts) != 4 or not _ACCOUNT.fullmatch(account) or fields.get("Service") != "PJSIP":
        return None
    try:
        address = str(ip_address(parts[2].strip("[]")))
    except ValueError:
        return None
    return SignInFailed(account, address, parts[1].upper())


def uuid_of(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
