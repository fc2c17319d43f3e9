"""Cores, memory, and what kind of disk the data are on."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "machine"
ENOUGH_CORES = 2
SPARE_MB = 700
"""What Asterisk, PostgreSQL and the controller take beside the recogniser (`make bench`, footprint)."""

_FORGETS = ("tmpfs", "ramfs", "overlay")
_NO_LOCKS = ("vfat", "exfat", "msdos", "fuseblk", "ntfs", "ntfs3")
_FAR = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs")


async def look(place: Place) -> list[Finding]:
    wanted = place.practice.settings.recognizer.memory_mb if place.practice else 0
    kind = file_system_of(place.layout.data)
    return [
        judge_cores(os.cpu_count() or 1),
        judge_memory(psutil.virtual_memory().total // 2**20, wanted),
        judge_file_system(kind),
    ]


def judge_cores(cores: int) -> Finding:
    if cores < ENOUGH_CORES:
        return warning(SUBJECT, "cores", f"{cores} core", f"Give it {ENOUGH_CORES}: words of messages come late.")
    return ok(SUBJECT, "cores", f"{cores} cores")


def judge_memory(total_mb: int, recogniser_mb: int) -> Finding:
    """`recogniser_mb` bounds the recogniser (`memory_mb`); it takes so much only for its largest models."""
    if total_mb < recogniser_mb + SPARE_MB:
        remedy = "Give the machine more memory, or lower memory_mb in [voicemail]."
        return warning(SUBJECT, "memory", f"{total_mb} MB, {recogniser_mb} of them for the recogniser", remedy)
    return ok(SUBJECT, "memory", f"{total_mb} MB")


def judge_file_system(kind: str) -> Finding:
    name = "file system"
    if kind in _FORGETS:
        return warning(
            SUBJECT, name, f"{kind}: it is gone after a restart", "Put the data folder on a disk that lasts (--data)."
        )
    if kind in _NO_LOCKS:
        remedy = "Put the data folder on ext4 or xfs (--data)."
        return problem(SUBJECT, name, f"{kind}: it keeps neither modes nor locks", remedy)
    if kind in _FAR:
        remedy = "Put the data folder on a disk of this machine (--data): a message must not wait for a network."
        return problem(SUBJECT, name, f"{kind}: it lies on another machine", remedy)
    return ok(SUBJECT, name, kind or "not known")


def file_system_of(path: Path) -> str:
    """The kind of the file system that holds `path`, or would; empty if the system does not tell."""
    there = next(folder for folder in (path, *path.parents) if folder.exists()).resolve()
    mounts = [m for m in psutil.disk_partitions(all=True) if there.is_relative_to(m.mountpoint)]
    return max(mounts, key=lambda mount: len(mount.mountpoint)).fstype if mounts else ""
