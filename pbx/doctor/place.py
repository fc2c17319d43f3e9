"""What is looked at: a practice's file, its data folder, and the server on it if one runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import Program
from pbx.config.load import Practice


@dataclass(frozen=True, slots=True)
class Place:
    """`practice` is None where the file has `problems`; `status` is what the running server says of itself, or None;
    `asterisk` is None where there is none on this machine, then `no_asterisk` says why.
    """

    config: Path
    layout: Layout
    practice: Practice | None
    problems: tuple[str, ...]
    status: dict[str, Any] | None
    asterisk: Program | None
    no_asterisk: str
    now: datetime

    @property
    def runs(self) -> bool:
        return self.status is not None
