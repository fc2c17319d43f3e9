"""How much room there is where recordings go."""

from __future__ import annotations

import logging
import os
import shutil
from typing import Any

from pbx.asterisk.layout import MARKER, SPOOL_FULL, Layout

LOW_BYTES = 1_000_000_000
"""About eighteen hours of messages: time enough to make room."""

FULL_BYTES = 5_000_000
"""About five minutes of messages."""

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


def problem_of_spool(layout: Layout) -> str | None:
    """What keeps recordings out of the spool, in a sentence; None where they go there."""
    try:
        if not (layout.spool / MARKER).exists():
            return "the spool is not mounted: the file .mounted is missing in it, so the spare folder is used"
        room = os.statvfs(layout.spool)
    except OSError as error:
        return f"the spool cannot be looked at ({error.strerror}), so the spare folder is used"
    if room.f_flag & os.ST_RDONLY:
        return "the spool's disk is read-only, so the spare folder is used"
    if room.f_bavail * room.f_frsize < FULL_BYTES:
        return "the spool's disk is full, so the spare folder is used"
    return None


def spare_a_full_spool(layout: Layout) -> None:
    """Have the dialplan record in the spare folder while the spool's disk is full, where the spare is on another.

    Raises OSError.
    """
    room = os.statvfs(layout.spool)
    full = room.f_bavail * room.f_frsize < FULL_BYTES and layout.spool.stat().st_dev != layout.spare.stat().st_dev
    flag = layout.spare / SPOOL_FULL
    if full and not flag.exists():
        flag.touch(mode=0o600)
    elif not full:
        flag.unlink(missing_ok=True)


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

    @property
    def problem(self) -> str | None:
        """What was wrong at the last look, in a sentence."""
        return DETAIL if self._low else None
