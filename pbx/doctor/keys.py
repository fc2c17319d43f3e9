"""Secrets on the disk: there, and nobody else's to read."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from pbx.doctor.finding import Finding, ok, problem
from pbx.doctor.place import Place
from pbx.key_ring import ring_of
from pbx.sealing.keys import KeysMissing

SUBJECT = "keys"
_READABLE = "readable-secret"
"""The warning of the practice's file about a secret that it names (`pbx.config.machine`)."""


async def look(place: Place) -> list[Finding]:
    found = [judge_folder(place.layout.data, _mode(place.layout.data))] if place.layout.data.is_dir() else []
    found += [judge_file(path, _mode(path)) for path in secret_files(place)]
    found += _master_keys(place)
    told = place.practice.warnings if place.practice else ()
    return found + [problem(SUBJECT, one.key, one.what, one.remedy) for one in told if one.name == _READABLE]


def judge_master_keys(ids: Sequence[str], made: bool, why_not: str) -> Finding:
    """`ids` of the keys that are there; `made` tells that there were some once; `why_not` that they are refused."""
    name = "master keys"
    if why_not:
        return problem(SUBJECT, name, why_not, "Put your copy of the keys back where the practice's file says.")
    if not ids and made:
        remedy = "Put your copy of the keys back (`secondline keys copy` made it): without them no message can be read."
        return problem(SUBJECT, name, "lost: there were some, and none is there", remedy)
    return ok(SUBJECT, name, f"{len(ids)}, in force {ids[-1]}" if ids else "made at the first start")


def _master_keys(place: Place) -> list[Finding]:
    if place.practice is None:
        return []
    try:
        ids, why_not = ring_of(place.practice.settings, place.layout).ids(), ""
    except KeysMissing as error:
        ids, why_not = (), str(error)
    return [judge_master_keys(ids, place.layout.keys_made.exists(), why_not)]


def secret_files(place: Place) -> Iterator[Path]:
    """Files that hold a secret; those that are not there (yet) are left out."""
    layout = place.layout
    if place.practice:
        yield from sorted((place.practice.settings.keys.folder or layout.keys).glob("*.key"))
    audit = place.practice.settings.audit.key if place.practice else None
    tls = (layout.tls_server, layout.tls_authority)
    for path in (layout.secrets, layout.backup_key, layout.pins, audit or layout.audit_key, *tls):
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
