"""What a run found: what was wrong, by the invariant of docs/faults.md, and figures of what was not."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """`wrong` has sentences by the invariant; the rest are counts.

    `tails` are seconds of voice that a kill of Asterisk cost, `tails_of_disk` those that a disk did which took nothing.
    """

    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    messages: int = 0
    hit: int = 0
    tails: list[float] = field(default_factory=list)
    tails_of_disk: list[float] = field(default_factory=list)
    torn: int = 0
    unanswered: int = 0
    untold: int = 0
    met_disk: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    audit_rows: int = 0
    mails: int = 0
    mails_again: int = 0

    def note(self, invariant: str, text: str) -> None:
        self.wrong[invariant].append(text)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "wrong": {invariant: sorted(texts) for invariant, texts in sorted(self.wrong.items())},
            "messages": self.messages,
            "calls_hit_by_a_kill_of_asterisk": self.hit,
            "calls_that_met_a_disk_fault": self.met_disk,
            "longest_tail_s": round(max(self.tails, default=0.0), 3),
            "longest_tail_of_a_disk_fault_s": round(max(self.tails_of_disk, default=0.0), 3),
            "recordings_with_gaps": self.torn,
            "not_answered_while_asterisk_was_down": self.unanswered,
            "outcomes": dict(sorted(self.outcomes.items())),
            "audit_rows_verified": self.audit_rows,
            "mails": self.mails,
            "mails_that_came_again_with_the_same_id": self.mails_again,
        }
