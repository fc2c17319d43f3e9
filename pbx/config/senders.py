"""What the file says about how notices leave this machine: servers, addresses and secrets, by the channel's key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pbx.domain.events import Subscription


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `at_once`: TLS from the first byte on; otherwise STARTTLS. There is no third way.

    `ca_file` holds the certificates that are trusted instead of the machine's own.
    """

    host: str
    port: int
    at_once: bool
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A program that is told over HTTPS (HTTP on this machine alone). `secret` are the bytes that sign."""

    url: str
    secret: bytes = field(repr=False)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ProgramHook:
    """A program that is told of events. Where the hook has no secret, it is among those that were made by command."""

    subscription: Subscription
    hook: Hook


@dataclass(frozen=True, slots=True)
class PhoneTexts:
    """Texts to the practice's own phones, over SIP."""


Sender = MailServer | Hook | PhoneTexts
