"""The time of day of other programs: set while they run, as an operator or a time server would set the machine's.

libfaketime gives it to Asterisk, PostgreSQL, the controller and all that they start. Waits are not touched, as on a
machine whose clock is set; but what waits for a moment of the day (pthread_cond_timedwait) wakes when that would have
come by the clock as it stood when the wait began, while the kernel would wake it when the clock is set past it.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from pbx.asterisk.programs import find_clock

_PATCHES = Path(__file__).parent / "clocked"


@dataclass(frozen=True)
class Clock:
    """A clock that is some whole seconds off the machine's. `file` says how many; it is looked at each time.

    `ages`: files seem as old as they are, however the clock is set. Otherwise their times are the machine's.
    """

    file: Path
    ages: bool = True

    def __post_init__(self) -> None:
        self.move(timedelta())

    def move(self, by: timedelta) -> None:
        """Be `by` ahead of the machine's clock; at once, for everybody."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{by.total_seconds():+.0f}\n", encoding="ascii")
        fresh.replace(self.file)

    def stand_at(self, at: datetime) -> None:
        """Be `at` (aware) now, or up to a second later, and go on from there."""
        self.move(timedelta(seconds=math.ceil((at - datetime.now(UTC)).total_seconds())))

    def now(self) -> datetime:
        """What the clock shows (UTC)."""
        return datetime.now(UTC) + timedelta(seconds=int(self.file.read_text(encoding="ascii")))

    def env(self) -> dict[str, str]:
        """What a program's environment must have for this to be its clock."""
        found = {
            "LD_PRELOAD": find_clock().argv[0],
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(_PATCHES), os.environ.get("PYTHONPATH")))),
        }
        return found if self.ages else found | {"NO_FAKE_STAT": "1"}


def changes_of(zone: str, after: datetime) -> list[datetime]:
    """The moments (UTC) in the year after `after` at which the clocks of `zone` are changed: there are two."""
    place = ZoneInfo(zone)
    minutes = (after.replace(minute=0, second=0, microsecond=0) + n * timedelta(minutes=30) for n in range(366 * 48))
    return [late for early, late in pairwise(minutes) if _offset(early, place) != _offset(late, place)]


def _offset(at: datetime, place: ZoneInfo) -> timedelta | None:
    return at.astimezone(place).utcoffset()
