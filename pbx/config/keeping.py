"""What the file says about how long messages are kept."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config.people import mailboxes_of
from pbx.config.problems import did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.domain.keeping import BoxRule, Keeping


def build_keeping(file: PracticeFile, report: Report) -> Keeping:
    """The rules of all mailboxes; a table for one that does not exist is a problem."""
    known = mailboxes_of(file) | dict.fromkeys((*report.declared("people"), *report.declared("teams")))
    usual = BoxRule(file.voicemail.keep_days, file.voicemail.max_messages)
    boxes = {}
    for key, section in file.mailboxes.items():
        if key not in known:
            report.problem(("mailboxes", key), f"there is no mailbox {key!r}", did_you_mean(key, list(known)))
        days = section.keep_days or (None if section.keep_forever else usual.keep_days)
        boxes[key] = BoxRule(days, section.max_messages or usual.max_messages)
    return Keeping(usual, boxes)


def kept_in_words(keeping: Keeping) -> Iterator[str]:
    """What becomes of old messages, a sentence a rule; nothing where all are kept."""
    if keeping.usual.keep_days:
        yield f"{_erased(keeping.usual)}, but none that is on legal hold."
    for mailbox, rule in keeping.mailboxes.items():
        if rule.keep_days != keeping.usual.keep_days:
            what = _erased(rule) if rule.keep_days else "Messages are kept for good"
            yield f"Mailbox {mailbox!r}: {what[0].lower()}{what[1:]}."


def _erased(rule: BoxRule) -> str:
    return f"Messages that were opened are erased {rule.keep_days} days after they came"
