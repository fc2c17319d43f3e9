"""When to try again what failed: later each time, and never all at one moment."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=15)
LONGEST = timedelta(hours=1)
HELD = timedelta(seconds=5)
"""How soon to look again for a phone that is off: looking costs nothing, and its owner waits."""

GIVE_UP_AFTER = timedelta(days=3)


def wait_after(attempt: int, luck: float) -> timedelta:
    """How long to wait after the `attempt`-th failure (from 1 on). `luck` in 0..1 spreads it over half of the span."""
    longest = min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 20))
    return longest * (0.5 + luck / 2)
