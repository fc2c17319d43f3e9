"""Backups: a key, a backup that is not old, and a trial that is not old."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx.backup.record import Kept, read_record
from pbx.doctor.finding import Finding, ok, warning
from pbx.doctor.place import Place

SUBJECT = "backups"
TRIAL_OLD = timedelta(days=92)


async def look(place: Place) -> list[Finding]:
    kept = read_record(place.layout.backups)
    return [
        judge_key(place.layout.backup_key.is_file()),
        judge_age(kept, place.now),
        judge_trial(kept.verified_at, place.now),
    ]


def judge_key(there: bool) -> Finding:
    if not there:
        remedy = "Make one, and keep it away from this machine: secondline backup-key create FILE"
        return warning(SUBJECT, "key", "there is none", remedy)
    return ok(SUBJECT, "key", "there; its secret half should not be on this machine")


def judge_age(kept: Kept, now: datetime) -> Finding:
    remedy = "Run `secondline backup` every night, from a timer (docs/running.md)."
    if kept.made_at is None:
        return warning(SUBJECT, "last", "there was none yet", remedy)
    if kept.is_old(now):
        return warning(SUBJECT, "last", f"{(now - kept.made_at).days} days ago", remedy)
    return ok(SUBJECT, "last", f"{kept.made_at:%Y-%m-%d %H:%M} UTC")


def judge_trial(verified: datetime | None, now: datetime) -> Finding:
    remedy = "Try one out: secondline restore FILE --verify --key FILE (docs/running.md)."
    if verified is None:
        return warning(SUBJECT, "last trial", "none on this machine", remedy)
    if now - verified > TRIAL_OLD:
        return warning(SUBJECT, "last trial", f"{(now - verified).days} days ago", remedy)
    return ok(SUBJECT, "last trial", f"{verified:%Y-%m-%d}")
