"""Data keys: made, wrapped under a master key, and used to seal small values.

AES-256-GCM (NIST SP 800-38D) throughout. What is sealed names whose it is and what it is in its associated data, so a
value that was put in the place of another does not open. A data key seals nothing itself: keys for values and for each
stream are derived from it (HKDF, RFC 5869), so random nonces and counters never meet under one key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pbx.domain.sealed import WrappedKey
from pbx.sealing.keys import KEY_BYTES, KeyRing

NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

_VALUE = b"\x01"


class Unopenable(Exception):
    """Something sealed does not open: it was changed, or is another's. The text is a sentence without patient data."""


@dataclass(frozen=True)
class DataKey:
    """The key of one subject."""

    subject: UUID
    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that tell it from other keys."""
        return hashlib.sha256(b"secondline fingerprint|" + self.secret).hexdigest()[:16]

    def seal(self, kind: str, plain: bytes) -> bytes:
        """Seal a value; `kind` says what it is, such as `caller`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _VALUE + nonce + self._values.encrypt(nonce, plain, self._about(kind))

    def open(self, kind: str, sealed: bytes) -> bytes:
        """A value that `seal` made. Raises Unopenable."""
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != _VALUE:
                raise InvalidTag
            return self._values.decrypt(nonce, rest, self._about(kind))
        except (InvalidTag, ValueError):
            raise Unopenable(
                f"What is stored of {self.subject} ({kind}) was changed since it was written: restore it from a backup."
            ) from None

    def seal_text(self, kind: str, plain: str) -> bytes:
        """`seal` for text."""
        return self.seal(kind, plain.encode())

    def open_text(self, kind: str, sealed: bytes) -> str:
        """`open` for text. Raises Unopenable."""
        return self.open(kind, sealed).decode()

    def derive(self, purpose: bytes, salt: bytes = b"") -> bytes:
        """A key for one purpose, and for one `salt` if there is one."""
        return HKDF(SHA256(), KEY_BYTES, salt or None, b"secondline " + purpose).derive(self.secret)

    @cached_property
    def _values(self) -> AESGCM:
        return AESGCM(self.derive(b"values"))

    def _about(self, kind: str) -> bytes:
        return b"value|" + self.subject.bytes + b"|" + kind.encode()


class Vault:
    """Makes data keys, wraps them under the master key in force, and unwraps them. Raises KeysMissing where the master
    key is not there."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    def new_key(self, subject: UUID) -> DataKey:
        """A new random data key."""
        return DataKey(subject, os.urandom(KEY_BYTES))

    def wrap(self, key: DataKey) -> WrappedKey:
        """The data key under the master key in force."""
        kek = self.ring.current()
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = nonce + AESGCM(kek.secret).encrypt(nonce, key.secret, _about_key(key.subject, kek.id))
        return WrappedKey(key.subject, kek.id, wrapped, key.fingerprint)

    def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """The data key itself. Raises Unopenable where the wrapped key was changed."""
        kek, nonce = self.ring.key(wrapped.kek), wrapped.wrapped[:NONCE_BYTES]
        try:
            about = _about_key(wrapped.subject, wrapped.kek)
            return DataKey(wrapped.subject, AESGCM(kek.secret).decrypt(nonce, wrapped.wrapped[NONCE_BYTES:], about))
        except (InvalidTag, ValueError):
            raise Unopenable(
                f"The key of {wrapped.subject} was changed since it was written: restore the database from a backup."
            ) from None

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        """The same data key under the master key in force. Raises Unopenable."""
        return self.wrap(self.unwrap(wrapped))

    def index(self, number: str) -> bytes:
        """By what a sealed number (E.164) is found again: equal numbers have equal ones, and only who has the key of
        the index can tell which number it is."""
        return hmac.digest(self.ring.index_key(), b"number|" + number.encode(), "sha256")


def _about_key(subject: UUID, kek: str) -> bytes:
    return b"key|" + subject.bytes + b"|" + kek.encode()
