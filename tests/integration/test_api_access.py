"""Who may what: every route with every scope, and what is in a mailbox or on a number that one may not see."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest

from pbx.domain.token import TokenScope
from pbx.web.api.routes import ROUTES
from pbx.web.api.table import Route
from tests.kit.calls import PATIENT
from tests.kit.programs import EVERYTHING, OFFICE, RICTORS, WORDS, Answer, Site

BODIES: dict[str, Any] = {
    "done_message": {},
    "note_message": {"text": "left word"},
    "forward_message": {"mailbox": "okafor"},
    "set_override": {"mode": "closed", "number": RICTORS, "until": "+1h"},
    "place_call": {"person": "rictor", "number": "+17175550149"},
    "send_text": {"to": "+17175550149", "text": "Call us."},
    "make_swap": {
        "rota": "doctors",
        "from": "rictor",
        "to": "okafor",
        "start": "2030-01-14T12:00:00Z",
        "end": "2030-01-14T13:00:00Z",
        "reason": "family",
    },
}
CANARIES = (PATIENT, PATIENT[-7:], WORDS, "canary")


async def ask(site: Site, route: Route, id_: object, token: str) -> Answer:
    path = route.path.replace("{id}", str(id_)).replace("{number}", str(id_))
    return await site.ask(route.method, path, BODIES.get(route.name), token=token)


async def test_a_token_opens_the_routes_of_its_scopes_and_no_other(bare_site: Site) -> None:
    site, message = bare_site, await bare_site.message()
    tokens = {scope: await site.new_token(scope.value.replace(":", "-"), frozenset({scope})) for scope in TokenScope}
    for route in ROUTES:
        for scope, token in tokens.items():
            answer = await ask(site, route, message, token)
            if scope is route.scope:
                assert answer.status not in (401, 403, 500), (route.name, answer.content)
            else:
                assert answer.status == 403, (route.name, scope)
                assert answer.json["detail"] == f"the token is for something else: make one with --scope {route.scope}"


async def call_of(site: Site, message: UUID) -> UUID:
    async with site.database.session() as connection:
        call: UUID = await connection.fetchval("SELECT call_id FROM message WHERE id = $1", message)
    return call


async def test_what_one_may_not_see_is_not_there(bare_site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site = bare_site
    caplog.set_level(logging.DEBUG)
    foreign, text = await site.message("front-desk", OFFICE), await site.text(OFFICE)
    call = await call_of(site, foreign)
    limited = {
        "a person": await site.new_token("rictor", person="rictor"),
        "a program for a mailbox": await site.new_token("one", mailboxes=("rictor",)),
        "a narrower token": await site.new_token("narrow", person="diaz", mailboxes=("diaz",), numbers=()),
        "a program for a number": await site.new_token("number", mailboxes=(), numbers=(RICTORS,)),
    }
    for token in limited.values():
        for route in ROUTES:
            id_ = call if "/calls" in route.path else text if "/texts" in route.path else foreign
            answer, unknown = await ask(site, route, id_, token), await ask(site, route, uuid4(), token)
            assert not any(canary in answer.content.decode(errors="replace") for canary in CANARIES), route.name
            assert str(id_) not in answer.content.decode(errors="replace"), route.name
            if "{" in route.path:
                assert (answer.status, answer.content) == (404, unknown.content) == (unknown.status, answer.content)
    done = [row for row in await site.audit() if row[1] != "refused"]
    assert not [row for row in done if any(str(seen) in row[2] for seen in (foreign, call, text))]
    assert not any(canary in record.getMessage() for record in caplog.records for canary in CANARIES)


async def test_a_call_shows_no_message_of_a_mailbox_that_one_does_not_see(bare_site: Site) -> None:
    site = bare_site
    message = await site.message("okafor", RICTORS)
    call = await call_of(site, message)
    for person, seen in (("rictor", None), (None, str(message))):
        token = await site.new_token(person or "program", EVERYTHING, person=person)
        assert (await site.ask("GET", f"/api/calls/{call}", token=token)).json["message_id"] == seen
        assert (await site.ask("GET", "/api/calls", token=token)).json["calls"][0]["message_id"] == seen


async def test_a_person_acts_for_oneself_alone(bare_site: Site) -> None:
    site = bare_site
    rictor = await site.new_token("rictor", person="rictor")
    closed = {"mode": "closed", "until": "+1h"}
    elsewhere: tuple[dict[str, str], ...] = ({}, {"number": OFFICE}, {"person": "okafor"})
    for whom in elsewhere:
        assert (await site.ask("POST", "/api/overrides", closed | whom, token=rictor)).status == 403
    own = await site.ask("POST", "/api/overrides", closed | {"person": "rictor"}, token=rictor)
    assert (own.status, own.json["by"]) == (201, "Dr. Kenneth Rictor")
    program = await site.new_token("program")
    other = await site.ask("POST", "/api/overrides", closed | {"number": OFFICE}, token=program)
    assert len((await site.ask("GET", "/api/overrides", token=rictor)).json["overrides"]) == 1
    assert (await site.ask("DELETE", f"/api/overrides/{other.json['id']}", token=rictor)).status == 404
    assert (await site.ask("DELETE", f"/api/overrides/{own.json['id']}", token=rictor)).status == 200
    swap = BODIES["make_swap"] | {"from": "okafor", "to": "mills"}
    assert (await site.ask("POST", "/api/oncall/swaps", swap, token=rictor)).status == 403
    made = await site.ask("POST", "/api/oncall/swaps", swap | {"start": "2030-01-08T12:00:00Z"}, token=program)
    assert made.status == 201, made.content
    assert (await site.ask("DELETE", f"/api/oncall/swaps/{made.json['id']}", token=rictor)).status == 404
    actors = {(actor, action) for actor, action, _ in await site.audit()}
    assert {("person/rictor", "overrode"), ("token/program", "overrode"), ("token/program", "swapped")} <= actors
