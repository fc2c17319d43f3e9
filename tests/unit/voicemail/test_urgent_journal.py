"""The journal of an urgent call, whatever is left of it; and what a call with one asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.actions import Urgent
from pbx.domain.call import Recording, recording_id
from pbx.domain.oncall import Rota, Turns
from pbx.domain.outcome import CallEnd, Stage
from pbx.domain.policy import Number, Phone, Policy
from pbx.domain.urgent import AttemptResult, UrgentState, attempt_id
from tests.kit.asterisk import DID, a_practice
from voicemail.finish import finished_call
from voicemail.spool import SAFE_TAG, SpooledCall, SpooledRecording, SpoolEnd, SpoolFile, SpoolStart
from voicemail.urgent_journal import Journal, parse_journal

CALL = UUID("aae4141c-2e97-436d-a585-4824c1dd8cfb")
AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
WHOLE = """\
number|5550100|1795446000
number|2155550188|1795446010
page|4|rictor|1795446020
page|5|okafor|1795446050
talk|5|okafor||1795446055.7|1795446055
talk|5|okafor|connected|1795446055.7|1795446080
talked|5|okafor|connected|1795446055.7|1795446200
"""


def test_the_last_number_counts_and_everybody_who_was_rung_is_an_attempt() -> None:
    journal = parse_journal(CALL, WHOLE)
    assert journal.number == "2155550188"
    assert [(a.id, a.person, a.result) for a in journal.attempts] == [
        (attempt_id(CALL, 4), "rictor", AttemptResult.NO_ANSWER),
        (attempt_id(CALL, 5), "okafor", AttemptResult.CONNECTED),
    ]
    assert all(a.live for a in journal.attempts)
    assert (journal.talking, journal.people) == (False, {4: "rictor", 5: "okafor"})


def test_somebody_talks_until_the_talk_is_over() -> None:
    lines = WHOLE.splitlines()
    assert [parse_journal(CALL, "\n".join(lines[:n])).talking for n in range(3, 8)] == [False, False, True, True, False]


def test_a_line_of_its_own_tells_who_took_it_late() -> None:
    journal = parse_journal(CALL, "talked|4|rictor|taken|1795446055.7|1795446200\n")
    assert [(a.person, a.result) for a in journal.attempts] == [("rictor", AttemptResult.TAKEN)]


@pytest.mark.parametrize(
    "line", ["number|12|1795446000", "number|abc|1", "page|x|rictor|1795446020", "talk|4", "", "|"]
)
def test_a_damaged_line_costs_no_other(line: str) -> None:
    assert parse_journal(CALL, f"{line}\n{WHOLE}{line}\n") == parse_journal(CALL, WHOLE)


@given(st.text(), st.integers(0, len(WHOLE)))
def test_nothing_that_lies_there_stops_the_call_from_being_taken_in(noise: str, cut: int) -> None:
    assert isinstance(parse_journal(CALL, WHOLE[:cut] + noise + WHOLE[cut:]), Journal)


def a_policy() -> Policy:
    urgent = (Urgent("doctors", "rictor", rounds=2, interval=60, seconds=20),)
    rota = Rota("doctors", "America/New_York", Turns((("rictor",),), date(2026, 1, 5), 7, time(8)))
    return replace(
        a_practice(),
        numbers={DID: Number(DID, "Urgent line", None, urgent, urgent)},
        phones=(Phone("rictor-desk", "rictor", "Dr. Rictor"),),
        rotas={"doctors": rota},
    )


def a_spooled(tag: str | None, journal: Journal | None = None, *, safe: bool = False) -> tuple[SpooledCall, Recording]:
    """A call on the urgent line with the recording `tag`."""
    file = SpoolFile(None, 0, 0)  # type: ignore[arg-type]
    recordings = (SpooledRecording(tag, False, file),) if tag else ()
    end = SpoolEnd(CallEnd(AT, Stage.RECORD, None, safe), None)
    kept = recording_id(CALL, recordings[0].key if recordings else "1")
    call = SpooledCall(CALL, SpoolStart(AT, DID, "+12155550123"), end, recordings, (), False, journal)
    return call, Recording(kept, "rictor", f"{kept}.sealed", 3.0, "ab" * 32, repaired=False)


def test_a_message_of_the_path_asks_for_help() -> None:
    call, recording = a_spooled("1")
    urgent = finished_call(call, a_policy(), None, (recording,)).urgent
    assert urgent is not None
    assert (urgent.rota, urgent.rounds, urgent.interval, urgent.seconds) == ("doctors", 2, 60, 20)
    assert (urgent.mailbox, urgent.opened, urgent.state) == ("rictor", AT, UrgentState.OPEN)


def test_a_message_that_was_taken_without_the_controller_asks_for_help_too() -> None:
    call, recording = a_spooled(SAFE_TAG, safe=True)
    assert finished_call(call, a_policy(), None, (recording,)).urgent is not None
    assert finished_call(call, a_practice(), None, (recording,)).urgent is None


def test_who_said_nothing_but_keyed_a_number_asks_for_help() -> None:
    journal = parse_journal(CALL, WHOLE.splitlines()[1])
    call, _ = a_spooled(None, journal)
    urgent = finished_call(call, a_policy(), None, ()).urgent
    assert urgent is not None and urgent.callback == "2155550188"


def test_who_said_nothing_and_keyed_nothing_asks_for_nothing() -> None:
    call, _ = a_spooled(None, Journal())
    assert finished_call(call, a_policy(), None, ()).urgent is None


def test_the_call_says_who_was_connected() -> None:
    call, recording = a_spooled("1", parse_journal(CALL, WHOLE))
    urgent = finished_call(call, a_policy(), None, (recording,)).urgent
    assert urgent is not None
    assert (urgent.state, urgent.settled_by) == (UrgentState.CONNECTED, "okafor")
