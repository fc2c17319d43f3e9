"""The backup key: its secret half is kept away from the machine, what the machine needs lies in the data folder.

The machine encrypts to the key and cannot read what it wrote (age, X25519). It signs what is in a backup with a key of
its own (Ed25519); the public half stands in the key's file, so that a backup that somebody else made is refused.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pyrage import x25519

from pbx.asterisk.state import write_private
from pbx.backup.passphrase import AskPassphrase, locked, unlocked

_SECRET = re.compile(r"^AGE-SECRET-KEY-1[A-Z0-9]+$", re.MULTILINE)
_SIGNER = re.compile(r"^# signer: ([0-9a-f]{64})$", re.MULTILINE)
_TEXT = """\
# The backup key of a Secondline server, made {made}.
# Whoever has it can read every backup of that server: keep it away from the machine, in two places.
# recipient: {recipient}
# signer: {signer}
{secret}
"""


class KeyProblem(Exception):
    """A backup key is missing or cannot be used; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class MachineKey:
    """What makes backups: whom they are encrypted for (`recipient`, public), and with what they are signed."""

    recipient: str
    signing: Ed25519PrivateKey = field(repr=False)

    @property
    def signer(self) -> str:
        """The public half of the signature, in hexadecimal digits."""
        return self.signing.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> bytes:
        return self.signing.sign(data)

    @staticmethod
    def read(path: Path) -> MachineKey:
        """The key in the data folder. Raises KeyProblem."""
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            x25519.Recipient.from_str(kept["recipient"])
            return MachineKey(kept["recipient"], Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept["signing"])))
        except FileNotFoundError:
            raise KeyProblem(
                "there is no backup key yet: make one with `secondline backup-key create FILE`, and keep FILE away "
                "from this machine"
            ) from None
        except (ValueError, KeyError, TypeError, pyrage.RecipientError):
            raise KeyProblem(f"{path} is damaged: restore it, or make a new key with `secondline backup-key`") from None

    def keep(self, path: Path) -> None:
        """Write it into the data folder. Raises OSError."""
        made = {"recipient": self.recipient, "signing": self.signing.private_bytes_raw().hex()}
        write_private(path, json.dumps(made, indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class BackupKey:
    """What reads backups. `signer` is the public half of the signature of the machine that it was made on."""

    identity: x25519.Identity = field(repr=False)
    signer: str

    @property
    def recipient(self) -> str:
        return str(self.identity.to_public())

    def check(self, data: bytes, signature: bytes) -> None:
        """Raises KeyProblem when `data` was not signed by the key's machine."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.signer)).verify(signature, data)
        except InvalidSignature:
            raise KeyProblem(
                "this backup is not signed by the machine that the key belongs to: it was made by somebody else"
            ) from None

    @staticmethod
    def read(path: Path, ask: AskPassphrase) -> BackupKey:
        """The key in a file; `ask` is asked for its passphrase where it has one.

        Raises KeyProblem, PassphraseProblem or OSError.
        """
        data = unlocked(path, ask)
        text = data.decode("utf-8", "replace")
        secret, signer = _SECRET.search(text), _SIGNER.search(text)
        if secret is None or signer is None:
            raise KeyProblem(f"{path} is no backup key of Secondline: give the file that `backup-key create` wrote")
        try:
            return BackupKey(x25519.Identity.from_str(secret[0]), signer[1])
        except pyrage.IdentityError:
            raise KeyProblem(f"{path} is damaged: use the other copy of the backup key") from None


def make_keys() -> tuple[BackupKey, MachineKey]:
    """A new pair."""
    identity, signing = x25519.Identity.generate(), Ed25519PrivateKey.generate()
    machine = MachineKey(str(identity.to_public()), signing)
    return BackupKey(identity, machine.signer), machine


def write_key(key: BackupKey, path: Path, passphrase: str | None, now: datetime) -> None:
    """Write the key into a new file (mode 0600), under `passphrase` if there is one. Raises KeyProblem or OSError."""
    text = _TEXT.format(
        made=f"{now:%Y-%m-%d %H:%M} UTC", recipient=key.recipient, signer=key.signer, secret=str(key.identity)
    )
    data = text.encode()
    if passphrase is not None:
        data = locked(data, passphrase)
    write_new(path, data)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet (mode 0600), durably. Raises KeyProblem where there is one, and OSError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyProblem(f"{path} is there already: give the name of a new file") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
