"""How much room there is where recordings go."""

from __future__ import annotations

import logging
import shutil
from typing import Any

from pbx.asterisk.layout import Layout

LOW_BYTES = 1_000_000_000
"""About eighteen hours of messages: time enough to make room."""

DETAIL = (
    "less than 1 GB is free where recordings go; make room. Calls are answered, and messages taken as long as they fit"
)

log = logging.getLogger(__name__)


def free_bytes(layout: Layout) -> int:
    """What is free on the fullest of the disks that recordings go to."""
    folders = (layout.data, layout.spool, layout.spare, layout.messages)
    return min(shutil.disk_usage(folder).free for folder in folders if folder.exists())


def disk_json(layout: Layout) -> dict[str, Any]:
    """The disk's part of the status."""
    free = free_bytes(layout)
    low = free < LOW_BYTES
    return {"free_bytes": free, "low": low, "detail": DETAIL if low else ""}


class DiskWatch:
    """Warns in the log when the disk gets full, once each time."""

    def __init__(self) -> None:
        self._low = False

    def look(self, layout: Layout) -> int:
        """The bytes that are free now."""
        free = free_bytes(layout)
        if free < LOW_BYTES and not self._low:
            log.warning("low disk: %s", DETAIL)
        self._low = free < LOW_BYTES
        return free
