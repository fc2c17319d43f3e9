"""Asterisk's logs, kept from filling the disk: a flood from outside writes a line for each refusal."""

from __future__ import annotations

from pbx.asterisk.layout import Layout

LARGEST = 20_000_000
"""Bytes after which a log begins anew; the one before is kept beside it as `.1`."""


def rotate(layout: Layout, largest: int = LARGEST) -> bool:
    """Put logs aside that have grown past `largest` bytes. True when Asterisk has to open new ones."""
    logs = (layout.messages_log, layout.security_log, layout.cel)
    grown = [log for log in logs if log.is_file() and log.stat().st_size > largest]
    for log in grown:
        log.replace(log.with_name(f"{log.name}.1"))
    return bool(grown)
