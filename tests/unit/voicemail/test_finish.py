"""What goes into the log of a call: told from the sidecars, the stored decision and the practice's file."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

from pbx.domain.actions import RingOnCall, Voicemail
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.oncall import Rota, Turns
from pbx.domain.outcome import Outcome
from pbx.domain.policy import UNASSIGNED_MAILBOX, Phone
from pbx.domain.routing import Decision, Reason, State, decide
from pbx.domain.schedule import Schedule
from pbx.domain.steps import EndStep, MenuKey, MenuStep, RecordStep
from pbx.domain.tree import Choice
from tests.unit.voicemail.spooling import CALL, DID, ENDED, STARTED, EndLine, policy, start_line
from voicemail.finish import UNKNOWN_DIALLED, finished_call, mailbox_of
from voicemail.spool import SpooledCall, SpooledRecording, SpoolFile, parse_end, parse_start

FILE = SpoolFile(Path("x"), 1, int(ENDED.timestamp() * 1e9))
NEVER = Schedule("never", "America/New_York", {})
SAFE = SpooledRecording("safe", False, FILE)
STORED = Decision(
    DID,
    STARTED,
    State.OPEN,
    Reason.IN_HOURS,
    "rule",
    None,
    (RecordStep("first", 60), RecordStep("second", 60), EndStep()),
    ("why",),
    "v",
)


def spooled(end: EndLine | None = None, line: str = start_line()) -> SpooledCall:
    return SpooledCall(CALL, parse_start(line), parse_end(str(end)) if end else None, files=(FILE,))


def test_a_message_goes_where_the_stored_decision_says() -> None:
    assert mailbox_of(spooled(), "1", policy(), STORED) == "second"


def test_without_a_stored_decision_the_same_decision_is_taken_again() -> None:
    position = str([type(s) for s in decide(policy(), DID, STARTED).steps].index(RecordStep))
    assert mailbox_of(spooled(), position, policy(), None) == "rictor"


def test_without_a_stored_decision_a_message_finds_its_mailbox_whoever_was_on_call() -> None:
    rota = Rota("doctors", "America/New_York", Turns((("rictor", "mills"),), STARTED.date(), 1, time(0)))
    number = policy().numbers[DID]
    then = replace(
        policy(),
        numbers={DID: replace(number, opened=(RingOnCall("doctors", 25), Voicemail("rictor")))},
        phones=(Phone("desk", "rictor", "Dr. Rictor"), Phone("front", "mills", "Sam Mills")),
        rotas={"doctors": rota},
    )
    for position in ("1", "2", "3", "4", "9"):
        assert mailbox_of(spooled(), position, then, None) == "rictor"


def test_a_message_of_the_safe_path_goes_where_the_line_sends_its_messages_at_that_time() -> None:
    closed = replace(policy().numbers[DID].schedule or NEVER, week={})
    at_night = replace(policy(), numbers={DID: replace(policy().numbers[DID], schedule=closed)})
    for tag in ("safe", "99"):
        assert mailbox_of(spooled(), tag, policy(), None) == "rictor"
        assert mailbox_of(spooled(), tag, at_night, None) == "night"
    assert mailbox_of(spooled(line="garbage"), "safe", policy(), STORED) == "night"  # when it came is not known


def test_a_message_for_a_number_that_is_gone_is_kept_as_unassigned() -> None:
    assert mailbox_of(spooled(line=start_line(did="+17175559999")), "safe", policy(), None) == UNASSIGNED_MAILBOX
    assert mailbox_of(spooled(line="garbage"), "1", policy(), None) == UNASSIGNED_MAILBOX


def test_the_callers_number_is_completed_by_the_practices_country() -> None:
    call = finished_call(spooled(EndLine()), policy(), STORED, ())
    assert call.start.caller == Caller(NumberKind.E164, "+17175550123")
    assert (call.start.at, call.start.dialled) == (STARTED, DID)


def test_the_stored_decisions_reason_is_left_alone() -> None:
    assert finished_call(spooled(EndLine(safe="1", stage="safe")), policy(), STORED, ()).reason is None


def test_a_call_that_the_controller_never_saw_was_in_safe_mode() -> None:
    assert finished_call(spooled(EndLine(safe="1", stage="safe")), policy(), None, ()).reason is Reason.SAFE_MODE
    crashed = replace(spooled(), recordings=(SAFE,))
    assert finished_call(crashed, policy(), None, ()).reason is Reason.SAFE_MODE


def test_a_call_whose_decision_was_not_stored_has_the_reason_of_that_instant() -> None:
    assert finished_call(spooled(EndLine()), policy(), None, ()).reason is Reason.ALWAYS_OPEN


def test_a_call_that_was_answered_says_by_whom_and_when() -> None:
    end = EndLine(stage="ring", by="rictor-desk", answered="1795442410.000")
    call = finished_call(spooled(end), policy(), STORED, ())
    assert (call.outcome, call.answered_by) == (Outcome.ANSWERED, "rictor-desk")
    assert call.answered_at == STARTED + timedelta(seconds=10)


def test_what_was_chosen_in_menus_is_told_by_the_stored_decision_or_the_same_one_taken_again() -> None:
    menu = MenuStep("main", (), ("menu-main",), (MenuKey("1", "refills", 1),), 6)
    ended = spooled(EndLine(stage="menu", choices="0.1/0.7/"))
    call = finished_call(ended, policy(), replace(STORED, steps=(menu, EndStep())), ())
    assert (call.outcome, call.choices) == (Outcome.HUNG_UP_IN_MENU, (Choice("main", "1", "refills"),))
    assert finished_call(ended, policy(), None, ()).choices == ()  # the practice has no menu there now


def test_a_call_without_an_end_is_lost_and_ends_with_its_last_sign_of_life() -> None:
    call = finished_call(spooled(), policy(), STORED, ())
    assert (call.outcome, call.ended_at) == (Outcome.LOST, ENDED)


def test_a_clock_that_was_set_back_does_not_end_a_call_before_it_began() -> None:
    assert finished_call(spooled(EndLine(at="1795440000.000")), policy(), STORED, ()).ended_at == STARTED


def test_a_call_whose_start_is_unreadable_takes_it_from_the_decision_or_the_files() -> None:
    known = finished_call(spooled(EndLine(), line="garbage"), policy(), STORED, ()).start
    assert (known.dialled, known.at, known.caller.kind) == (DID, STARTED, NumberKind.UNUSABLE)
    unknown = finished_call(spooled(EndLine(), line="garbage"), policy(), None, ())
    assert (unknown.start.dialled, unknown.start.at, unknown.reason) == (UNKNOWN_DIALLED, ENDED, Reason.UNKNOWN_NUMBER)
