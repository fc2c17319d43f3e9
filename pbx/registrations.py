"""From where the phones registered, over restarts: a file of the data folder."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pbx.asterisk.layout import Layout
from pbx.asterisk.state import write_private
from pbx.domain.registrations import Moved, Registration, RegistrationBook


class Registrations:
    """`now` is what was registered when it was last looked at."""

    def __init__(self, layout: Layout) -> None:
        self.now: tuple[Registration, ...] = ()
        self._layout = layout
        self._book = _kept(layout)

    def look(self, found: Sequence[Registration]) -> list[Moved]:
        """Take what is registered now; those that came from somewhere new."""
        self.now = tuple(found)
        before = self._book.to_json()
        moved = self._book.seen(found)
        if (after := self._book.to_json()) != before:
            write_private(self._layout.registrations, json.dumps(after, indent=1) + "\n")
        return moved

    def state(self) -> dict[str, dict[str, object]]:
        return {one.phone: {"address": one.address, "agent": one.agent, "tls": one.secure} for one in self.now}


def _kept(layout: Layout) -> RegistrationBook:
    try:
        return RegistrationBook.from_json(json.loads(layout.registrations.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return RegistrationBook()
