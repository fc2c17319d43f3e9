"""Texts on a real database: each once, in order, never lost and never sent twice, and a person hears of what fails."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pbx.asterisk.ports import free_port
from pbx.demo.carrier import TextCarrier, text_carrier
from pbx.domain.call import FinishedCall
from pbx.domain.outcome import Outcome
from pbx.domain.texting import Consent, State, TextRecord
from pbx.domain.texting_rules import NotSent
from pbx.gateways.telnyx import Telnyx
from pbx.gateways.trunk import Trunk
from pbx.gateways.twilio import Twilio
from pbx.services import text_post
from pbx.services.ports import Fate, StoreUnavailable, Verdict
from pbx.services.text_calls import MissedCalls
from pbx.services.text_carriers import Outgoing, Posted, PostFate, Report
from pbx.services.text_keeping import TextKeeping
from pbx.services.text_links import MOST_TRIES
from pbx.services.text_ports import Spooled
from pbx.services.text_writing import TextWriting, Wish
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.web import refusals
from pbx.web.refusals import Refusals
from pbx.web.texts import TextSite
from tests.kit.asterisk import DID, NIGHT_DID
from tests.kit.calls import a_start
from tests.kit.database import TEMPLATE, DatabaseServer, vault
from tests.kit.texting import DESK, FRONT, PATIENT, Practice, Scripted, a_texting_policy, twilio_peer

Client = TestClient[web.Request, web.Application]

TEMPORARY = Posted(PostFate.TEMPORARY, "The carrier cannot be reached.")
AUTO = "We read it soon. In an emergency, call 911."


@pytest.fixture(scope="module")
def shared_dsn(database_server: DatabaseServer) -> Iterator[str]:
    """One database for all of these tests: making one takes longer than most of them."""
    yield asyncio.run(database_server.create("texts", TEMPLATE))
    asyncio.run(database_server.drop("texts"))


@pytest.fixture
async def practice(shared_dsn: str, tmp_path: Path) -> AsyncIterator[Practice]:
    async with Database.connect(shared_dsn, vault()) as database:
        async with database.session() as connection:
            await connection.execute("TRUNCATE text_message, text_consent, call, data_key CASCADE")
            before = await connection.fetchval("SELECT coalesce(max(id), 0) FROM audit")
        yield Practice(database, tmp_path, audit_from=before)


def carrier_of(practice: Practice) -> Scripted:
    assert isinstance(practice.carrier, Scripted)
    return practice.carrier


def bodies(practice: Practice) -> list[str]:
    return [one.body for one in carrier_of(practice).sent]


async def test_a_text_is_shown_and_answered_and_the_answer_goes_out_from_the_practice(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    await practice.writes("Yes.")
    await practice.works()
    assert practice.phones.shown == [(DESK, PATIENT, "[Dr. Rictor] May I take it with milk?")]
    assert [(one.line, one.patient, one.body) for one in carrier_of(practice).sent] == [
        (DID, PATIENT, AUTO),
        (DID, PATIENT, "Yes."),
    ]
    assert [(text.cause, text.state) for text in await practice.book.texts()] == [
        ("staff", "sent"),
        ("auto-reply", "sent"),
        ("patient", "received"),
    ] or {text.state for text in await practice.book.texts()} == {State.SENT, State.RECEIVED}
    assert ("person/rictor", "text-written") in await practice.audit()
    assert [parcel.data["type"] for parcel in practice.channels.parcels] == ["text.received", "text.written"]


async def test_a_text_that_is_told_twice_is_taken_once(practice: Practice) -> None:
    text = await practice.comes()
    assert await practice.texts.arrives(text) is None
    assert await practice.texts.arrives(replace(text, id=uuid4())) is None
    await practice.works()
    assert len(await practice.book.texts()) == 2


async def test_two_texts_at_one_moment_get_one_automatic_answer(practice: Practice) -> None:
    await asyncio.gather(*(practice.comes(f"Part {n}") for n in range(4)))
    await practice.works()
    assert bodies(practice) == [AUTO]


async def test_a_staff_text_resets_the_quiet_time(practice: Practice) -> None:
    await practice.comes()
    practice.later = timedelta(minutes=14)
    await practice.writes("Yes.")
    practice.later = timedelta(minutes=28)
    await practice.comes("And with juice?")
    practice.later = timedelta(minutes=30)
    await practice.comes("Are you there?")
    await practice.works()
    assert bodies(practice).count(AUTO) == 1  # the first came too late to be sent, the last is the second


async def test_what_fails_for_a_while_is_tried_again_and_the_writer_hears_when_it_takes_long(
    practice: Practice,
) -> None:
    await practice.comes()
    await practice.works()
    carrier_of(practice).fates = [TEMPORARY, TEMPORARY, TEMPORARY]
    await practice.writes("Yes.")
    await practice.works()
    assert (await practice.newest()).state is State.WAITING
    practice.later = timedelta(minutes=3)
    for _ in range(3):
        await practice.due_now()
        await practice.works()
    assert (await practice.newest()).state is State.SENT
    assert bodies(practice) == [AUTO, *["Yes."] * 4]
    waits = "[Dr. Rictor] (Not sent yet. It waits for the carrier and is tried again. It was: “Yes.”)"
    assert practice.phones.on_phone(DESK)[1:] == [waits]


async def test_what_fails_for_good_is_told_to_the_writer_and_by_mail(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    carrier_of(practice).fates = [Posted(PostFate.PERMANENT, "Their number cannot take texts; call them.")]
    await practice.writes("Come at ten tomorrow.")
    await practice.works()
    said = "[Dr. Rictor] (Not delivered. Their number cannot take texts; call them. It was: “Come at ten tomorrow.”)"
    assert practice.phones.on_phone(DESK)[-1] == said
    [mail] = [parcel for parcel in practice.channels.parcels if parcel.to]
    assert mail.to == "rictor@practice.example"
    assert mail.text.startswith("A text to a patient was not delivered. https://texts.example.com/t/")
    assert (await practice.newest()).failure == "Their number cannot take texts; call them."


async def test_an_automatic_text_that_fails_troubles_nobody(practice: Practice) -> None:
    carrier_of(practice).fates = [Posted(PostFate.PERMANENT, "Their number cannot take texts.")]
    await practice.comes()
    await practice.works()
    assert practice.phones.on_phone(DESK) == ["[Dr. Rictor] May I take it with milk?"]
    assert not [parcel for parcel in practice.channels.parcels if parcel.to]


async def test_a_text_whose_answer_was_lost_is_never_sent_again_and_a_report_settles_it(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    carrier_of(practice).fates = [Posted(PostFate.UNSURE, "The carrier did not say.")]
    written = await practice.writes("Yes.")
    await practice.works()
    practice.later = timedelta(minutes=14)
    await practice.due_now()
    await practice.works()
    assert (await practice.newest()).state is State.UNSURE
    assert bodies(practice).count("Yes.") == 1
    assert carrier_of(practice).sent[-1].report_to == f"https://texts.example.com/texts/scripted/{written.record.id}"
    await practice.texts.heard([Report("scripted:9", State.DELIVERED, written.record.id)])
    assert (await practice.newest()).state is State.DELIVERED
    practice.later = timedelta(minutes=30)
    await practice.works()
    assert len(practice.phones.on_phone(DESK)) == 1


async def test_a_text_that_stays_in_doubt_is_told_to_a_person(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    carrier_of(practice).fates = [Posted(PostFate.UNSURE, "The carrier did not say.")]
    await practice.writes("Yes.")
    await practice.works()
    practice.later = timedelta(minutes=16)
    for _ in range(2):
        await practice.works()
    said = "(Perhaps not delivered. It is not known whether it arrived: call if it matters. It was: “Yes.”)"
    assert practice.phones.on_phone(DESK)[1:] == [f"[Dr. Rictor] {said}"]


async def test_a_program_that_is_killed_while_it_sends_sends_nothing_twice(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    await practice.writes("Yes.")
    assert await practice.outbox.next_text() is not None  # and then it is killed
    await practice.outbox.let_go()
    await practice.due_now()
    await practice.works()
    assert bodies(practice) == [AUTO]
    assert (await practice.newest()).state is State.UNSURE


async def test_reports_come_in_any_order_and_twice(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    written = await practice.writes("Yes.")
    await practice.works()
    for state in (State.DELIVERED, State.SENT, State.FAILED, State.DELIVERED):
        await practice.texts.heard([Report(f"scripted:{written.record.id}", state, None, "Their phone is off.")])
        assert (await practice.newest()).state is State.DELIVERED
    assert [action for _, action in await practice.audit()].count("text-delivered") == 1
    await practice.texts.heard([Report("scripted:unknown", State.FAILED)])
    await practice.texts.heard([Report("scripted:unknown", State.FAILED, written.record.id)])
    assert (await practice.newest()).state is State.DELIVERED


async def test_stop_ends_texts_on_every_line_and_the_staff_is_told(practice: Practice) -> None:
    await practice.comes()
    await practice.writes("Yes.")
    await practice.comes("STOP", line=NIGHT_DID)
    await practice.works()
    confirmation = "You get no more texts from Scotland Family Medicine. Text START to get them again."
    assert bodies(practice) == [f"{confirmation} In an emergency, call 911."]
    shown = practice.phones.on_phone(DESK)
    assert any("STOP (They want no more texts from us: call them instead.)" in one for one in shown)
    assert any("They asked for no texts meanwhile (STOP): call them." in one for one in shown)
    refused = await practice.writes("Are you sure?")
    assert (refused.record.state, refused.record.failure[:26]) == (State.REFUSED, "They asked for no texts (S")
    await practice.comes("START")
    written = await practice.writes("Welcome back.")
    await practice.works()
    assert written.record.state is State.WAITING
    assert bodies(practice)[-1] == "Welcome back."
    assert [said.consent for said in await practice.book.consents(PATIENT)] == ["given", "revoked", "given"]


async def test_who_told_the_carrier_stop_is_written_down(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    carrier_of(practice).fates = [Posted(PostFate.PERMANENT, "They told the carrier STOP.", opted_out=True)]
    await practice.writes("Yes.")
    await practice.works()
    known = await practice.book.conversation(DID, PATIENT)
    assert known.consent is Consent.REVOKED


async def test_nobody_is_texted_who_did_not_begin_or_agree(practice: Practice) -> None:
    assert (await practice.writes("Hello")).record.state is State.REFUSED
    await practice.works()
    assert bodies(practice) == []
    assert "no consent is on record" in practice.phones.on_phone(DESK)[0]
    practice.policy = a_texting_policy(staff_may_begin=True)
    assert (await practice.writes("Hello")).record.state is State.WAITING


async def test_an_answer_goes_out_on_the_line_that_the_patient_wrote_to(practice: Practice) -> None:
    await practice.comes(line=NIGHT_DID)
    await practice.writes("Yes.")
    await practice.works()
    assert carrier_of(practice).sent[-1].line == NIGHT_DID
    await practice.comes(line=DID)
    await practice.writes("Yes, too.")
    await practice.works()
    assert carrier_of(practice).sent[-1].line == DID
    assert practice.phones.on_phone(FRONT) == ["May I take it with milk?", "Dr. Rictor wrote: Yes."]
    mills = Wish("mills", PATIENT, "Hello", line=DID)
    with pytest.raises(NotSent):
        await TextWriting(practice.book, lambda: practice.policy).write(mills)


async def test_texts_wait_for_a_phone_in_their_order_and_somebody_is_told_meanwhile(practice: Practice) -> None:
    practice.phones.on.clear()
    for body in ("One", "Two", "Three"):
        await practice.comes(body)
    await practice.works()
    assert not [parcel for parcel in practice.channels.parcels if parcel.to]
    practice.later = timedelta(minutes=6)
    for _ in range(3):
        await practice.due_now()
        await practice.works()
    [mail] = [parcel for parcel in practice.channels.parcels if parcel.to]
    assert mail.text.startswith("A text from a patient waits for you in Secondline. https://texts.example.com/t/")
    practice.phones.on.add(DESK)
    await practice.due_now()
    await practice.works()
    assert practice.phones.on_phone(DESK) == [f"[Dr. Rictor] {body}" for body in ("One", "Two", "Three")]
    assert all(text.delivered_to == (DESK,) for text in await practice.book.texts() if text.inbound)


async def test_programs_are_told_until_they_listen(practice: Practice) -> None:
    practice.channels.verdicts = [Verdict(Fate.TEMPORARY, "The webhook: it cannot be reached.")] * 3
    await practice.comes()
    for _ in range(5):
        await practice.due_now()
        await practice.works()
    [*tries] = [parcel for parcel in practice.channels.parcels if parcel.data["type"] == "text.received"]
    assert len(tries) == 4
    assert len({parcel.id for parcel in tries}) == 1
    assert not {"patient", "body"} & set(tries[0].data["data"])


async def test_texts_are_erased_with_their_keys_when_their_time_is_over(practice: Practice) -> None:
    await practice.comes()
    await practice.works()
    practice.phones.on.clear()
    await practice.comes("Not shown on any phone yet.")
    practice.policy = a_texting_policy(keep=timedelta(days=30))
    practice.later = timedelta(days=29)
    keeping = TextKeeping(practice.outbox, lambda: practice.policy, practice.now)
    assert await keeping.erase() == 0
    assert len(await practice.book.texts()) == 3
    practice.later = timedelta(days=31)
    assert await keeping.erase() == 2
    assert [text.body for text in await practice.book.texts()] == ["Not shown on any phone yet."]
    async with practice.database.session() as connection:
        assert await connection.fetchval("SELECT count(*) FROM data_key") == 1
    assert [action for _, action in await practice.audit()].count("text-erased") == 2


async def test_a_missed_call_gets_one_text(practice: Practice) -> None:
    log = PgCallLog(practice.database)
    now = datetime.now(UTC)
    missed = MissedCalls(log, practice.book, lambda: practice.policy)
    for dialled, outcome in ((DID, Outcome.HUNG_UP_RINGING), (NIGHT_DID, Outcome.HUNG_UP_RINGING)):
        start = replace(a_start(now - timedelta(minutes=2)), dialled=dialled)
        await log.finish_call(FinishedCall(start, now - timedelta(minutes=1), outcome, None, None, None))
    for _ in range(2):
        await missed.answer()
    again = MissedCalls(log, practice.book, lambda: practice.policy)
    await again.answer()
    await practice.works()
    assert bodies(practice) == ["Sorry we missed you. In an emergency, call 911."]


async def test_who_calls_again_and_is_answered_gets_none(practice: Practice) -> None:
    log = PgCallLog(practice.database)
    now = datetime.now(UTC)
    for minutes, outcome, phone in ((3, Outcome.HUNG_UP_RINGING, None), (2, Outcome.ANSWERED, DESK)):
        start = replace(a_start(now - timedelta(minutes=minutes)), id=uuid4(), dialled=DID)
        at = now - timedelta(minutes=minutes - 1)
        await log.finish_call(FinishedCall(start, at, outcome, None, phone, at if phone else None))
    await MissedCalls(log, practice.book, lambda: practice.policy).answer()
    assert not await practice.book.texts()


# Carriers over HTTP ------------------------------------------------------------------------------------------------


def outgoing() -> Outgoing:
    return Outgoing(uuid4(), DID, PATIENT, "Yes, with a glass of water. ¿Sí?", "https://texts.example.com/texts/x/1")


async def test_twilio_takes_a_text_and_says_what_is_wrong() -> None:
    async with twilio_peer() as peer:
        carrier = Twilio(peer.account, peer.token, peer.url)
        text = outgoing()
        posted = await carrier.send(text)
        assert (posted.fate, posted.ref[:9]) == (PostFate.SENT, "twilio:SM")
        assert peer.sent == [{"From": DID, "To": PATIENT, "Body": text.body, "StatusCallback": text.report_to}]
        peer.answers = [
            (400, {"code": 21610, "message": f"{PATIENT} is unsubscribed"}),
            (400, {"code": 21211, "message": PATIENT}),
            (429, {"code": 20429}),
            (503, {}),
            (500, {}),
            (301, {}),
            (201, {}),
        ]
        fates = [await carrier.send(outgoing()) for _ in range(7)]
        assert [one.fate for one in fates] == [
            *[PostFate.PERMANENT] * 2,
            *[PostFate.TEMPORARY] * 2,
            PostFate.UNSURE,
            PostFate.TEMPORARY,
            PostFate.UNSURE,
        ]
        assert [one.opted_out for one in fates[:2]] == [True, False]
        assert not [one for one in fates if PATIENT in one.why]
        wrong = await Twilio(peer.account, "guessed", peer.url).send(outgoing())
        assert (wrong.fate, "key_file" in wrong.why) == (PostFate.TEMPORARY, True)


async def test_telnyx_takes_a_text_and_says_what_is_wrong() -> None:
    peer = TextCarrier(f"http://127.0.0.1:{free_port()}", "http://127.0.0.1:1", delivers=False)
    carrier = Telnyx(peer.key, bytes(32), peer.api)
    assert (await carrier.send(outgoing())).fate is PostFate.TEMPORARY  # nobody is there
    async with text_carrier(peer):
        posted = await carrier.send(outgoing())
        assert (posted.fate, posted.ref) == (PostFate.SENT, f"telnyx:{peer.sent[0]['id']}")
        peer.answers = [
            (422, {"errors": [{"code": "40300", "title": PATIENT}]}),
            (400, {"errors": [{"code": "10002"}]}),
        ]
        stopped, bad = await carrier.send(outgoing()), await carrier.send(outgoing())
        assert (stopped.fate, stopped.opted_out) == (PostFate.PERMANENT, True)
        assert (bad.fate, bad.opted_out) == (PostFate.PERMANENT, False)
        assert (await Telnyx("guessed", bytes(32), peer.api).send(outgoing())).fate is PostFate.TEMPORARY


async def test_a_carrier_that_hangs_up_in_mid_answer_may_have_taken_it() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        posted = await Telnyx("KEY", bytes(32), f"http://127.0.0.1:{port}").send(outgoing())
    assert posted.fate is PostFate.UNSURE


async def test_a_trunk_without_a_link_to_asterisk_waits() -> None:
    class Away:
        ready = False

        async def send_out(self, line: str, patient: str, body: str) -> None:
            raise AssertionError

    assert (await Trunk(Away()).send(outgoing())).fate is PostFate.TEMPORARY


# The site ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def site(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setattr(refusals, "FIRST_SECONDS", 0.0)
    peer = TextCarrier("http://127.0.0.1:1", "http://127.0.0.1:1")
    public = Telnyx(peer.key, base64.b64decode(peer.public_key), peer.api)
    practice.peer = peer  # type: ignore[attr-defined]
    made = TextSite(practice.texts, practice.links, lambda: practice.policy, lambda: public, Refusals(lambda: None))
    async with TestClient(TestServer(made.application())) as client:
        yield client


async def test_the_carrier_is_believed_when_it_signs(site: Client, practice: Practice) -> None:
    peer: TextCarrier = practice.peer  # type: ignore[attr-defined]
    peer.practice_url = str(site.make_url("")).rstrip("/")
    assert await peer.texts(PATIENT, "+1 717 555 0100".replace(" ", ""), "Hello") == 204
    async with site.post("/texts/telnyx", data=b"{}", headers=peer.signed(b"other")) as answer:
        assert answer.status == 403
    async with site.post("/texts/telnyx", data=b"{}", headers=peer.signed(b"{}")) as answer:
        assert answer.status == 400
    async with site.post("/texts/twilio", data=b"{}") as answer:
        assert answer.status == 404
    [_, text] = sorted(await practice.book.texts(), key=lambda one: one.cause)
    assert (text.body, text.patient) == ("Hello", PATIENT)


async def test_a_text_that_comes_while_the_database_is_away_is_kept(
    site: Client,
    practice: Practice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable

    peer: TextCarrier = practice.peer  # type: ignore[attr-defined]
    peer.practice_url = str(site.make_url("")).rstrip("/")
    with monkeypatch.context() as patch:
        patch.setattr(practice.book, "take", away)
        assert await peer.texts(PATIENT, DID, "Hello") == 204
        [kept] = practice.spool.waiting()
        assert kept.body == "Hello"
        with pytest.raises(StoreUnavailable):
            await practice.texts.take_spooled()
    assert await practice.texts.take_spooled() == 1
    assert await practice.texts.take_spooled() == 0
    assert [text.body for text in await practice.book.texts() if text.inbound] == ["Hello"]


async def secure(practice: Practice) -> tuple[str, str]:
    """A text that goes as a link: its path and its code."""
    await practice.comes()
    await practice.works()
    written = await practice.writes("Your result is negative. <b>Good news</b>", secure=True)
    assert written.code is not None
    await practice.works()
    sent = carrier_of(practice).sent[-1].body
    assert sent.startswith("Scotland Family Medicine has a message for you, for 7 days: https://texts.example.com/t/")
    assert "negative" not in sent
    assert written.code not in sent
    return sent.partition("https://texts.example.com")[2].partition(" ")[0], written.code


async def test_a_link_shows_one_text_to_who_has_the_code(site: Client, practice: Practice) -> None:
    path, code = await secure(practice)
    wrong = "000000" if code != "000000" else "000001"
    async with site.get(path) as asked:
        asking = await asked.text()
        assert "negative" not in asking
        assert asked.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert (asked.headers["Referrer-Policy"], asked.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert not asked.cookies
    async with site.get("/t/made-up") as made_up:
        assert await made_up.text() == asking
    async with site.post(path, data={"code": wrong}) as answer:
        refused, status = await answer.text(), answer.status
    async with site.post("/t/made-up", data={"code": code}) as answer:
        assert (await answer.text(), answer.status) == (refused, status)
        assert status == 403
    async with site.post(path, data={"code": f" {code[:3]} {code[3:]}"}) as answer:
        shown = await answer.text()
        assert answer.status == 200
        assert "Your result is negative. &lt;b&gt;Good news&lt;/b&gt;" in shown
        assert "script" not in shown
    audit = await practice.audit()
    assert ("patient", "link-refused") in audit
    assert ("patient", "link-opened") in audit


async def test_tries_are_few_and_links_end(site: Client, practice: Practice) -> None:
    path, code = await secure(practice)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(MOST_TRIES):
        async with site.post(path, data={"code": wrong}) as answer:
            refused = await answer.text()
    async with site.post(path, data={"code": code}) as answer:
        assert (await answer.text(), answer.status) == (refused, 403)
    async with practice.database.session() as connection:
        await connection.execute("UPDATE text_link SET wrong = 0, expires_at = now()")
    async with site.post(path, data={"code": code}) as answer:
        assert (await answer.text(), answer.status) == (refused, 403)


async def test_a_physicians_link_opens_with_the_pin(site: Client, practice: Practice) -> None:
    practice.phones.on.clear()
    await practice.comes()
    practice.later = timedelta(minutes=6)
    await practice.works()
    practice.later = timedelta()
    [mail] = [parcel for parcel in practice.channels.parcels if parcel.to]
    path = mail.text.partition("https://texts.example.com")[2].partition(" ")[0]
    async with site.post(path, data={"code": "1111"}) as answer:
        assert answer.status == 403
    async with site.post(path, data={"code": "2580"}) as answer:
        assert "May I take it with milk?" in await answer.text()
    assert ("person/rictor", "link-opened") in await practice.audit()


# Nothing of patients anywhere else ---------------------------------------------------------------------------------


async def test_numbers_words_addresses_and_codes_are_in_no_log_and_lie_sealed(
    practice: Practice, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path, code = await secure(practice)
        carrier_of(practice).fates = [Posted(PostFate.PERMANENT, "Their phone is off."), TEMPORARY]
        await practice.writes("The insulin is at the desk.")
        await practice.writes("The insulin is at the desk again.")
        await practice.works()
        await practice.texts.takes(Spooled(uuid4(), practice.now(), DESK, "", "12", "insulin"))
    canaries = ("5550143", "555-0143", "insulin", "negative", path[3:], code)
    assert not [one for one in canaries if one in caplog.text]
    async with practice.database.session() as connection:
        tables = [
            row["tablename"]
            for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        dump = ""
        for table in tables:
            dump += str([tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")])
    assert not [one for one in canaries if one in dump]


async def test_what_a_broken_carrier_says_is_not_repeated(practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Scripted):
        async def send(self, text: Outgoing) -> Posted:
            raise RuntimeError(text.body)

    practice.carrier = Broken()
    await practice.comes("insulin")
    await practice.writes("insulin")
    await practice.works()
    assert {text.state for text in await practice.book.texts()} == {State.UNSURE, State.RECEIVED}
    assert "insulin" not in caplog.text


def a_line(spool: Path, id_: UUID, line: str, body: str | bytes = "") -> None:
    (spool / f"{id_}.text").write_text(line)
    (spool / f"{id_}.body").write_bytes(body if isinstance(body, bytes) else body.encode())


async def test_the_spool_is_read_as_if_a_stranger_had_written_it(practice: Practice, tmp_path: Path) -> None:
    folder = tmp_path / "spool" / "texts"
    good, long, half, bad = (UUID(int=n) for n in range(4))
    a_line(folder, good, "v1|1764000000.123|rictor-desk||+12155550143|5|end\n", "Hi\nthere 🥛\n")
    a_line(folder, long, "v1|1764000001.0||+12155550143|+17175550100|2000|end")
    a_line(folder, half, "v1|1764000002.0|rictor-desk||+1215")
    a_line(folder, bad, "v1|x|../../etc||$(id)|5|end", b"\xff\xfe")
    (folder / "notes.txt").write_text("")
    (folder / f"{UUID(int=9)}.kept").write_text("{}")
    found = practice.spool.waiting()
    assert [(one.id, one.phone, one.to, one.body, one.cut) for one in found] == [
        (good, "rictor-desk", "+12155550143", "Hi\nthere 🥛", False),
        (long, "", "+17175550100", "", True),
    ]
    practice.spool.taken(good)
    assert [one.id for one in practice.spool.waiting()] == [long]


async def test_a_phone_hears_at_once_why_nothing_was_sent(practice: Practice) -> None:
    for to, body, cut, expected in (
        ("12", "Hello", False, "no number that texts can go to"),
        (PATIENT, "", True, "more than 1600 characters"),
        (PATIENT, "secure: Hello", False, None),
    ):
        await practice.texts.takes(Spooled(uuid4(), practice.now(), DESK, "", to, body, cut))
        if expected:
            assert expected in practice.phones.shown[-1][2]
    await practice.works()
    assert "no consent is on record" in practice.phones.shown[-1][2]
    assert not [text for text in await practice.book.texts() if text.body.startswith("secure")]


def test_a_link_to_a_text_is_not_in_what_values_show_of_themselves() -> None:
    assert "Yes" not in repr(outgoing())
    assert TextRecord.__dataclass_fields__["body"].repr is False
    assert timedelta(days=1) > text_post.GIVE_UP_AFTER
