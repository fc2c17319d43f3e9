"""Calls, messages and swaps over HTTP, answers that are given once, and what keeps one program from harming others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbx.domain.token import OVERRIDES
from pbx.services.program_ports import Kept
from pbx.store.answers import PgAnswers
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.web.api.guard import Rates
from tests.kit.calls import PATIENT, a_start, an_answered_call
from tests.kit.programs import OFFICE, RICTORS, SOUND, WORDS, Site, care_team, serving


async def test_the_call_log_is_read_page_by_page_while_calls_come_in(site: Site) -> None:
    log, now = PgCallLog(site.database), datetime.now(UTC).replace(microsecond=0)
    # Three of them began at the same moment: a page must not end between two that cannot be told apart by time.
    starts = [a_start(now - timedelta(minutes=m), RICTORS if m % 2 else OFFICE) for m in (1, 5, 5, 5, 9)]
    for start in starts:
        await log.finish_call(an_answered_call(start))
    seen, path = list[str](), "/api/calls?limit=2"
    page = await site.ask("GET", path)
    await log.finish_call(an_answered_call(a_start(now)))
    while True:
        seen += [call["id"] for call in page.json["calls"]]
        if page.json["next"] is None:
            break
        page = await site.ask("GET", f"{path}&cursor={page.json['next']}")
    assert len(seen) == len(set(seen)) and set(seen) == {str(start.id) for start in starts}
    one = (await site.ask("GET", f"/api/calls/{seen[0]}")).json
    assert (one["from"], one["to"], one["outcome"], one["answered_by"]) == (PATIENT, RICTORS, "answered", "rictor-desk")
    since = (now - timedelta(minutes=6)).isoformat().replace("+00:00", "Z")
    found = await site.ask("GET", f"/api/calls?since={since}&until={since}")
    assert found.json == {"calls": [], "next": None}
    assert len((await site.ask("GET", f"/api/calls?since={since}&direction=inbound")).json["calls"]) == 5
    assert len((await site.ask("GET", "/api/calls?number=(717) 555-0102")).json["calls"]) == 0
    assert len((await site.ask("GET", f"/api/calls?number={PATIENT.replace('+', '%2B')}")).json["calls"]) == 6
    for wrong in (
        "cursor=AAAA",
        "cursor=",
        "limit=0",
        "since=yesterday",
        "since=123",
        "number=12",
        "nubmer=1",
        "limit=1&limit=2",
    ):
        answer = await site.ask("GET", f"/api/calls?{wrong}")
        assert (answer.status, "detail" in answer.json) == (400, True), wrong
    rows = await site.audit()
    assert {(row[0], row[1]) for row in rows} == {("token/ehr", "listed"), ("token/ehr", "read")}
    assert sum(row[1] == "read" for row in rows) == 1


async def test_a_message_is_read_heard_and_finished_with(bare_site: Site) -> None:
    site = bare_site
    message = await site.message("front-desk", OFFICE)
    site.token = await site.new_token("mills", person="mills")
    diaz = await site.new_token("diaz", person="diaz")
    path = f"/api/messages/{message}"
    [listed] = (await site.ask("GET", "/api/messages?mailbox=front-desk&open=true")).json["messages"]
    assert (listed["transcript"]["text"], listed["from"], listed["state"]) == (WORDS, PATIENT, "new")
    assert (await site.ask("POST", f"{path}/claim")).json["owner"] == "person/mills"
    taken = await site.ask("POST", f"{path}/claim", token=diaz)
    assert (taken.status, "mills takes care of message" in taken.json["detail"]) == (409, True)
    await site.ask("POST", f"{path}/note", {"text": "left word with\nher daughter"})
    shown = (await site.ask("GET", path)).json
    assert [event["text"] for event in shown["history"] if event["text"]] == ["left word with\nher daughter"]
    for never in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        assert (await site.ask("POST", f"{path}/done", {"called_back_at": never})).status == 422
    later = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    done = await site.ask("POST", f"{path}/done", {"called_back_at": later})
    assert (done.status, done.json["done_by"], done.json["called_back_at"] is not None) == (200, "person/mills", True)
    assert (await site.ask("GET", "/api/messages?open=true")).json["messages"] == []
    assert (await site.ask("POST", f"{path}/reopen")).json["done_at"] is None
    for bad in ({"text": ""}, {"text": "a\u0000b"}, {"text": "x" * 2001}, {}, {"note": "x"}):
        assert (await site.ask("POST", f"{path}/note", bad)).status == 400
    assert (await site.ask("POST", f"{path}/forward", {"mailbox": "nobody"})).status == 422
    moved = await site.ask("POST", f"{path}/forward", {"mailbox": "rictor", "note": "asks for you"})
    assert (moved.json["mailbox"], moved.json["owner"]) == ("rictor", None)
    assert (await site.ask("GET", path)).status == 404
    boxes = (await site.ask("GET", "/api/mailboxes")).json["mailboxes"]
    assert [box["key"] for box in boxes] == ["front-desk", "mills"]
    deeds = [action for actor, action, _ in await site.audit() if actor == "person/mills"]
    assert deeds == ["listed", "claimed", "noted", "read", "done", "reopened", "forwarded", "refused"]


async def test_a_sound_is_heard_in_parts_and_noted_once(site: Site) -> None:
    path = f"/api/messages/{await site.message()}/audio"
    whole = await site.ask("GET", path)
    assert (whole.status, whole.headers["Content-Type"], whole.content) == (200, "audio/wav", SOUND)
    for part, content in (
        ("0-99", SOUND[:100]),
        ("100-", SOUND[100:]),
        ("-44", SOUND[-44:]),
        ("9000-999999", SOUND[9000:]),
    ):
        answer = await site.ask("GET", path, headers={"Range": f"bytes={part}"})
        assert (answer.status, answer.content) == (206, content), part
        assert answer.headers["Content-Range"].endswith(f"/{len(SOUND)}")
    for part in ("999999-", "x", "5-1", "0-1,3-4"):
        answer = await site.ask("GET", path, headers={"Range": f"bytes={part}"})
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}"), part
    assert [action for _, action, _ in await site.audit()] == ["listened"]


async def test_the_same_key_gives_the_same_answer_and_does_nothing_twice(site: Site) -> None:
    body, key = {"mode": "closed", "number": RICTORS, "until": "+1h"}, {"Idempotency-Key": "a-1"}
    answers = await asyncio.gather(*(site.ask("POST", "/api/overrides", body, headers=key) for _ in range(5)))
    [made] = {answer.content for answer in answers if answer.status == 201}
    assert {answer.status for answer in answers} <= {201, 409}
    again = await site.ask("POST", "/api/overrides", body, headers=key)
    first = next(answer for answer in answers if answer.status == 201)
    assert (again.status, again.content, again.headers["Location"]) == (201, made, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(site.overrides.in_force(datetime.now(UTC))) == 1
    other = await site.ask("POST", "/api/overrides", body | {"until": "+2h"}, headers=key)
    assert (other.status, "was used for another request" in other.json["detail"]) == (422, True)
    desk = await site.new_token("desk", OVERRIDES)
    assert (await site.ask("POST", "/api/overrides", body, headers=key, token=desk)).status == 201, (
        "a key is a token's own"
    )
    refused = {"Idempotency-Key": "a-2"}
    for _ in range(2):
        answer = await site.ask("POST", "/api/overrides", {"mode": "x"}, headers=refused)
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (400, "application/problem+json")
    for bad in ("", "x" * 201, "a b"):
        assert (await site.ask("POST", "/api/overrides", body, headers={"Idempotency-Key": bad})).status == 400
    async with site.database.session() as connection:
        await connection.execute("UPDATE api_answer SET made_at = now() - interval '25 hours'")
    assert (await site.ask("POST", "/api/overrides", body | {"until": "+3h"}, headers=key)).status == 201, "after a day"


async def test_a_request_that_nobody_knows_the_end_of_is_not_made_again(database: Database) -> None:
    book = PgAnswers(database)
    async with database.session() as connection:
        token = await connection.fetchval(
            "INSERT INTO api_token (name, sha256, made_by) VALUES ('x', 'y', 'mia') RETURNING id"
        )
    assert await book.begin(token, "k", b"1") is None
    assert await book.begin(token, "k", b"1") == Kept(b"1", None)
    await book.drop(token, "k")
    assert await book.begin(token, "k", b"2") is None
    await book.keep(token, "k", Kept(b"2", 201, "{}", "/x"))
    assert await book.begin(token, "k", b"2") == Kept(b"2", 201, "{}", "/x")
    await book.drop(token, "k")
    assert await book.begin(token, "k", b"2") is not None, "what was answered stays answered"


async def test_a_program_that_asks_too_often_is_told_when_to_come_back(database: Database, tmp_path: Path) -> None:
    async with serving(database, care_team(), Rates(per_second=0.5, burst=3), tmp_path) as site:
        site.token, other = await site.new_token(), await site.new_token("other")
        answers = [await site.ask("GET", "/api/status") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] in ("1", "2")
        assert (await site.ask("GET", "/api/status", token=other)).status == 200


async def test_who_is_on_call_is_told_and_swapped(site: Site) -> None:
    at = "2030-01-14T20:00:00-05:00"
    [rota] = (await site.ask("GET", f"/api/oncall?at={at}")).json["rotas"]
    assert [person["key"] for person in rota["people"]] == ["rictor", "mills"]
    wanted = {"rota": "doctors", "from": "rictor", "to": "okafor", "start": at, "end": "2030-01-15T08:00:00-05:00"}
    made = await site.ask("POST", "/api/oncall/swaps", wanted | {"reason": "family"})
    assert made.status == 201, made.content
    [rota] = (await site.ask("GET", f"/api/oncall?at={at}")).json["rotas"]
    assert rota["people"][0]["key"] == "okafor"
    for change, sentence in (
        ({"rota": "doctor"}, "'rota' is no rota"),
        ({"end": at}, "'end' is not after 'start'"),
        ({"end": "2999-01-15T08:00:00Z"}, "at most 366 days"),
        ({"to": "okafo"}, "did you mean 'okafor'?"),
        ({"from": "diaz"}, "is not on call"),
    ):
        answer = await site.ask("POST", "/api/oncall/swaps", wanted | {"reason": "x"} | change)
        assert (answer.status, sentence in answer.json["detail"]) == (422, True), answer.json
    assert (await site.ask("DELETE", f"/api/oncall/swaps/{made.json['id']}")).json["undone"]
    assert (await site.ask("DELETE", f"/api/oncall/swaps/{made.json['id']}")).status == 404
    assert (await site.ask("GET", "/api/oncall/swaps")).json["swaps"] == []
    [kept] = (await site.ask("GET", "/api/oncall/swaps?all=true")).json["swaps"]
    assert (kept["from"], kept["by"], kept["undone_by"]) == ("rictor", "ehr", "ehr")


async def test_how_the_server_is_and_what_the_interface_is(site: Site) -> None:
    status = (await site.ask("GET", "/api/status")).json
    assert (status["ready"], status["phones"]["okafor-desk"], status["low_disk"]) == (True, None, False)
    document = await site.ask("GET", "/api/openapi.json", token="")
    assert (document.status, document.json["openapi"]) == (200, "3.1.0")
