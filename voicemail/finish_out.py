"""Put a call that went out together from what the spool says. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime

from pbx.domain.call import CallStart, Direction, FinishedCall
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.outbound import OutReason
from pbx.domain.outcome import outcome_of_out
from pbx.domain.policy import Policy
from pbx.services.outbound import CELL
from voicemail.spool import SpooledCall
from voicemail.spool_out import SpoolOut

UNKNOWN_DIALLED = ""
"""The number of a call whose start can be read nowhere."""


def went_out(call: SpooledCall) -> bool:
    """Whether what lies in the spool is of a call to a number outside."""
    return call.out is not None or (call.out_end is not None and call.start is None)


def finished_out(call: SpooledCall, policy: Policy) -> FinishedCall:
    """The call as it goes into the log."""
    times = [datetime.fromtimestamp(file.mtime / 1e9, UTC) for file in call.files]
    out = call.out or SpoolOut(min(times), UNKNOWN_DIALLED)
    end = call.out_end
    allowed = None if out.reason is None else out.reason in (OutReason.ALLOWED, OutReason.EMERGENCY)
    return FinishedCall(
        start=_start(call, out, policy),
        ended_at=max(out.at, end.at if end else max(times)),
        outcome=outcome_of_out(end, allowed),
        reason=out.reason or OutReason.NOT_SERVED,
        answered_by=None,
        answered_at=end.answered_at if end else None,
    )


def _start(call: SpooledCall, out: SpoolOut, policy: Policy) -> CallStart:
    shown = Caller(NumberKind.E164, out.shown) if out.shown else Caller(NumberKind.UNUSABLE)
    person = out.person or policy.owner_of(out.phone or "")
    device = out.phone or (CELL if out.person else None)
    return CallStart(call.id, out.to or out.dialled, shown, out.at, Direction.OUTBOUND, person, device, out.about)
