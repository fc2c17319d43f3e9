"""What people changed by command, as it was last known: files of the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.layout import PRIVATE_DIR, Layout
from pbx.asterisk.state import write_private
from pbx.domain.facts import Facts
from pbx.services.oncall import SWAPS
from pbx.services.overrides import OVERRIDES
from pbx.services.own_greetings import GREETINGS


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`pbx.services.in_force.Keepsake`."""

    path: Path

    def read(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, text: str) -> None:
        # With a database of its own a practice may use a command before the server made its data folder.
        self.path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        write_private(self.path, text)


def last_known(layout: Layout) -> Facts:
    """What decides besides the practice's file, as far as it is known without the database."""
    return Facts(
        swaps=SWAPS.from_text(KeptFile(layout.swaps).read()),
        overrides=OVERRIDES.from_text(KeptFile(layout.overrides).read()),
        greetings=GREETINGS.from_text(KeptFile(layout.own_greetings).read()),
    )
