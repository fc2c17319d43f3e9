"""What is done with texts: keywords, automatic answers with quiet time, consent, and what phones are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.callers import CallerRule, CallerRules, Contact, Kind
from pbx.domain.facts import NO_FACTS, Facts
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.people import Person
from pbx.domain.policy import Phone, Policy
from pbx.domain.schedule import Range, Schedule
from pbx.domain.texting import (
    MOST_AUTOMATIC_A_DAY,
    QUIET,
    Arrived,
    Cause,
    Consent,
    Conversation,
    LineTexts,
    State,
    Texting,
    TextRecord,
)
from pbx.domain.texting_keywords import Keyword, keyword_of
from pbx.domain.texting_rules import (
    LONGEST,
    NotSent,
    Reason,
    TextDecision,
    WhyNot,
    check_staff_text,
    decide_missed_call,
    decide_text,
)
from pbx.domain.texting_words import PART_BYTES, OnPhone, Showing, parts_of, shown_on_phone, trouble_note
from tests.kit.asterisk import DID, NIGHT_DID, a_practice

PATIENT = "+12155550143"
OPEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 10:00 at the practice
CLOSED = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
OFFICE = Schedule("office", "America/New_York", {day: (Range(time(9), time(17)),) for day in range(5)})
EMERGENCY = "In an emergency, call 911."
LINE = LineTexts(
    "rictor", ("rictor",), "We read it soon.", "We are closed and read it tomorrow.", "Sorry we missed you."
)
TEXTED = Conversation(Consent.GIVEN)


def a_texting_practice(**more: object) -> Policy:
    policy = a_practice()
    numbers = dict(policy.numbers) | {DID: replace(policy.numbers[DID], schedule=OFFICE)}
    texting = replace(Texting({DID: LINE}), **more)  # type: ignore[arg-type]
    people = {"rictor": Person("rictor", "Dr. Rictor", ("rictor-desk",))}
    return replace(policy, numbers=numbers, texting=texting, people=people)


def a_text(body: str = "May I take it with milk?", at: datetime = OPEN, patient: str = PATIENT, **more: str) -> Arrived:
    return Arrived(uuid4(), DID, patient, body, at, "trunk:1", **more)  # type: ignore[arg-type]


def decided(
    body: str = "May I take it with milk?",
    known: Conversation = TEXTED,
    at: datetime = OPEN,
    facts: Facts = NO_FACTS,
    **more: object,
) -> TextDecision:
    return decide_text(a_texting_practice(**more), a_text(body, at), facts, known)


@pytest.mark.parametrize(
    "text", ["STOP", " stop. ", "Stop!", "STOPALL", "Unsubscribe", "cancel", "END", "quit", "Revoke"]
)
def test_the_words_of_the_carriers_end_texts(text: str) -> None:
    assert keyword_of(text) is Keyword.STOP


@pytest.mark.parametrize(
    "text",
    ["opt-out", "OPT OUT", "OptOut", "please stop texting me", "Don't text me.", "Don’t text", "no more texts, thanks"],
)
def test_plain_ways_of_saying_it_end_them_too(text: str) -> None:
    assert keyword_of(text) is Keyword.STOP


@pytest.mark.parametrize(
    "text",
    [
        "Should I stop the tablets?",
        "stop taking it?",
        "I cannot stop coughing",
        "the end",
        "help me",
        "please",
        "",
        "👍",
        "1",
        "stop 5",
        "stop 💊",
        "yes",
        "cancel my appointment",
    ],
)
def test_what_is_about_something_else_is_no_keyword(text: str) -> None:
    assert keyword_of(text) is None


@pytest.mark.parametrize(
    ("text", "keyword"), [("Start", Keyword.START), ("UNSTOP", Keyword.START), ("help!", Keyword.HELP)]
)
def test_start_and_help(text: str, keyword: Keyword) -> None:
    assert keyword_of(text) is keyword


def test_what_the_carrier_took_it_for_goes_first() -> None:
    assert keyword_of("genug", "STOP") is Keyword.STOP


@given(st.text())
def test_any_text_is_a_keyword_or_none(text: str) -> None:
    assert keyword_of(text) in (None, *Keyword)


def test_an_open_line_answers_as_open_and_a_closed_one_as_closed_always_with_the_emergency_line() -> None:
    opened, closed = decided(), decided(at=CLOSED)
    assert (opened.reason, closed.reason) == (Reason.OPEN, Reason.CLOSED)
    assert opened.reply is not None
    assert closed.reply is not None
    assert opened.reply.body == f"We read it soon. {EMERGENCY}"
    assert closed.reply.body == f"We are closed and read it tomorrow. {EMERGENCY}"
    assert opened.people == closed.people == ("rictor",)


def test_an_override_closes_a_line_for_texts_too() -> None:
    override = Override(
        1, Scope.NUMBER, DID, Mode.CLOSED, OPEN - timedelta(hours=1), OPEN + timedelta(hours=1), "Sam", ""
    )
    assert decided(facts=Facts(overrides=(override,))).reason is Reason.CLOSED


def test_an_answer_that_names_911_itself_is_left_as_it_is() -> None:
    line = replace(LINE, auto_reply_open="Call 911 if it is bad.")
    reply = decided(lines={DID: line}).reply
    assert reply is not None
    assert reply.body == "Call 911 if it is bad."


def test_a_line_without_an_answer_answers_nothing() -> None:
    decision = decided(lines={DID: LineTexts("rictor", ("rictor",))})
    assert (decision.reply, decision.reason) == (None, Reason.NOTHING_TO_SAY)


@pytest.mark.parametrize("field", ["last_automatic", "last_staff"])
def test_there_is_a_quiet_time_after_an_automatic_text_and_after_one_of_the_staff(field: str) -> None:
    now = OPEN - QUIET + timedelta(seconds=1)
    soon = Conversation(Consent.GIVEN, **{field: now})  # type: ignore[arg-type]
    later = Conversation(Consent.GIVEN, **{field: OPEN - QUIET})  # type: ignore[arg-type]
    assert decided(known=soon).reason is Reason.QUIET_TIME
    assert decided(known=later).reply is not None


def test_two_machines_do_not_talk_for_ever() -> None:
    assert decided(known=replace(TEXTED, automatic_today=MOST_AUTOMATIC_A_DAY)).reason is Reason.ENOUGH_TODAY


@pytest.mark.parametrize("sender", ["72975", "BANK", ""])
def test_what_is_no_telephone_is_not_answered(sender: str) -> None:
    decision = decide_text(a_texting_practice(), a_text(patient=sender), NO_FACTS, Conversation())
    assert (decision.reply, decision.reason, decision.people) == (None, Reason.NO_NUMBER, ("rictor",))


def test_the_first_text_is_the_consent() -> None:
    change = decided(known=Conversation()).consent
    assert change is not None
    assert (change.consent, change.how) == (Consent.GIVEN, "texted")
    assert decided().consent is None


def test_stop_is_confirmed_once_and_then_nothing_is_answered() -> None:
    stop = decided("STOP")
    assert stop.consent is not None
    assert stop.consent.consent is Consent.REVOKED
    assert stop.reply is not None
    assert stop.reply.cause is Cause.KEYWORD
    assert EMERGENCY in stop.reply.body
    assert "call them" in stop.note
    known = Conversation(Consent.REVOKED)
    assert decided("STOP", known).reply is None
    after = decided(known=known)
    assert (after.reply, after.reason, after.people) == (None, Reason.STOPPED, ("rictor",))
    assert "call them" in after.note


def test_start_lets_texts_through_again() -> None:
    start = decided("START", Conversation(Consent.REVOKED))
    assert start.consent is not None
    assert start.consent.consent is Consent.GIVEN
    assert start.reply is not None


def test_help_is_answered_to_whoever_asks() -> None:
    for consent in Consent:
        reply = decided("HELP", Conversation(consent)).reply
        assert reply is not None
        assert "(717) 555-0100" in reply.body


def test_where_the_carrier_answers_keywords_they_are_only_written_down() -> None:
    stop = decided("STOP", answers_keywords=False)
    assert stop.reply is None
    assert stop.consent is not None


def test_a_blocked_sender_gets_the_emergency_line_and_disturbs_nobody() -> None:
    policy = a_texting_practice()
    rule = CallerRule(Kind.BLOCKED, "callers.blocked", groups=frozenset({"blocked"}), turn_away="Goodbye.")
    number = replace(policy.numbers[DID], callers=CallerRules((rule,)))
    contacts = {PATIENT: Contact(PATIENT, "", frozenset({"blocked"}))}
    policy = replace(policy, numbers={DID: number}, contacts=contacts)
    decision = decide_text(policy, a_text(), NO_FACTS, Conversation())
    assert (decision.people, decision.reason, decision.consent) == ((), Reason.BLOCKED, None)
    assert decision.reply is not None
    assert decision.reply.body == EMERGENCY


def test_a_missed_call_gets_a_text_where_the_line_has_one() -> None:
    decision = decide_missed_call(a_texting_practice(), DID, PATIENT, OPEN, Conversation())
    assert decision.reply is not None
    assert decision.reply.body == f"Sorry we missed you. {EMERGENCY}"
    assert decision.consent is not None
    assert decision.consent.how == "called"
    assert decide_missed_call(a_texting_practice(), NIGHT_DID, PATIENT, OPEN, Conversation()).reply is None


@pytest.mark.parametrize(
    "known", [Conversation(Consent.REVOKED), replace(TEXTED, last_staff=OPEN), replace(TEXTED, last_automatic=OPEN)]
)
def test_a_missed_call_gets_none_where_nothing_automatic_may_go(known: Conversation) -> None:
    assert decide_missed_call(a_texting_practice(), DID, PATIENT, OPEN, known).reply is None


TIMES = st.none() | st.integers(-4000, 4000).map(lambda minutes: OPEN + timedelta(minutes=minutes))
KNOWN = st.builds(Conversation, st.sampled_from(Consent), TIMES, TIMES, st.integers(0, 8))
BODIES = st.sampled_from(["STOP", "start", "HELP", "Hello", ""]) | st.text(max_size=30)


@given(BODIES, KNOWN, st.sampled_from([OPEN, CLOSED]), st.booleans())
def test_whatever_comes_who_asked_for_nothing_gets_nothing_and_all_else_names_the_emergency_line(
    body: str, known: Conversation, at: datetime, answers: bool
) -> None:
    decision = decided(body, known, at, answers_keywords=answers)
    assert decision.why
    assert decision.people == ("rictor",)
    if decision.reply is None:
        return
    assert "911" in decision.reply.body
    keyword = keyword_of(body)
    if known.consent is Consent.REVOKED:
        assert keyword in (Keyword.START, Keyword.HELP)
    if decision.reply.cause is Cause.AUTO_REPLY:
        assert all(last is None or at - last >= QUIET for last in (known.last_automatic, known.last_staff))
        assert known.automatic_today < MOST_AUTOMATIC_A_DAY


@pytest.mark.parametrize(
    ("body", "known", "begin", "why"),
    [
        ("", TEXTED, False, WhyNot.EMPTY),
        ("x" * (LONGEST + 1), TEXTED, False, WhyNot.TOO_LONG),
        ("Hello", Conversation(Consent.REVOKED), True, WhyNot.STOPPED),
        ("Hello", Conversation(), False, WhyNot.NO_CONSENT),
    ],
)
def test_what_the_staff_may_not_send(body: str, known: Conversation, begin: bool, why: WhyNot) -> None:
    with pytest.raises(NotSent) as refused:
        check_staff_text(Texting(staff_may_begin=begin), body, known)
    assert refused.value.why is why


def test_what_the_staff_may_send() -> None:
    check_staff_text(Texting(), "Hello", TEXTED)
    check_staff_text(Texting(staff_may_begin=True), "Hello", Conversation())


def a_record(
    body: str = "Hello", cause: Cause = Cause.PATIENT, state: State = State.RECEIVED, **more: object
) -> TextRecord:
    return TextRecord(UUID(int=1), DID, PATIENT, body, cause, state, OPEN, **more)  # type: ignore[arg-type]


def test_a_phone_shows_the_words_and_what_the_staff_has_to_know() -> None:
    policy = a_texting_practice()
    one = OnPhone(a_record("STOP", pictures=2), Showing.TEXT, "They want no more texts.", "rictor")
    assert shown_on_phone(policy, one) == (
        "STOP (with 2 pictures, which stayed at the carrier) (They want no more texts.)",
    )
    copy = OnPhone(a_record("Yes.", Cause.STAFF, State.WAITING, person="rictor"), Showing.COPY, "", "mills")
    assert shown_on_phone(policy, copy) == ("Dr. Rictor wrote: Yes.",)
    failed = a_record(
        "Come in at ten tomorrow morning, please.", Cause.STAFF, State.FAILED, failure="Their phone is off."
    )
    assert shown_on_phone(policy, OnPhone(failed, Showing.TROUBLE, trouble_note(failed))) == (
        "(Not delivered. Their phone is off. It was: “Come in at ten tomorrow mornin…”)",
    )


def test_one_with_two_lines_is_told_which() -> None:
    policy = a_texting_practice(lines={DID: LINE, NIGHT_DID: LINE})
    assert shown_on_phone(policy, OnPhone(a_record(), Showing.TEXT, "", "rictor")) == ("[Dr. Rictor] Hello",)


@given(st.text(max_size=3000))
def test_parts_are_short_and_together_the_whole(text: str) -> None:
    parts = list(parts_of(text))
    assert "".join(parts) == text.encode(errors="replace").decode()
    assert all(len(part.encode()) <= PART_BYTES for part in parts)


def test_nothing_of_a_patient_is_in_what_values_show_of_themselves() -> None:
    shown = repr([a_text("insulin"), a_record("insulin"), Phone("a", "b", "c")])
    assert "insulin" not in shown
    assert PATIENT not in shown
