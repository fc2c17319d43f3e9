"""What is known of the last backup and of the last trial of one, for whoever asks how old they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pbx.asterisk.state import write_private

OLD = timedelta(days=2)
"""A backup is made every night: one older than this means that two did not come about."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`made_at` and `verified_at` are None where there was none; `file` is where the last backup went."""

    made_at: datetime | None = None
    file: str = ""
    bytes: int = 0
    verified_at: datetime | None = None

    def is_old(self, now: datetime) -> bool:
        """Whether there ought to be a newer one, or one at all."""
        return self.made_at is None or now - self.made_at > OLD

    def as_json(self, now: datetime) -> dict[str, Any]:
        """What `status` says of it."""
        return {
            "made_at": self.made_at.isoformat(timespec="seconds") if self.made_at else None,
            "verified_at": self.verified_at.isoformat(timespec="seconds") if self.verified_at else None,
            "old": self.is_old(now),
        }


def read_record(path: Path) -> Kept:
    """What is on record; nothing where the record is missing or damaged."""
    try:
        found: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
        size = found.get("bytes")
        return Kept(
            _time(found.get("made_at")),
            str(found.get("file") or ""),
            size if isinstance(size, int) else 0,
            _time(found.get("verified_at")),
        )
    except (OSError, ValueError, AttributeError):
        return Kept()


def note_made(path: Path, at: datetime, file: Path, size: int) -> None:
    """Note a backup that is whole. Raises OSError."""
    _write(path, Kept(at, str(file), size, read_record(path).verified_at))


def note_verified(path: Path, at: datetime) -> None:
    """Note a trial that found nothing wrong. Raises OSError."""
    kept = read_record(path)
    _write(path, Kept(kept.made_at, kept.file, kept.bytes, at))


def _write(path: Path, kept: Kept) -> None:
    found = {
        "made_at": kept.made_at.isoformat() if kept.made_at else None,
        "file": kept.file,
        "bytes": kept.bytes,
        "verified_at": kept.verified_at.isoformat() if kept.verified_at else None,
    }
    write_private(path, json.dumps(found, indent=2) + "\n")


def _time(text: object) -> datetime | None:
    found = datetime.fromisoformat(text) if isinstance(text, str) else None
    return found if found is None or found.tzinfo else None
