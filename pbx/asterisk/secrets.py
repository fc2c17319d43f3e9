"""Secrets that nobody chooses: one for AMI and one for each phone, made once and kept."""

from __future__ import annotations

import hmac
import json
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pbx.asterisk.layout import Layout
from pbx.asterisk.state import write_private

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without 0, 1, l and o, which people mistake when they type them
_LENGTH = 28


class DamagedSecrets(Exception):
    """The file of secrets cannot be read; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The generated secrets; they never show in a repr."""

    ami: str = field(repr=False)
    phones: Mapping[str, str] = field(repr=False)

    @property
    def nobody(self) -> str:
        """Of an account that nobody has: as good as random, and the same each time, so that no file changes."""
        return hmac.digest(self.ami.encode(), b"nobody", "sha256").hex()

    def phone(self, name: str) -> str:
        """The SIP secret of phone `name`. Raises KeyError for one that is not in the practice's file."""
        return self.phones[name]

    @staticmethod
    def load_or_create(layout: Layout, phones: Iterable[str]) -> Secrets:
        """Read the secrets and make those that are missing for `phones` (endpoint names).

        The secret of a phone that is no longer named is forgotten. Raises DamagedSecrets rather than lock every
        phone out by making new ones.
        """
        kept = _read(layout)
        old = kept.get("phones", {})
        made = Secrets(kept.get("ami") or _make(), {name: old.get(name) or _make() for name in sorted(phones)})
        write_private(layout.secrets, json.dumps({"ami": made.ami, "phones": dict(made.phones)}, indent=2) + "\n")
        return made


def _read(layout: Layout) -> dict[str, Any]:
    if not layout.secrets.exists():
        return {}
    try:
        kept = json.loads(layout.secrets.read_text(encoding="utf-8"))
        if not isinstance(kept, dict) or not isinstance(kept.get("phones", {}), dict):
            raise ValueError("not the expected shape")
    except ValueError as error:
        raise DamagedSecrets(
            f"{layout.secrets} is damaged: restore it from a backup, or delete it and set up every phone anew."
        ) from error
    return kept


def _make() -> str:
    return "".join(random.choice(_ALPHABET) for _ in range(_LENGTH))
