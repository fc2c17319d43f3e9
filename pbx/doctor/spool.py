"""The folders in which calls wait: whether their disks are there, and whether something lies in them for long."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pbx.asterisk.layout import MARKER
from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place
from voicemail.spool import QUARANTINE, read_spool

SUBJECT = "spool"
LONG_SECONDS = 900


async def look(place: Place) -> list[Finding]:
    layout = place.layout
    folders = [folder for folder in (layout.spool, layout.spare) if folder.is_dir()]
    found = [judge_marker(folder, (folder / MARKER).exists()) for folder in folders]
    found += [judge_quarantine(folder, _entries(folder / QUARANTINE)) for folder in folders]
    return [*found, judge_waiting(_ages(layout.spool, layout.spare, place.now), place.runs)] if folders else found


def judge_marker(folder: Path, there: bool) -> Finding:
    if not there:
        remedy = f"Mount its disk; if it is meant to be no disk of its own, make the file {folder / MARKER}."
        return problem(SUBJECT, f"{folder.name} marker", f"{MARKER} is missing: its disk is away", remedy)
    return ok(SUBJECT, f"{folder.name} marker", "there")


def judge_quarantine(folder: Path, count: int) -> Finding:
    name = f"{folder.name} put aside"
    if count:
        remedy = f"Look at the files in {folder / QUARANTINE}: they may hold what a patient said. Then remove them."
        return warning(SUBJECT, name, f"{count} files could not be understood", remedy)
    return ok(SUBJECT, name, "nothing")


def judge_waiting(ages: list[float], runs: bool) -> Finding:
    """`ages` of the calls that wait, in seconds."""
    late = [age for age in ages if age > LONG_SECONDS]
    if late and runs:
        remedy = "See `secondline status`: most often the database is away; they are taken in when it is back."
        return warning(SUBJECT, "waiting", f"{len(late)} calls wait for more than a quarter of an hour", remedy)
    if ages and not runs:
        remedy = "Start the server: it takes them in."
        return warning(SUBJECT, "waiting", f"{len(ages)} calls wait to be taken in", remedy)
    return ok(SUBJECT, "waiting", f"{len(ages)} calls are on their way" if ages else "nothing")


def _entries(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _ages(spool: Path, spare: Path, now: datetime) -> list[float]:
    calls = read_spool(spool, spare).calls
    return [now.timestamp() - min(file.mtime for file in call.files) / 1e9 for call in calls]
