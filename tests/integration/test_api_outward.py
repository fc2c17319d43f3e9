"""What programs have done towards the outside, calls and texts: for whom they may, and never twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from pbx.domain.call import CallStart, Direction
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.texting import Consent, ConsentHow
from pbx.domain.texting_rules import ConsentChange
from pbx.services.text_ports import Said
from pbx.store.calls import PgCallLog
from tests.kit.calls import PATIENT, an_answered_call
from tests.kit.programs import OFFICE, RICTORS, WORDS, Site

ASKED = {"person": "rictor", "number": "(717) 555-0142"}


async def test_a_call_is_asked_for_once_whatever_happens_to_the_answer(site: Site) -> None:
    key = {"Idempotency-Key": "call-1"}
    answers = await asyncio.gather(*(site.ask("POST", "/api/calls", ASKED, headers=key) for _ in range(4)))
    assert {answer.status for answer in answers} <= {202, 409}
    made = (await site.ask("POST", "/api/calls", ASKED, headers=key)).json
    assert made == {"person": "rictor", "shown": RICTORS, "shown_because": "usual", "reason": "allowed"}
    [asked] = site.ringing.asked
    assert (asked.person, asked.to, asked.shown, asked.legs[:1]) == (
        "rictor",
        PATIENT,
        RICTORS,
        ("p-0-25-rictor-desk",),
    )
    site.ringing.down, key = True, {"Idempotency-Key": "call-2"}
    for _ in range(2):
        doubtful = await site.ask("POST", "/api/calls", ASKED, headers=key)
        assert (doubtful.status, "see whether a phone rings" in doubtful.json["detail"]) == (502, True)
    assert len(site.ringing.asked) == 2, "nobody knows whether it rang, so it is not asked for again"
    assert [row for row in await site.audit() if row[1] == "asked-for-call"] == [
        ("token/ehr", "asked-for-call", "person/rictor")
    ] * 2
    async with site.database.session() as connection:
        events = await connection.fetch("SELECT subject, about FROM hook_event WHERE kind = 'call.asked'")
        kept = await connection.fetchval("SELECT string_agg(to_jsonb(api_answer)::text, '') FROM api_answer")
    assert [row["subject"] for row in events] == ["rictor"] * 2
    assert not any(PATIENT[-7:] in row["about"] for row in events)
    assert PATIENT[-7:] not in kept and "call-1" not in kept


WRONG: tuple[tuple[dict[str, str], int, str], ...] = (
    ({"number": PATIENT}, 400, "'person' is missing"),
    (ASKED | {"person": "nobody"}, 422, "nobody in the practice's file"),
    (ASKED | {"number": "1-900-555-1234"}, 422, "costs more than a call"),
    (ASKED | {"show": PATIENT}, 422, "not a number of this practice"),
    (ASKED | {"number": "tel:5"}, 400, "'number'"),
)


async def test_a_call_that_is_not_placed_says_why(site: Site) -> None:
    for body, status, sentence in WRONG:
        answer = await site.ask("POST", "/api/calls", body)
        assert (answer.status, sentence in answer.json["detail"]) == (status, True), answer.content
        assert "555" not in answer.json["detail"]
    assert site.ringing.asked == []


async def test_a_token_has_calls_placed_for_its_own_alone(bare_site: Site) -> None:
    site = bare_site
    rictor = await site.new_token("rictor", person="rictor")
    number = await site.new_token("number", mailboxes=(), numbers=(OFFICE,))
    for token, body, status in (
        (rictor, {"number": PATIENT}, 202),
        (rictor, ASKED | {"person": "okafor"}, 403),
        (number, ASKED, 403),
        (number, ASKED | {"show": RICTORS}, 403),
        (number, ASKED | {"show": OFFICE}, 202),
    ):
        assert (await site.ask("POST", "/api/calls", body, token=token)).status == status, body
    assert [(call.person, call.shown) for call in site.ringing.asked] == [("rictor", RICTORS), ("rictor", OFFICE)]


async def test_a_call_outside_is_seen_by_its_shown_number_and_by_who_made_it(bare_site: Site) -> None:
    site, ours = bare_site, Caller(NumberKind.E164, RICTORS)
    start = CallStart(uuid4(), PATIENT, ours, datetime.now(UTC), Direction.OUTBOUND, made_by="mills", device="desk-1")
    await PgCallLog(site.database).finish_call(an_answered_call(start))
    for person, seen in (("rictor", True), ("mills", True), ("okafor", False), (None, True)):
        token = await site.new_token(person or "program", person=person)
        listed = (await site.ask("GET", f"/api/calls?number={PATIENT[1:]}", token=token)).json["calls"]
        one = await site.ask("GET", f"/api/calls/{start.id}", token=token)
        assert (len(listed), one.status) == ((1, 200) if seen else (0, 404)), person
        if seen:
            [call] = listed
            assert call == one.json
            assert [call[key] for key in ("from", "to", "made_by", "device")] == [RICTORS, PATIENT, "mills", "desk-1"]


async def test_texts_are_read_page_by_page_and_every_reading_is_in_the_audit(bare_site: Site) -> None:
    site = bare_site
    ids = [str(await site.text(body=f"{WORDS} {count}")) for count in range(3)]
    office = str(await site.text(OFFICE))
    rictor = await site.new_token("rictor", person="rictor")
    first = (await site.ask("GET", "/api/texts?limit=2", token=rictor)).json
    rest = (await site.ask("GET", f"/api/texts?limit=2&cursor={first['next']}", token=rictor)).json
    assert [text["id"] for page in (first, rest) for text in page["texts"]] == ids[::-1]
    assert (rest["next"], rest["texts"][0]["body"]) == (None, f"{WORDS} 0")
    one = await site.ask("GET", f"/api/texts/{ids[0]}", token=rictor)
    assert (one.json, one.json["patient"]) == (rest["texts"][0], PATIENT)
    for limits, seen in (
        ({}, {*ids, office}),
        ({"mailboxes": ("front-desk",)}, {office}),
        ({"mailboxes": (), "numbers": (RICTORS,)}, set(ids)),
        ({"mailboxes": ("okafor",)}, set[str]()),
        ({"person": "okafor"}, set[str]()),
    ):
        token = await site.new_token(f"t{len(seen)}{len(str(limits))}", **limits)
        assert {text["id"] for text in (await site.ask("GET", "/api/texts", token=token)).json["texts"]} == seen
    assert (await site.ask("GET", f"/api/texts?line={OFFICE[1:]}&patient={PATIENT[1:]}", token=rictor)).json == {
        "texts": [],
        "next": None,
    }
    read = [row for row in await site.audit() if row[0] == "person/rictor"]
    assert read == [("person/rictor", "texts-shown", "texts")] * 3


async def test_a_text_is_written_once_from_the_fitting_line(bare_site: Site) -> None:
    site, key, body = bare_site, {"Idempotency-Key": "text-1"}, {"to": "(717) 555-0142", "text": WORDS}
    site.token = await site.new_token("ehr")
    refused = await site.ask("POST", "/api/texts", body)
    assert (refused.status, "no consent is on record" in refused.json["detail"]) == (422, True)
    agreed = ConsentChange(Consent.GIVEN, ConsentHow.STAFF)
    await site.texts.set_consent(PATIENT, agreed, Said("person/mills", "person/mills", "form"))
    made = [await site.ask("POST", "/api/texts", body, headers=key) for _ in range(2)]
    assert [answer.status for answer in made] == [201, 201] and made[0].content == made[1].content
    id_ = made[0].json["id"]
    assert (made[0].json["line"], made[0].json["state"]) == (RICTORS, "waiting")
    assert made[0].headers["Location"] == f"/api/texts/{id_}"
    shown = (await site.ask("GET", f"/api/texts/{id_}")).json
    assert (shown["body"], shown["account"], shown["cause"]) == (WORDS, "token/ehr", "staff")
    assert len([text for text in await site.texts.texts() if text.state == "waiting"]) == 1
    desk = await site.new_token("desk", person="diaz")
    own = await site.ask("POST", "/api/texts", body, token=desk)
    assert (own.status, own.json["line"]) == (201, OFFICE)
    for wrong, status in (({"line": RICTORS}, 422), ({"to": "12"}, 422), ({"text": " "}, 422), ({"text": ""}, 400)):
        answer = await site.ask("POST", "/api/texts", body | wrong, token=desk)
        assert (answer.status, WORDS in answer.content.decode()) == (status, False), wrong
    nobody = await site.new_token("none", person="okafor")
    assert (await site.ask("POST", "/api/texts", body, token=nobody)).status == 422
