"""Tokens with which programs use the server over HTTP. Only a hash is kept, so that none can be read off the database.

A token is 32 random bytes: nobody can guess one, so a plain SHA-256 is enough where a password would need a slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PREFIX = "secondline_"
"""Tells people, and programs that look for lost secrets, what it is."""

_BYTES = 32


class TokenScope(StrEnum):
    """What a token allows. None includes another: to write is not to read."""

    CALLS_READ = "calls:read"
    CALLS_PLACE = "calls:place"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    AUDIO_READ = "audio:read"
    OVERRIDES_READ = "overrides:read"
    OVERRIDES_WRITE = "overrides:write"
    ONCALL_READ = "oncall:read"
    ONCALL_WRITE = "oncall:write"
    STATUS_READ = "status:read"
    TEXTS_READ = "texts:read"
    TEXTS_SEND = "texts:send"

    @property
    def of_patients(self) -> bool:
        """Whether it leads to what patients said or to their numbers: then a program's token names its mailboxes."""
        return self.value.partition(":")[0] in ("calls", "messages", "audio", "texts")


OVERRIDES = frozenset({TokenScope.OVERRIDES_READ, TokenScope.OVERRIDES_WRITE})
"""What the word `overrides` stands for."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made. `person` is the key of whose it is in the practice's file; None: it is a program's.

    It sees `mailboxes` alone (None: all of the person's; of a program: all) and the calls of `numbers` (E.164; None:
    those that the mailboxes belong to).
    """

    name: str
    scopes: frozenset[TokenScope]
    sha256: bytes
    person: str | None = None
    mailboxes: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token on record. `sha256` is that of its text; `revoked_at` is None while it can be used. See `NewToken`."""

    name: str
    scopes: frozenset[TokenScope]
    sha256: bytes
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    id: int = 0
    person: str | None = None
    mailboxes: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None
    expires_at: datetime | None = None

    def usable(self, at: datetime) -> bool:
        """Whether it was neither revoked nor is over at `at` (aware)."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def new_token() -> str:
    """The text of a new token."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(text: str) -> bytes:
    # What is no Unicode is no token of ours either, and must not end in an error that tells of it.
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def find_token(tokens: Iterable[Token], text: str, at: datetime) -> Token | None:
    """The token of that text, if it can be used at `at`. Takes the same time whatever is wrong with the text."""
    wanted = hash_of(text)
    found = [token for token in tokens if hmac.compare_digest(token.sha256, wanted)]
    return next((token for token in found if token.usable(at)), None)
