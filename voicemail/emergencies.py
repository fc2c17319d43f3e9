"""The folder of calls to the emergency services of which people are yet to hear.

The dialplan writes `<call>.call` there as it places the call; `<call>.told` says who has heard already, so that a
restart tells nobody twice. Both go when everybody has. What the manager interface told, where the disk took nothing, is
kept in memory. Everything is read as if a stranger had written it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from pbx.asterisk.state import write_private
from pbx.domain.emergency import EmergencyCall
from pbx.services.emergency import Untold
from voicemail.spool_out import parse_emergency

_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.call")
_LARGEST = 1024


class EmergencyShelf:
    """`pbx.services.emergency.Shelf` on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heard: dict[UUID, EmergencyCall] = {}
        self._cleared: set[UUID] = set()

    def hear(self, call: UUID, line: str) -> None:
        """The PBX told of a call in another way than by its file."""
        found = _call_of(line)
        if found is not None and call not in self._cleared:
            self._heard[call] = found

    def untold(self) -> list[Untold]:
        """Every call of which somebody has yet to hear. Raises OSError."""
        found = dict(self._heard)
        for path in sorted(self._folder.glob("*.call")):
            call = _call_of(_text(path)) if _NAME.fullmatch(path.name) else None
            if call is not None:
                found[UUID(path.stem)] = call
        return [Untold(call, about, self._told(call)) for call, about in found.items()]

    def tell(self, call: UUID, told: Collection[UUID]) -> None:
        """Remember who has heard of a call. Raises OSError."""
        write_private(self._file(call, "told"), json.dumps([str(one) for one in told]))

    def clear(self, call: UUID) -> None:
        """Everybody has heard of it. Raises OSError."""
        self._cleared.add(call)
        self._heard.pop(call, None)
        for kind in ("call", "told"):  # in this order: what is left of a crash means that everybody was told
            self._file(call, kind).unlink(missing_ok=True)

    def _told(self, call: UUID) -> frozenset[UUID]:
        try:
            return frozenset(UUID(one) for one in json.loads(_text(self._file(call, "told"), 64 * _LARGEST) or "[]"))
        except (ValueError, TypeError, AttributeError):
            return frozenset()

    def _file(self, call: UUID, kind: str) -> Path:
        return self._folder / f"{call}.{kind}"


def _call_of(text: str) -> EmergencyCall | None:
    out = parse_emergency(text)
    return EmergencyCall(out.at, out.phone or "", out.to or "") if out else None


def _text(path: Path, most: int = _LARGEST) -> str:
    try:
        with path.open("rb") as file:
            return file.read(most).decode("ascii", errors="replace")
    except OSError:
        return ""
