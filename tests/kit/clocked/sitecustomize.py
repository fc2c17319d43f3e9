"""Loaded by the Python of a server whose clock is moved (`tests.kit.clock`), before anything else.

libfaketime 0.9.10 gives the kernel a nonsensical time where a program sleeps until a moment of the monotonic clock
(its clock_nanosleep), as `time.sleep` does since Python 3.11: EINVAL. All other waits are right.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
