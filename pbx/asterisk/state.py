"""Small state files that are either wholly old or wholly new, and nobody else's to read."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str, *, durable: bool = True) -> bool:
    """Put `text` into `path` (mode 0600), atomically and durably. False when it is there already.

    `durable` False leaves it to the kernel when it gets to the disk: for what is written again after a power cut.
    """
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123 (a descriptor, for its mode)
        out.write(text)
        out.flush()
        if durable:
            os.fsync(handle)
    part.replace(path)
    return True
