"""The master keys of what is sealed, in a file of their own: never in a backup, which alone opens nothing.

Whoever has a backup, its key and this file has everything; each by itself is nothing. So the three are kept apart.
"""

from __future__ import annotations

import os
from pathlib import Path

from pbx.backup.key import write_new
from pbx.backup.passphrase import AskPassphrase, locked, unlocked
from pbx.sealing.keys import KeyRing, KeysRefused, write_key_file
from pbx.sealing.vault import Vault

_NAME = "brought-back.key"


def write_escrow(ring: KeyRing, path: Path, passphrase: str) -> None:
    """Write all master keys into a new file, under a passphrase. Raises KeysMissing, KeyProblem, PassphraseProblem or
    OSError.
    """
    ring.current()
    write_new(path, locked(ring.lines().encode(), passphrase))


def read_escrow(path: Path, ask: AskPassphrase) -> str:
    """The lines of keys in a file that `write_escrow` wrote, or in a plain copy of them. Raises PassphraseProblem,
    KeysRefused or OSError.
    """
    try:
        return unlocked(path, ask).decode("ascii")
    except UnicodeDecodeError:
        raise KeysRefused(f"{path} holds no master keys: give the file that `backup --with-keys` wrote.") from None


def put_keys(lines: str, folder: Path) -> None:
    """Put keys into a folder. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key_file(folder / _NAME, lines)


def ring_in_memory(lines: str) -> KeyRing:
    """Keys that never touch a disk, for as long as this process lasts. Raises KeysMissing, KeysRefused or OSError."""
    handle = os.memfd_create("secondline-keys")  # memfd_create(2); it ends with the process, so it stays open
    os.write(handle, lines.encode("ascii"))
    os.fchmod(handle, 0o400)
    ring = KeyRing(Path("/nonexistent"), credential=Path(f"/proc/self/fd/{handle}"))
    ring.current()
    return ring


def vault_on(ring: KeyRing | None) -> Vault | None:
    """A vault on keys that are there; None where there are none."""
    return Vault(ring) if ring and ring.ids() else None
