"""The clock and the time zones: hours, rotas and the audit live by them."""

from __future__ import annotations

import ctypes
import ctypes.util
from datetime import UTC, datetime
from importlib import metadata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "clock"
_TIMEX_BYTES = 512  # struct timex has 208 (adjtimex(2)); its first word asks for no change when it is 0
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_NEVER_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
_REMEDY = "Switch time synchronisation on: timedatectl set-ntp true, or install chrony."


async def look(place: Place) -> list[Finding]:
    zone = place.practice.policy.timezone if place.practice else "UTC"
    return [judge_time(place.now), judge_synchronised(synchronised()), judge_zone(zone)]


def judge_time(now: datetime) -> Finding:
    if now < _NEVER_BEFORE:
        remedy = "Set the clock: hours and rotas follow it."
        return problem(SUBJECT, "time", f"{now:%Y-%m-%d %H:%M} UTC, which was before this program", remedy)
    return ok(SUBJECT, "time", f"{now:%Y-%m-%d %H:%M} UTC")


def judge_synchronised(state: bool | None) -> Finding:
    if state is None:
        return warning(SUBJECT, "synchronisation", "the system does not tell", _REMEDY)
    if not state:
        return warning(SUBJECT, "synchronisation", "nobody keeps the clock right", _REMEDY)
    return ok(SUBJECT, "synchronisation", "the clock is kept right")


def judge_zone(zone: str) -> Finding:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return problem(SUBJECT, "time zones", f"{zone} is not known here", "Install the package tzdata.")
    return ok(SUBJECT, "time zones", f"{zone}; data {metadata.version('tzdata')}")


def synchronised() -> bool | None:
    """Whether the kernel's clock is kept right by something, as adjtimex(2) tells; None where it does not."""
    try:
        libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
        state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED
