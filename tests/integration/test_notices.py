"""From a message to the mail, the webhook and the text that tell of it: real database, mail server and receiver."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pbx.config.senders import Hook, MailServer
from pbx.domain.callback import Limit, Limits
from pbx.domain.inbox import Deed as Did
from pbx.domain.inbox import How, Who, claimed, done, opened
from pbx.domain.notices import Group, NoticePlan
from pbx.domain.people import Person
from pbx.domain.policy import Phone, Policy
from pbx.domain.templates import (
    PLAIN_TEXT,
    TRUSTED_TEXT,
    Channel,
    Kind,
    PatientFields,
    PlainChannel,
    PlainFields,
    TrustedChannel,
    template_of,
)
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.notify.email import Mail
from pbx.notify.phone_message import PhoneMessage
from pbx.notify.webhook import Webhook
from pbx.services.notices import Notices
from pbx.services.ports import Parcel, Sender, Verdict
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.messages import PgMessageBox
from pbx.store.outbox import PgOutbox
from pbx.web.metrics import Metrics
from tests.kit.asterisk import a_practice
from tests.kit.calls import a_message_call, a_recording, a_start
from tests.kit.hooks import SECRET, Receiver, receiver
from tests.kit.mail import MailBoxes, mail_server
from tests.kit.tls import Certificate
from tests.kit.wait import until

NUMBER, NAME, PHRASE = "+12155550143", "Peregrine", "the insulin ran out on Saturday"
CANARIES = ("5550143", "555-0143", NAME, "insulin", "Saturday")
RICTOR, MILLS = "rictor@practice.example", "mills@practice.example"


def a_channel(key: str, kind: Kind) -> Channel:
    return PlainChannel(key, kind, template_of(PLAIN_TEXT, PlainFields))


OURS = TrustedChannel("ours", Kind.EMAIL, template_of(TRUSTED_TEXT, PatientFields), "Our own server.")
PLAN = NoticePlan(
    people=("rictor",),
    channels=("mail",),
    remind_after=timedelta(minutes=30),
    groups=(Group(timedelta(minutes=45), ("mills",), ("mail",)),),
)


def a_policy(plan: NoticePlan = PLAN) -> Policy:
    people = {key: Person(key, name, (), None, (), f"{key}@practice.example") for key, name in PEOPLE.items()}
    channels = [a_channel("mail", Kind.EMAIL), a_channel("texts", Kind.PHONE_MESSAGE), a_channel("hook", Kind.WEBHOOK)]
    return replace(
        a_practice(),
        people=people,
        phones=(Phone("rictor-desk", "rictor", "Dr. Rictor"),),
        members={"rictor": ("rictor",)},
        channels={channel.key: channel for channel in (*channels, OURS)},
        notices={"rictor": plan},
        call_back=Limits(Limit(timedelta(minutes=60))),
    )


PEOPLE = {"rictor": "Dr. Rictor", "mills": "Sam Mills"}


class Killed(BaseException):
    """The end of the program, from one moment to the next."""


@dataclass
class Desk:
    """A phone that is on or off, and the texts on it."""

    on: bool = True
    texts: list[str] = field(default_factory=list)

    async def is_there(self, _: str) -> bool:
        return self.on

    async def send(self, _: str, text: str) -> None:
        self.texts.append(text)


@dataclass
class Practice:
    """A practice whose people are told; its clock is turned by hand."""

    database: Database
    boxes: MailBoxes
    hook: Receiver
    senders: Mapping[str, Sender]
    desk: Desk
    policy: Policy = field(default_factory=a_policy)
    later: timedelta = timedelta()

    def notices(self) -> Notices:
        """As after a new start."""
        outbox = PgOutbox(self.database)
        messages = PgMessageBox(self.database)
        return Notices(
            outbox,
            messages,
            lambda: self.policy,
            lambda: self.senders,
            lambda: datetime.now(UTC) + self.later,
            lambda: 0,
        )

    async def looks(self, minutes: int, notices: Notices | None = None) -> None:
        """Everything that is due so many minutes from now is written down and sent."""
        self.later = timedelta(minutes=minutes)
        notices = notices or self.notices()
        await notices.outbox.let_go()
        await notices.write_down()
        for channel in self.senders:
            while await notices.send_next(channel):
                pass

    async def message(self) -> UUID:
        start = a_start(datetime.now(UTC) - timedelta(minutes=1), caller=NUMBER)
        recording = a_recording(start.id)
        await PgCallLog(self.database).finish_call(a_message_call(start, recording))
        return recording.id

    async def transcribed(self, message: UUID) -> None:
        made = Transcript(TranscriptState.DONE, f"This is {NAME}, {PHRASE}.", "moonshine", "tiny-en", None, ())
        await PgMessageBox(self.database).keep_transcript(message, made)

    async def due_now(self) -> None:
        """Let the pauses of what failed be over."""
        async with self.database.session() as connection:
            await connection.execute("UPDATE outbox SET due_at = now() WHERE state = 'waiting'")


@pytest.fixture
async def practice(database: Database, certificate: Certificate) -> AsyncIterator[Practice]:
    async with AsyncExitStack() as stack:
        boxes = await stack.enter_async_context(mail_server(certificate.context))
        hook = await stack.enter_async_context(receiver(certificate.context))
        server = MailServer("localhost", boxes.port, False, "secondline@practice.example", ca_file=certificate.file)
        desk = Desk()
        ways: dict[str, Sender] = {
            "mail": Mail(server),
            "ours": Mail(server),
            "hook": Webhook(Hook(hook.url, SECRET, certificate.file)),
            "texts": PhoneMessage(desk),
        }
        yield Practice(database, boxes, hook, ways, desk)


async def test_a_new_message_is_told_once(practice: Practice) -> None:
    await practice.message()
    for _ in range(3):
        await practice.looks(0)
    [mail] = practice.boxes.mails
    assert (mail["To"], mail.get_content().strip()) == (RICTOR, "You have a new message in Secondline.")


async def test_a_clock_that_is_set_back_makes_nobody_wait_for_a_notice(practice: Practice) -> None:
    await practice.message()
    notices = practice.notices()
    await practice.looks(-60, notices)
    assert [mail.get_content().strip() for mail in practice.boxes.mails] == ["You have a new message in Secondline."]
    await practice.looks(-29, notices)
    assert [mail.get_content().strip() for mail in practice.boxes.mails[1:]] == [
        "You have an unread message in Secondline."
    ], "the half hour is counted by the clock as it stands"


async def test_what_was_written_down_before_the_clock_was_set_back_is_sent_at_once(practice: Practice) -> None:
    await practice.message()
    notices = practice.notices()
    await notices.write_down()
    async with practice.database.session() as connection:
        await connection.execute("UPDATE outbox SET made_at = now() + interval '1 day'")
        await connection.execute("UPDATE outbox SET due_at = made_at")
    await practice.looks(0, notices)
    assert len(practice.boxes.mails) == 1


async def test_an_unread_message_reminds_then_escalates_until_somebody_takes_it(practice: Practice) -> None:
    message, inbox, mills = await practice.message(), PgInbox(practice.database), Who.person("mills", How.COMMAND)
    for minutes in (0, 31, 46):
        await practice.looks(minutes)
    assert [(mail["To"], mail.get_content().strip()) for mail in practice.boxes.mails] == [
        (RICTOR, "You have a new message in Secondline."),
        (RICTOR, "You have an unread message in Secondline."),
        (MILLS, "A message in Secondline waits for somebody to take it."),
    ]
    now = datetime.now(UTC)
    await inbox.change(message, mills, now, lambda case: claimed(case, mills, now) if case else None)
    await practice.looks(58)
    assert len(practice.boxes.mails) == 3
    await practice.looks(61)  # taken, and nobody called back
    assert [mail.get_content().strip() for mail in practice.boxes.mails[3:]] == [
        "A call back in Secondline is overdue."
    ]
    assert practice.boxes.mails[3]["To"] == MILLS
    await inbox.change(message, mills, now, lambda case: done(case, mills, now) if case else None)
    await practice.looks(1000)
    assert len(practice.boxes.mails) == 4


async def test_who_read_a_message_is_not_reminded(practice: Practice) -> None:
    message, rictor = await practice.message(), Who.person("rictor", How.PHONE)
    await practice.looks(0)
    await PgInbox(practice.database).change(
        message, rictor, datetime.now(UTC), lambda case: opened(case, Did.READ) if case else None
    )
    await practice.looks(31)
    assert len(practice.boxes.mails) == 1


async def test_after_a_long_outage_a_mailbox_gets_one_mail(practice: Practice, certificate: Certificate) -> None:
    for _ in range(15):
        await practice.message()
    practice.boxes.answers += ["451 later"] * 3
    for minutes in (0, 31, 46):
        await practice.due_now()
        await practice.looks(minutes)
    await practice.due_now()
    await practice.looks(47)
    # The first bundle was new messages, which are unread still; the reminders came to another bundle.
    assert 1 <= len(practice.boxes.to(RICTOR)) <= 2
    assert len(practice.boxes.to(MILLS)) == 1


async def test_a_notice_that_is_no_longer_true_is_not_sent(practice: Practice) -> None:
    message, rictor = await practice.message(), Who.person("rictor", How.PHONE)
    practice.boxes.answers.append("451 later")
    await practice.looks(0)
    await PgInbox(practice.database).change(
        message, rictor, datetime.now(UTC), lambda case: opened(case, Did.READ) if case else None
    )
    await practice.due_now()
    await practice.looks(1)
    assert practice.boxes.mails == []


async def test_a_server_that_dies_after_sending_sends_the_same_mail_again_and_not_another(practice: Practice) -> None:
    await practice.message()
    notices = practice.notices()
    await notices.write_down()
    real, tried = practice.senders["mail"], list[Parcel]()

    class Dies:
        async def send(self, parcel: Parcel) -> Verdict:
            tried.append(parcel)
            await real.send(parcel)
            raise Killed

    practice.senders = {"mail": Dies()}
    with pytest.raises(Killed):
        await notices.send_next("mail")
    practice.senders = {"mail": real}
    await practice.looks(0)
    await practice.looks(0)
    assert len(practice.boxes.mails) == 2
    assert len({mail["Message-ID"] for mail in practice.boxes.mails}) == 1


async def test_a_text_is_kept_for_a_phone_that_is_off(practice: Practice) -> None:
    practice.policy = a_policy(replace(PLAN, channels=("texts",)))
    await practice.message()
    practice.desk.on = False
    for minutes in range(0, 20, 4):
        await practice.due_now()
        await practice.looks(minutes)
    assert practice.desk.texts == []
    practice.desk.on = True
    await practice.due_now()
    await practice.looks(20)
    assert practice.desk.texts == ["You have a new message in Secondline."]


async def test_one_channel_that_is_down_holds_no_other_up(practice: Practice) -> None:
    practice.policy = a_policy(replace(PLAN, channels=("mail", "hook")))
    message = await practice.message()
    practice.boxes.answers.append("451 later")
    await practice.looks(0)
    [body] = practice.hook.taken
    assert json.loads(body)["data"]["message"] == str(message)
    assert practice.boxes.mails == []


async def test_a_trusted_channel_waits_for_the_words_and_says_them(practice: Practice) -> None:
    practice.policy = a_policy(replace(PLAN, channels=("ours",)))
    message = await practice.message()
    await practice.looks(0)
    assert practice.boxes.mails == []
    await practice.transcribed(message)
    await practice.due_now()
    await practice.looks(0)
    [mail] = practice.boxes.mails
    assert "(215) 555-0143" in mail.get_content()
    assert PHRASE in mail.get_content()
    assert mail["Subject"] == "Secondline"


async def test_nothing_of_the_patient_is_in_what_leaves_over_an_untrusted_channel_or_in_the_log(
    practice: Practice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    practice.policy = a_policy(replace(PLAN, channels=("mail", "texts", "hook")))
    message = await practice.message()
    await practice.transcribed(message)
    practice.boxes.answers += ["451 later", "552 full"]
    practice.hook.answers += [500, 410]
    for minutes in (0, 31, 46, 61, 120):
        await practice.due_now()
        await practice.looks(minutes)
    async with practice.database.session() as connection:
        rows = await connection.fetch("SELECT * FROM outbox")
        audit = await connection.fetch("SELECT * FROM audit")
    backlogs = await PgOutbox(practice.database).backlogs()
    left = [*practice.boxes.raw, *practice.hook.taken, str(practice.hook.headers).encode()]
    said = [str(row) for row in (*rows, *audit, *backlogs)] + practice.desk.texts + [caplog.text]
    assert len(practice.boxes.raw) >= 3 and practice.hook.taken and practice.desk.texts
    for canary in (*CANARIES, NUMBER):
        assert not [text for text in left if canary.encode() in text]
        assert not [text for text in said if canary in text]
        assert canary.encode() not in Metrics().text()


async def test_a_channel_that_breaks_in_a_way_of_its_own_is_tried_again(practice: Practice) -> None:
    class Breaks:
        async def send(self, parcel: Parcel) -> Verdict:
            raise RuntimeError(parcel.to)

    await practice.message()
    real, practice.senders = practice.senders, {"mail": Breaks()}
    await practice.looks(0)
    [backlog] = await PgOutbox(practice.database).backlogs()
    assert backlog.failure == "It could not be sent (RuntimeError)."
    practice.senders = real
    await practice.due_now()
    await practice.looks(0)
    assert len(practice.boxes.mails) == 1


async def test_the_loop_tells_of_a_message_and_goes_on_after_an_error(practice: Practice) -> None:
    await practice.message()
    notices = practice.notices()
    good, calls = practice.policy, 0

    def breaks_once() -> Policy:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError
        return good

    notices.policy = breaks_once
    running = asyncio.ensure_future(notices.run())
    try:
        await until(lambda: len(practice.boxes.mails) == 1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_person_who_left_is_told_nothing_more(practice: Practice) -> None:
    await practice.message()
    notices = practice.notices()
    await notices.write_down()
    practice.policy = replace(practice.policy, people={})
    await practice.looks(0, notices)
    [backlog] = await PgOutbox(practice.database).backlogs()
    assert (backlog.failed, backlog.failure) == (
        1,
        "Somebody who should be told is not in the practice's file any more.",
    )


async def test_what_cannot_be_sent_for_days_is_given_up_and_said(practice: Practice) -> None:
    await practice.message()
    practice.boxes.answers += ["451 later"] * 2
    await practice.looks(0)
    await practice.due_now()
    await practice.looks(4 * 24 * 60)
    found = await PgOutbox(practice.database).backlogs()
    assert found[0].failure.endswith("It was tried for 3 days.")
