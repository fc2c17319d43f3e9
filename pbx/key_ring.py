"""Where the practice's master keys are: in the data folder, in a folder of its own, or handed over by the system."""

from __future__ import annotations

import os
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.config.settings import Settings
from pbx.sealing.keys import KeyRing, KeysRefused
from pbx.sealing.vault import Vault


def ring_of(settings: Settings, layout: Layout) -> KeyRing:
    """The ring that the practice's file says. Raises KeysRefused where the system does not hand over what it names."""
    source = settings.keys
    credential = _credential(source.credential) if source.credential else None
    return KeyRing(source.folder or layout.keys, credential, layout.keys_made)


def vault_of(settings: Settings, layout: Layout) -> Vault:
    """The vault on that ring, with its first keys made. Raises KeysMissing and OSError."""
    ring = ring_of(settings, layout)
    ring.make_first()
    return Vault(ring)


def _credential(name: str) -> Path:
    """systemd.exec(5): credentials are files of the folder that $CREDENTIALS_DIRECTORY names."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None or not (Path(folder) / name).is_file():
        raise KeysRefused(
            f"The system hands over no credential {name!r}: add LoadCredentialEncrypted={name}:FILE to the unit and "
            "start Secondline as a service, or take `credential` out of [keys]."
        )
    return Path(folder) / name
