"""`secondline audit`: whether the audit was left alone, what it says, and a copy that others can verify."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from pbx.asterisk.layout import Layout
from pbx.auditing.export import NotExported, Wish, verify_export, write_export
from pbx.auditing.files import FileAway, read_files
from pbx.auditing.key import KeyProblem
from pbx.auditing.trail import AuditTrail
from pbx.auditing.verify import Report, Verdict
from pbx.auditing.verify import verify as verify_chain
from pbx.cli.errors import BadOption, sentence
from pbx.cli.records import operator, with_records
from pbx.cli.rules import parse_time
from pbx.config.load import Practice
from pbx.database import DatabaseProblem, Records
from pbx.domain.checkpoints import Cause
from pbx.output import console, print_json, rfc3339
from pbx.store.chain import Noted, Sought
from pbx.trail import audit_trail


def verify(options: Namespace) -> int:
    """Verify the audit, or an export of one; the exit status is the verdict."""
    try:
        if options.export:
            return _tell(verify_export(Path(options.export), options.key), options)
        return with_records(options, lambda records, practice: _verify_here(records, practice, options))
    except (*DatabaseProblem, NotExported, FileAway, KeyProblem, OSError) as error:
        return _tell(Report(unknown=sentence(error)), options)


def show(options: Namespace) -> int:
    """Print rows, the newest first."""

    async def use(records: Records, practice: Practice) -> int:
        zone = practice.policy.timezone
        since, until = _span(options, zone)
        found = await records.audit.found(
            Sought(since, until, options.actor, options.action, options.about), options.limit
        )
        if options.json:
            print_json([_row_json(row) for row in found])
            return 0
        for row in found:
            console().print(_row_in_words(row, zone), markup=False)
        if not found:
            print("The audit has no such row.")
        return 0

    return with_records(options, use)


def export(options: Namespace) -> int:
    """Write rows to a file, with the checkpoints that prove them; noted in the audit first."""

    async def use(records: Records, practice: Practice) -> int:
        since, until = _span(options, practice.policy.timezone)
        span = await records.audit.span(since, until)
        if span is None:
            raise NotExported("the audit has no row of that time")
        wish = Wish(*span, about=options.about)
        whole = options.about or "all"
        await records.audit.note(operator(), "audit-exported", "audit", first=span[0], last=span[1], about=whole)
        trail = _trail(records, practice, options)
        await trail.checkpoint(Cause.COMMAND)
        about = {"practice": practice.policy.practice, "made_by": operator()}
        with _private(Path(options.target)) as out:
            written = await write_export(out, records.audit, await trail.checkpoints(), wish, about)
        told = {"file": options.target, "shown": written.shown, "by_hash": written.by_hash, "first": span[0]}
        if options.json:
            print_json(told | {"last": span[1], "anchored": written.anchored})
        else:
            others = f", {written.by_hash} more by their hash alone" if written.by_hash else ""
            print(f"{options.target}: {written.shown} rows{others}, signed up to row {written.anchored}.")
            print(f"Anybody can verify it: secondline audit verify --export {options.target} (docs/audit.md)")
        return 0

    return with_records(options, use)


def checkpoint(options: Namespace) -> int:
    """Sign where the audit ends now, or that a backup was brought back."""

    async def use(records: Records, practice: Practice) -> int:
        trail = _trail(records, practice, options)
        if options.restored is not None:
            reason = _line(options.restored)
            made = await trail.restored(reason)
            await records.audit.note(operator(), "audit-restored", "audit", kept=made.end.seq, reason=reason)
        made_now = await trail.checkpoint(Cause.COMMAND)
        state = trail.state
        if options.json:
            told = {"seq": state.anchored, "at": rfc3339(state.anchored_at), "new": made_now is not None}
            print_json(told | {"copy_problem": state.copy_problem})
        else:
            print(f"The audit is signed up to row {state.anchored}.")
            if state.copy_problem:
                print(state.copy_problem)
        return 0

    return with_records(options, use)


async def _verify_here(records: Records, practice: Practice, options: Namespace) -> int:
    if options.checkpoints:
        key = options.key or _trail(records, practice, options).public_key()
        log = read_files([Path(file) for file in options.checkpoints], key)
        report = await verify_chain(records.audit, log, key)
    else:
        report = await _trail(records, practice, options).verify(options.key)
    return _tell(report, options, append_only=not await records.audit.can_do_more())


def _tell(report: Report, options: Namespace, append_only: bool | None = None) -> int:
    now = datetime.now(UTC)
    if options.json:
        print_json(report.as_json(now) | {"append_only": append_only})
    else:
        for line in _in_words(report, now, append_only):
            print(line)
    return int(report.verdict)


def _in_words(report: Report, now: datetime, append_only: bool | None) -> list[str]:
    lines = []
    if report.verdict is Verdict.INTACT:
        lines.append(f"The audit was left alone: {report.checked} rows follow each other, none missing, none changed.")
    elif report.verdict is Verdict.CANNOT_TELL:
        lines.append(f"Nobody can tell whether the audit was left alone: {(report.unknown or '').rstrip('.')}.")
    else:
        lines.append("THE AUDIT WAS TAMPERED WITH, or damaged.")
    lines += [f"  {finding.kind}: {finding.what}" for finding in report.findings]
    if report.anchored is not None and report.anchored_at is not None:
        minutes = (now - report.anchored_at).total_seconds() / 60
        lines.append(
            f"Signed up to row {report.anchored}, {minutes:.0f} minutes ago, by {report.checkpoints} checkpoints."
        )
    if report.unanchored and report.anchored is not None:
        lines.append(f"Not signed yet: {report.unanchored} rows. Whoever owns the database could still change those.")
    lines += [
        f"A backup was brought back on {one.at:%d %b %Y}: rows {one.seq + 1} to {one.lost} are gone ({one.reason})."
        for one in report.restores
    ]
    if append_only is False:
        lines.append("The program's database role owns the audit: give it one that cannot change it (docs/audit.md).")
    if report.key:
        lines.append(f"Public key: {report.key}")
    return lines


def _trail(records: Records, practice: Practice, options: Namespace) -> AuditTrail:
    return audit_trail(records.audit, Layout(Path(options.data)), practice.settings.audit)


def _span(options: Namespace, timezone: str) -> tuple[datetime | None, datetime | None]:
    since, until = (parse_time(text, timezone) if text else None for text in (options.since, options.until))
    return since, until


def _private(target: Path) -> TextIO:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8")


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise BadOption("--restored must be one line of at most 200 characters that says why")
    return text.strip()


def _row_json(row: Noted) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "object": row.object,
        "detail": row.detail,
    }


def _row_in_words(row: Noted, timezone: str) -> str:
    detail = ", ".join(f"{key}: {value}" for key, value in row.detail.items())
    more = f" ({detail})" if detail else ""
    when = f"{row.at.astimezone(ZoneInfo(timezone)):%d %b %Y %H:%M:%S}"
    return f"{row.seq:>6} {when} {row.actor} {row.action} {row.object}{more}"
