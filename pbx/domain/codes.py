"""What the practice's own people dial on their phones to change what happens to calls, with the PIN after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TRY_AGAIN_PROMPT = "try-again"
"""The prompt for a phone whose talk the controller broke off."""


class CodeName(StrEnum):
    """What a code does, as the dialplan and the talk call it."""

    STATE = "what-is-set"
    CLOSED = "closed"
    OPEN = "open"
    VOICEMAIL = "voicemail"
    SCHEDULE = "schedule"
    SNOW_DAY = "snow-day"


@dataclass(frozen=True, slots=True)
class Code:
    """`dial` is what is keyed, `doc` says in a few words what it does."""

    dial: str
    name: CodeName
    doc: str

    @property
    def spoken(self) -> str:
        """As a voice says it so that each key is heard: `star, then 7, then 1`."""
        return ", then ".join("star" if key == "*" else key for key in self.dial)


CODES = (
    Code("*70", CodeName.STATE, "hear what is set (no PIN)"),
    Code("*71", CodeName.CLOSED, "closed now"),
    Code("*72", CodeName.OPEN, "open now"),
    Code("*73", CodeName.VOICEMAIL, "voicemail only: no phone rings"),
    Code("*74", CodeName.SCHEDULE, "back to the schedule"),
    Code("*75", CodeName.SNOW_DAY, "snow day: the whole practice is closed"),
)
"""In the order in which people read them. `*43` is the echo."""

MAILBOX_CODE = "*97"
"""Opens the mailbox on an own phone, as it does in FreePBX."""
