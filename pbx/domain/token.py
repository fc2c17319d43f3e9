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
    """What a token allows."""

    OVERRIDES = "overrides"


@dataclass(frozen=True, slots=True)
class Token:
    """A token on record. `sha256` is that of its text; `revoked_at` is None while it can be used."""

    name: str
    scope: TokenScope
    sha256: bytes
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None


def new_token() -> str:
    """The text of a new token."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def find_token(tokens: Iterable[Token], text: str) -> Token | None:
    """The token of that text, if it can be used. Takes the same time whatever is wrong with the text."""
    wanted = hash_of(text)
    found = [token for token in tokens if hmac.compare_digest(token.sha256, wanted)]
    return next((token for token in found if token.revoked_at is None), None)
