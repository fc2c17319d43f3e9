"""What the file says about calling patients back: within which time, of the clock or of open hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from pbx.config.people import mailboxes_of
from pbx.config.problems import did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.values import parse_span
from pbx.domain.callback import Limit, Limits
from pbx.domain.policy import Policy
from pbx.domain.schedule import Schedule


def build_call_back(file: PracticeFile, schedules: Mapping[str, Schedule], report: Report) -> Limits:
    """The limits of all mailboxes; a table for one that does not exist is a problem."""
    hours = _hours(file, schedules, report)
    known = mailboxes_of(file) | dict.fromkeys((*report.declared("people"), *report.declared("teams")))
    boxes = {}
    for key, section in file.mailboxes.items():
        if key not in known:
            report.problem(("mailboxes", key), f"there is no mailbox {key!r}", did_you_mean(key, list(known)))
        if section.call_back_within is not None:
            boxes[key] = Limit(parse_span(section.call_back_within), hours)
    within = file.voicemail.call_back_within
    usual = None if within is None else Limit(parse_span(within), hours)
    if usual is None and not boxes and file.voicemail.call_back_schedule is not None:
        remedy = 'add call_back_within = "4h", or take it out'
        report.warning(("voicemail", "call_back_schedule"), "is not used", remedy, "unused")
    return Limits(usual, boxes)


def _hours(file: PracticeFile, schedules: Mapping[str, Schedule], report: Report) -> Schedule | None:
    key = file.voicemail.call_back_schedule
    if key is not None and key not in report.declared("schedules"):
        what = f"there is no schedule {key!r}"
        report.problem(("voicemail", "call_back_schedule"), what, did_you_mean(key, report.declared("schedules")))
    return None if key is None else schedules.get(key)


def call_back_in_words(policy: Policy) -> Iterator[str]:
    """Until when patients are called back, a sentence a limit."""
    limits = policy.call_back
    if limits.usual:
        yield f"Patients are called back within {_limit(limits.usual)}, or the message is overdue."
    for box, limit in limits.mailboxes.items():
        yield f"Mailbox {box!r}: patients are called back within {_limit(limit)}."


def _limit(limit: Limit) -> str:
    hours, rest = divmod(limit.within, timedelta(hours=1))
    parts = [f"{hours} h"] * bool(hours) + [f"{rest // timedelta(minutes=1)} min"] * bool(rest)
    return " ".join(parts) + (f" of the hours of {limit.hours.name!r}" if limit.hours else "")
