"""The secrets with which events are signed, for hooks whose secret is in no file of the practice's own.

Each is made by command and shown then, once: the server never makes one that nobody has seen.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.state import write_private

_BYTES = 32
_PREFIX = "whsec_"


class DamagedHookSecrets(Exception):
    """The file of secrets cannot be read; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """A file of the data folder, nobody else's to read."""

    path: Path

    def of(self, hook: str) -> bytes | None:
        """The bytes that sign for a hook; None where none was made. Raises DamagedHookSecrets."""
        text = self._read().get(hook)
        return None if text is None else base64.b64decode(text.removeprefix(_PREFIX))

    def make(self, hook: str) -> str:
        """Make a secret instead of one that there may be; gives it as receivers want it. Raises DamagedHookSecrets."""
        text = _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
        kept = self._read() | {hook: text}
        write_private(self.path, json.dumps(kept, indent=2) + "\n")
        return text

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            kept = None
        if not isinstance(kept, dict):
            remedy = "restore it from a backup, or delete it and make every webhook's secret anew"
            raise DamagedHookSecrets(f"{self.path} is damaged: {remedy}.")
        return {str(key): str(value) for key, value in kept.items()}
