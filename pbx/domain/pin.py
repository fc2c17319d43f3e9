"""What a PIN has to be, and how long one who keys wrong ones has to wait."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SHORTEST, LONGEST = 4, 10

FREE_TRIES = 3
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
"""After the third wrong try in a row, the fourth, and so on; the last one then stays."""

_RUNS = ("01234567890", "09876543210")


@dataclass(frozen=True, slots=True)
class PinRecord:
    """That a person (a key of the practice's file) has a PIN, since when, and the account that set it."""

    person: str
    hashed: str = field(repr=False)
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Lockout:
    """`wrong` tries in a row locked a person's PIN until `until` (aware)."""

    person: str
    wrong: int
    until: datetime


def weakness(pin: str, numbers: Iterable[str] = ()) -> str | None:
    """What is wrong with a PIN, in a sentence without it; None if it may be used.

    `numbers` are telephone numbers and phones' names that others know: no part of their digits is a PIN.
    """
    if not re.fullmatch(f"[0-9]{{{SHORTEST},{LONGEST}}}", pin):
        return f"a PIN has {SHORTEST} to {LONGEST} digits and nothing else"
    if len(set(pin)) == 1:
        return "a PIN of one digit over and over is the first that others try: choose another one"
    if any(pin in run for run in _RUNS):
        return "a PIN of digits in their order is among the first that others try: choose another one"
    half = len(pin) // 2
    if len(pin) % 2 == 0 and pin[:half] == pin[half:]:
        return "a PIN that says the same twice is among the first that others try: choose another one"
    if any(pin in re.sub(r"[^0-9]", "", number) for number in numbers):
        return "a PIN that stands in a telephone number or a phone's name is easily found: choose another one"
    return None


def wait_after(wrong: int) -> timedelta | None:
    """How long nothing is taken after so many wrong tries in a row; None while more are free."""
    if wrong < FREE_TRIES:
        return None
    return WAITS[min(wrong - FREE_TRIES, len(WAITS) - 1)]
