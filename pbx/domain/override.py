"""Overrides: what somebody says for a while against the hours of the practice's file. Each has an end. Pure values.

The last word said holds: of all overrides that concern a line at an instant, the newest decides, whatever its scope. So
what was confirmed to whoever set it is true, and when it ends the one before holds again, or the schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """Whom an override is for."""

    PRACTICE = "practice"
    NUMBER = "number"
    PERSON = "person"


class Mode(StrEnum):
    """What an override says. `VOICEMAIL` rings nobody but those on call; `SNOW_DAY` is closed with its own greeting."""

    CLOSED = "closed"
    OPEN = "open"
    VOICEMAIL = "voicemail"
    SNOW_DAY = "snow-day"

    @property
    def in_words(self) -> str:
        return {Mode.VOICEMAIL: "voicemail only", Mode.SNOW_DAY: "snow day"}.get(self, self.value)


@dataclass(frozen=True, slots=True)
class Override:
    """`mode` holds for `target` from `starts` until just before `ends` (aware).

    `target` is a number (E.164), the key of a person, or empty for the practice. `by` and `reason` are the record.
    `id` is None before it is kept.
    """

    id: int | None
    scope: Scope
    target: str
    mode: Mode
    starts: datetime
    ends: datetime
    by: str = ""
    reason: str = ""

    def holds(self, at: datetime) -> bool:
        return self.starts <= at < self.ends

    @property
    def rule(self) -> str:
        """Its name as the deciding rule of a call."""
        return f"overrides.{self.id or 'new'}"


@dataclass(frozen=True, slots=True)
class OverrideRecord:
    """An override as it is on record: when it was made, and when and by whom it was ended early (None: it was not)."""

    override: Override
    made_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


def newest(overrides: Iterable[Override]) -> Override | None:
    """The one that was said last. One without an id is about to be kept: it is newer than all that are."""
    return max(overrides, key=lambda one: (one.starts, one.id is None, one.id or 0), default=None)
