"""The key that signs checkpoints: Ed25519 (RFC 8032), in a file that only this account can read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pbx.domain.checkpoints import Believes, Checkpoint

HEX_LENGTH = 64


class KeyProblem(Exception):
    """The key cannot be used; the text is a sentence that says what to do."""


class SigningKey:
    """The practice's key. `public` is its other half in hexadecimal: it is no secret, and names the key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    @staticmethod
    def load(file: Path) -> SigningKey:
        """The key in `file`. Raises KeyProblem if it is missing, damaged or open to others."""
        try:
            mode, pem = file.stat().st_mode, file.read_bytes()
        except FileNotFoundError:
            raise KeyProblem(f"the key of the audit is missing: bring {file} back from a backup") from None
        except OSError as error:
            raise KeyProblem(f"the key of the audit, {file}, cannot be read: {error.strerror}") from error
        if mode & 0o077:
            raise KeyProblem(f"the key of the audit can be read by others: run chmod 600 {file}")
        try:
            private = load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyProblem(f"{file} holds no key of the audit: bring it back from a backup")
        return SigningKey(private)

    @staticmethod
    def make(file: Path) -> SigningKey:
        """Make a key and keep it in `file`, which must not be there. Raises KeyProblem."""
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = file.with_name(file.name + ".part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(pem)
                out.flush()
                os.fsync(out.fileno())
            os.link(part, file)  # unlike a rename it never takes the place of a key that is there
            part.unlink()
        except OSError as error:
            raise KeyProblem(f"the key of the audit, {file}, cannot be written: {error.strerror}") from error
        return SigningKey(private)


def believing(public: str) -> Believes:
    """Whether a checkpoint is signed with the key whose public half is `public`. Raises KeyProblem."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    except ValueError as error:
        raise KeyProblem("a public key of the audit has 64 letters from 0 to f") from error

    def believes(one: Checkpoint) -> bool:
        if one.key != public:
            return False
        try:
            key.verify(bytes.fromhex(one.signature), one.signed_bytes)
        except (InvalidSignature, ValueError):
            return False
        return True

    return believes
