"""A passphrase over a small file (age's own way, scrypt): `age -d` opens it too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyrage
from pyrage import passphrase as by_passphrase

SHORTEST = 12

_HEADER = b"age-encryption.org/"

AskPassphrase = Callable[[], str]


class PassphraseProblem(Exception):
    """A passphrase is no good; the text is a sentence that says what to do."""


def locked(data: bytes, passphrase: str) -> bytes:
    """`data` under a passphrase. Raises PassphraseProblem for one that is too short."""
    return bytes(by_passphrase.encrypt(data, checked(passphrase)))


def unlocked(path: Path, ask: AskPassphrase) -> bytes:
    """What a file holds; `ask` is asked where it is under a passphrase. Raises PassphraseProblem or OSError."""
    data = path.read_bytes()
    if not data.startswith(_HEADER):
        return data
    try:
        return bytes(by_passphrase.decrypt(data, ask()))
    except pyrage.DecryptError:
        raise PassphraseProblem(f"the passphrase does not open {path}: type it again") from None


def checked(passphrase: str) -> str:
    """A passphrase that is worth its name. Raises PassphraseProblem."""
    if len(passphrase) < SHORTEST:
        raise PassphraseProblem(f"the passphrase is too short: take at least {SHORTEST} characters, some words say")
    return passphrase
