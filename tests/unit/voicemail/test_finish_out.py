"""Sidecars of calls that go out: read strictly, and put together into what goes into the log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pbx.domain.call import Direction, FinishedCall
from pbx.domain.outbound import OutReason
from pbx.domain.outcome import Outcome
from tests.kit.asterisk import DESK, DID, a_practice
from voicemail.finish_out import finished_out, went_out
from voicemail.spool import parse_end, parse_start, read_call
from voicemail.spool_out import parse_emergency, parse_out, parse_out_end

AT = datetime.fromtimestamp(1795836777.679, UTC)
TYPED = f"o1|1795836777.679|phone.{DESK}|*812155550123|1795836777.20"
ALLOWED = f"{TYPED}\n+12155550123|{DID}|allowed\n"
REFUSED = f"{TYPED}\n||premium-number\n"
EMERGENCY = f"e1|1795836777.679|phone.{DESK}|911|{DID}|1795836777.20\n"
ENDED = {
    "answered": "o1|1795836800.000|far|1795836780.000|ANSWER|16|",
    "nobody": "o1|1795836800.000|far||NOANSWER|19|",
    "busy": "o1|1795836800.000|far||BUSY|17|",
    "gave-up": "o1|1795836800.000|far||CANCEL||",
    "unreachable": "o1|1795836800.000|far||CHANUNAVAIL|38|",
    "closed": "o1|1795836800.000|out|||0|",
}


def finished(tmp_path: Path, start: str, end: str | None) -> FinishedCall:
    call, spool, spare = uuid4(), tmp_path / "spool", tmp_path / "spare"
    spool.mkdir()
    (spool / f"{call}.call").write_text(start)
    if end is not None:
        (spool / f"{call}.end").write_text(end + "\n")
    spooled = read_call(call, spool, spare)
    assert went_out(spooled) and spooled.is_over == (end is not None)
    return finished_out(spooled, a_practice())


@pytest.mark.parametrize(
    ("start", "end", "outcome", "reason"),
    [
        (ALLOWED, "answered", Outcome.ANSWERED, OutReason.ALLOWED),
        (ALLOWED, "nobody", Outcome.NO_ANSWER, OutReason.ALLOWED),
        (ALLOWED, "busy", Outcome.BUSY, OutReason.ALLOWED),
        (ALLOWED, "gave-up", Outcome.HUNG_UP_RINGING, OutReason.ALLOWED),
        (ALLOWED, "unreachable", Outcome.UNREACHABLE, OutReason.ALLOWED),
        (ALLOWED, "closed", Outcome.NOT_SERVED, OutReason.ALLOWED),
        (ALLOWED, None, Outcome.LOST, OutReason.ALLOWED),
        (REFUSED, "closed", Outcome.REFUSED, OutReason.PREMIUM),
        (TYPED, "closed", Outcome.NOT_SERVED, OutReason.NOT_SERVED),
        (EMERGENCY, "answered", Outcome.ANSWERED, OutReason.EMERGENCY),
        (EMERGENCY, "unreachable", Outcome.UNREACHABLE, OutReason.EMERGENCY),
    ],
)
def test_each_end_has_its_outcome(
    start: str, end: str | None, outcome: Outcome, reason: OutReason, tmp_path: Path
) -> None:
    call = finished(tmp_path, start, ENDED[end] if end else None)
    assert (call.outcome, call.reason, call.answered_by) == (outcome, reason, None)
    assert (call.start.direction, call.start.made_by, call.start.device) == (Direction.OUTBOUND, "rictor", DESK)
    assert (call.answered_at is not None) == (outcome is Outcome.ANSWERED)
    assert call.start.at == AT and call.ended_at >= AT


def test_numbers_are_those_that_were_called_and_shown(tmp_path: Path) -> None:
    call = finished(tmp_path, ALLOWED, ENDED["answered"])
    assert (call.start.dialled, call.start.caller.number) == ("+12155550123", DID)


def test_of_a_refused_call_what_was_typed_is_kept(tmp_path: Path) -> None:
    call = finished(tmp_path, REFUSED, ENDED["closed"])
    assert (call.start.dialled, call.start.caller.number) == ("*812155550123", None)


def test_a_start_that_was_read_half_is_completed_by_the_end(tmp_path: Path) -> None:
    call = finished(tmp_path, TYPED, f"{ENDED['closed']}||premium-number")
    assert (call.outcome, call.reason) == (Outcome.REFUSED, OutReason.PREMIUM)
    (tmp_path / "other").mkdir()
    call = finished(tmp_path / "other", TYPED, f"{ENDED['busy']}+12155550123|{DID}|allowed")
    assert (call.outcome, call.start.dialled, call.start.caller.number) == (Outcome.BUSY, "+12155550123", DID)


def test_an_end_alone_is_a_call_of_which_little_is_known(tmp_path: Path) -> None:
    call, spool = uuid4(), tmp_path / "spool"
    spool.mkdir()
    (spool / f"{call}.end").write_text(ENDED["answered"])
    spooled = read_call(call, spool, tmp_path / "spare")
    assert went_out(spooled)
    assert finished_out(spooled, a_practice()).start.dialled == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o1",
        TYPED.replace("phone.", "trunk."),
        TYPED.replace("*812155550123", "2155550123&x"),
        TYPED.replace("*812155550123", "1" * 41),
        f"{TYPED}\n{TYPED}",
        f"{TYPED}\n+1x|{DID}|allowed",
        EMERGENCY.replace("911", "abc"),
        EMERGENCY.replace("911", "+19005551234"),
    ],
)
def test_what_is_no_sidecar_of_ours_is_none(text: str) -> None:
    assert parse_out(text) is None and parse_emergency(text) is None


def test_the_kinds_of_sidecars_are_told_apart() -> None:
    assert parse_start(ALLOWED) is None and parse_end(ENDED["answered"]) is None
    assert parse_out("v1|1795836777.679|+17175550100|+12155550123|x") is None
    assert parse_out_end("v1|1795836777.679|end|3|||0|16|") is None
    reason = parse_out(f"{TYPED}\n||some-other-reason\n")
    assert reason is not None and reason.reason is None
