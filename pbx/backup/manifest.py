"""What a backup says of itself: versions first; at its end every part with its hash, and the database's state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

FORMAT = 1
"""Of the archive; a program reads this one and none that is newer."""

HEADER = "header.json"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"


class ManifestProblem(Exception):
    """A backup does not say of itself what it should; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file in the archive."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Header:
    """Which program made it and when (RFC 3339, UTC). `database` is `embedded` or `external`."""

    format: int
    version: str
    made_at: str
    database: str

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`rows` counts every table in the state that was dumped, `schema` is its newest migration, `roles` what the dump
    names, `postgres` the server's version; `practice` names the practice's own file among `parts`.
    """

    header: Header
    practice: str
    schema: int
    postgres: str
    rows: Mapping[str, int]
    roles: tuple[str, ...]
    parts: tuple[Part, ...] = field(repr=False)

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Manifest:
        """Raises ManifestProblem."""
        try:
            found: dict[str, Any] = json.loads(data)
            return Manifest(
                header=header_from(found["header"]),
                practice=str(found["practice"]),
                schema=int(found["schema"]),
                postgres=str(found["postgres"]),
                rows={str(name): int(count) for name, count in found["rows"].items()},
                roles=tuple(str(role) for role in found["roles"]),
                parts=tuple(Part(str(p["name"]), int(p["bytes"]), str(p["sha256"])) for p in found["parts"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ManifestProblem("the backup's list of its parts is not readable: use another backup") from None


def header_from(found: Any) -> Header:
    """Raises ManifestProblem for one that this program does not read."""
    try:
        header = Header(int(found["format"]), str(found["version"]), str(found["made_at"]), str(found["database"]))
        header.at.utcoffset()
    except (ValueError, KeyError, TypeError):
        raise ManifestProblem("this is no backup of Secondline, or it is damaged") from None
    if header.format > FORMAT:
        raise ManifestProblem(
            f"this backup was made by Secondline {header.version}, whose backups are newer than what this program "
            "reads: restore it with that version"
        )
    return header
