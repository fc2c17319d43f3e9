"""What a hint is: something that a program takes words of a message to mean, beside those very words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

UNSURE_BELOW = 0.6
"""Words under this confidence are marked for the reader."""


class HintKind(StrEnum):
    """In the order in which a reader wants them."""

    RED_FLAG = "red-flag"
    CALL_BACK = "call-back"
    NAME = "name"
    BIRTH_DATE = "birth-date"
    REASON = "reason"
    OTHER_NUMBER = "other-number"
    WORD = "word"


class Urgency(IntEnum):
    """How soon a message is to be read."""

    ROUTINE = 0
    URGENT = 1

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to `end` of a transcript's text."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Hint:
    """`value` is what the words `said`, which stand at `span` of the transcript, are taken to mean.

    A call-back number's value is E.164 or, where the number is not whole, the digits heard; a birth date's is ISO 8601;
    a red flag's is the practice's own phrase; a word's is the word of the practice's list that may have been meant.
    `note` is what to know about it, for people. `sure` is the recogniser's lowest confidence (0..1) in these words,
    None where it gives none.
    """

    kind: HintKind
    value: str
    said: str
    span: Span
    note: str = ""
    sure: float | None = None

    @property
    def unsure(self) -> bool:
        """The recogniser itself was not sure of these words."""
        return self.sure is not None and self.sure < UNSURE_BELOW
