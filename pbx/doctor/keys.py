"""Secrets on the disk: there, and nobody else's to read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from pbx.doctor.finding import Finding, ok, problem
from pbx.doctor.place import Place

SUBJECT = "keys"
_READABLE = "readable-secret"
"""The warning of the practice's file about a secret that it names (`pbx.config.machine`)."""


async def look(place: Place) -> list[Finding]:
    found = [judge_folder(place.layout.data, _mode(place.layout.data))] if place.layout.data.is_dir() else []
    found += [judge_file(path, _mode(path)) for path in secret_files(place)]
    told = place.practice.warnings if place.practice else ()
    return found + [problem(SUBJECT, one.key, one.what, one.remedy) for one in told if one.name == _READABLE]


def secret_files(place: Place) -> Iterator[Path]:
    """Files that hold a secret; those that are not there (yet) are left out."""
    layout = place.layout
    for path in (layout.secrets, layout.backup_key, layout.pins):
        if path.is_file():
            yield path


def judge_folder(folder: Path, mode: int) -> Finding:
    if mode & 0o077:
        return problem(SUBJECT, "data folder", f"others may enter {folder} ({mode:o})", f"Run: chmod 700 {folder}")
    return ok(SUBJECT, "data folder", "for its owner only")


def judge_file(path: Path, mode: int) -> Finding:
    if mode & 0o077:
        return problem(SUBJECT, path.name, f"others may read it ({mode:o})", f"Run: chmod 600 {path}")
    return ok(SUBJECT, path.name, "there, for its owner only")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
