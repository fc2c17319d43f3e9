"""Room for messages: bytes and names, and whether the folders can be written."""

from __future__ import annotations

import os
from pathlib import Path

from pbx.disk import LOW_BYTES
from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "disk"
GETTING_LOW = 5 * LOW_BYTES
LOW_INODES = 0.05


async def look(place: Place) -> list[Finding]:
    layout = place.layout
    seen: dict[int, list[Finding]] = {}
    for folder in (layout.data, layout.messages, layout.spool, layout.spare, layout.postgres):
        if folder.exists():
            seen.setdefault(folder.stat().st_dev, _room(folder))
    found = [finding for findings in seen.values() for finding in findings]
    return found or [ok(SUBJECT, "data folder", f"{layout.data} is made at the first start")]


def judge_room(folder: Path, free: int) -> Finding:
    """`free` bytes."""
    detail = f"{free / 1e9:.1f} GB are free at {folder}"
    if free < LOW_BYTES:
        return problem(SUBJECT, "room", detail, "Make room, or set keep_days: messages are lost when nothing is free.")
    if free < GETTING_LOW:
        return warning(SUBJECT, "room", detail, "Make room before it is urgent, or set keep_days.")
    return ok(SUBJECT, "room", detail)


def judge_inodes(folder: Path, free: int, of: int) -> Finding:
    """Names that the file system has left; some have no bound (`of` is 0)."""
    if of and free / of < LOW_INODES:
        remedy = "Remove small files from that disk: without names no message can be stored, whatever room there is."
        return problem(SUBJECT, "names", f"{free} of {of} names are free at {folder}", remedy)
    return ok(SUBJECT, "names", f"enough at {folder}")


def _room(folder: Path) -> list[Finding]:
    seen = os.statvfs(folder)
    found = [
        judge_room(folder, seen.f_bavail * seen.f_frsize),
        judge_inodes(folder, seen.f_favail, seen.f_files),
    ]
    if not os.access(folder, os.W_OK | os.X_OK) or seen.f_flag & os.ST_RDONLY:
        remedy = "Mount it for writing, and give it to the account that runs Secondline."
        found.append(problem(SUBJECT, "writing", f"{folder} cannot be written", remedy))
    return found
