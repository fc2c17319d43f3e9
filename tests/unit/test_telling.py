"""What is said of a message: nothing of the patient but over a channel that the practice trusts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.domain.call import MessageRecord
from pbx.domain.lamps import Count, lamps
from pbx.domain.notices import SENTENCES, Cause, Notice, NoticePlan, Standing
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.policy import Phone, Policy
from pbx.domain.telling import notices_for, plain_words, trusted_words
from pbx.domain.templates import (
    OF_THE_PATIENT,
    PLAIN_TEXT,
    TRUSTED_TEXT,
    BadTemplate,
    Kind,
    PatientFields,
    PlainChannel,
    PlainFields,
    TrustedChannel,
    template_of,
)
from pbx.domain.transcript import Transcript, TranscriptState
from tests.kit.asterisk import a_practice

NUMBER, WORDS = "+12155550143", "the insulin ran out on Saturday"
MAIL = PlainChannel("mail", Kind.EMAIL, template_of(PLAIN_TEXT, PlainFields))
OURS = TrustedChannel("ours", Kind.EMAIL, template_of(TRUSTED_TEXT, PatientFields), "Our own server.")
TEXTS = PlainChannel("texts", Kind.PHONE_MESSAGE, template_of(PLAIN_TEXT, PlainFields))
HOOK = PlainChannel("hook", Kind.WEBHOOK, template_of(PLAIN_TEXT, PlainFields))


def a_policy(*channels: str) -> Policy:
    plan = NoticePlan(("rictor", "mills"), channels)
    return replace(
        a_practice(),
        notices={"rictor": plan},
        channels={channel.key: channel for channel in (MAIL, OURS, TEXTS, HOOK)},
        members={"rictor": ("rictor",), "team": ("rictor", "garcia", "nobody")},
        phones=(Phone("desk", "rictor", "R"), Phone("home", "rictor", "R"), Phone("shelf", "garcia", "G")),
    )


def a_record() -> MessageRecord:
    made = Transcript(TranscriptState.DONE, WORDS, "moonshine", "tiny-en", None, ())
    came = datetime(2026, 11, 23, 15, tzinfo=UTC)
    caller = Caller(NumberKind.E164, NUMBER)
    id_ = uuid4()
    return MessageRecord(id_, uuid4(), "rictor", caller, "+17175550100", came, 9, "f", made.state, made, None)


def of(record: MessageRecord, cause: Cause = Cause.NEW) -> tuple[Notice, Standing]:
    return Notice(record.id, cause, "", "rictor", "mail"), Standing(record.id, "rictor", record.received_at)


def test_an_untrusted_mail_says_one_sentence_and_no_more() -> None:
    words = plain_words(a_policy(), MAIL, [of(a_record())])
    assert words.text == "You have a new message in Secondline."


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_sentence(cause: Cause) -> None:
    assert plain_words(a_policy(), MAIL, [of(a_record(), cause)]).text == SENTENCES[cause]


def test_what_a_program_is_told_over_an_untrusted_webhook_are_ids() -> None:
    record = a_record()
    words = plain_words(a_policy(), HOOK, [of(record)])
    assert words.data == {
        "type": "message.new",
        "data": {
            "message": str(record.id),
            "mailbox_key": "rictor",
            "notice": "You have a new message in Secondline.",
            "mailbox": "Dr. Rictor",
            "practice": "Scotland Family Medicine",
        },
    }


def test_a_trusted_channel_says_who_called_and_what_was_said() -> None:
    record = a_record()
    words = trusted_words(a_policy(), OURS, [(*of(record), record)])
    assert words.text == (
        f"You have a new message in Secondline.\n\nFor Dr. Rictor, from (215) 555-0143, Mon 23 Nov 2026 10:00:\n{WORDS}"
    )
    assert words.data["data"]["words"] == WORDS


@pytest.mark.parametrize("field", sorted(OF_THE_PATIENT))
def test_a_plain_template_cannot_name_a_field_of_the_patient(field: str) -> None:
    with pytest.raises(BadTemplate, match="would carry patient data") as refused:
        template_of(f"Call {{{field}}}", PlainFields)
    assert "trusted = true" in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{nmuber}", "names {nmuber}, which there is not"),
        ("{}", "names {}, which there is not"),
        ("{0}", "which there is not"),
        ("{notice.__class__}", "which there is not"),
        ("{notice!r}", "with a format"),
        ("{notice:>100}", "with a format"),
        ("{notice", "lone brace"),
        ("}", "lone brace"),
    ],
)
def test_a_template_that_is_not_a_plain_text_with_fields_is_refused(text: str, what: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        template_of(text, PlainFields)
    assert what in refused.value.what
    with pytest.raises(BadTemplate):
        template_of(text, PatientFields)


@given(st.text(alphabet="{}!:.[] abnumberwords", max_size=60))
def test_whatever_a_template_is_it_is_refused_or_says_nothing_of_the_patient(text: str) -> None:
    try:
        template = template_of(text, PlainFields)
    except BadTemplate:
        return
    assert {field for _, field in template.parts if field is not None} <= {"notice", "mailbox", "practice"}
    template.render(PlainFields("N", "M", "P"))


def test_what_is_filled_in_is_not_read_as_a_template() -> None:
    assert template_of("{mailbox}", PlainFields).render(PlainFields("", "{practice}", "P")) == "{practice}"


def test_a_text_goes_to_each_phone_of_a_person() -> None:
    found = notices_for(a_policy("texts"), of(a_record())[1], datetime(2026, 11, 23, 16, tzinfo=UTC))
    assert [(notice.person, notice.phone) for notice in found] == [("rictor", "desk"), ("rictor", "home")]


def test_a_program_is_told_once_whoever_it_is_about() -> None:
    found = notices_for(a_policy("hook", "mail"), of(a_record())[1], datetime(2026, 11, 23, 16, tzinfo=UTC))
    assert [(n.channel, n.person) for n in found] == [("mail", "rictor"), ("mail", "mills"), ("hook", "")]


def test_a_mailbox_that_asks_for_nothing_gets_nothing() -> None:
    standing = replace(of(a_record())[1], mailbox="team")
    assert notices_for(a_policy("mail"), standing, datetime(2026, 11, 24, tzinfo=UTC)) == ()


def test_a_lamp_shows_the_messages_of_a_person_and_of_their_teams() -> None:
    counts = {"rictor": Count(2, 1), "team": Count(1, 0), "unassigned": Count(5, 5)}
    assert lamps(a_policy(), counts) == {"rictor": Count(3, 1), "garcia": Count(1, 0)}


def test_a_lamp_with_nothing_to_show_is_dark() -> None:
    assert lamps(a_policy(), {}) == {"rictor": Count(), "garcia": Count()}
