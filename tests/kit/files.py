"""What lies in a folder while programs work in it: files come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file under `folder` with what is in it; one that goes away meanwhile is not there."""
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes()


def modes(folder: Path) -> Iterator[tuple[Path, int]]:
    """`folder` and all under it but links, with their permissions; what goes away meanwhile is not there."""
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            if not path.is_symlink():
                yield path, path.stat().st_mode & 0o777
