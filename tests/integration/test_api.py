"""The HTTP interface for programs: with a token, on a real database; what is wrong is told in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pbx.domain.token import OVERRIDES, Token, TokenScope
from pbx.services.ports import StoreUnavailable
from pbx.web import refusals
from tests.kit.calls import PATIENT
from tests.kit.programs import RICTORS, Site

PATH = "/api/overrides"


async def test_one_is_set_shown_and_ended(site: Site) -> None:
    site.token = await site.new_token("desk", OVERRIDES)
    body = {"mode": "closed", "number": "717 555 0100", "until": "+2h", "reason": "x"}
    made = await site.ask("POST", PATH, body)
    assert made.status == 201
    assert made.headers["Location"] == f"{PATH}/{made.json['id']}"
    one = made.json
    assert (one["mode"], one["scope"], one["target"], one["by"]) == ("closed", "number", RICTORS, "desk")
    assert one["said"][0].startswith("Dr. Rictor, (717) 555-0100: closed until ")
    left = datetime.fromisoformat(one["end"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    assert len(site.overrides.in_force(datetime.now(UTC))) == 1
    listed = await site.ask("GET", PATH)
    assert (listed.status, [held["id"] for held in listed.json["overrides"]]) == (200, [one["id"]])
    assert (await site.ask("DELETE", f"{PATH}/{one['id']}")).status == 200
    assert (await site.ask("GET", PATH)).json == {"overrides": []}
    assert site.overrides.in_force(datetime.now(UTC)) == ()
    thing = f"override/{one['id']}"
    assert await site.audit() == [("token/desk", "overrode", thing), ("token/desk", "ended-override", thing)]


async def test_without_words_about_whom_it_is_for_the_practice(site: Site) -> None:
    made = await site.ask("POST", PATH, {"mode": "snow-day", "by": "Sam Mills"})
    assert (made.status, made.json["by"]) == (201, "Sam Mills")
    assert (made.json["scope"], made.json["target"]) == ("practice", None)


WRONG: dict[str, tuple[object, int, str]] = {
    "no mode": ({}, 400, "'mode' is missing"),
    "an unknown mode": ({"mode": "shut"}, 400, "'mode' must be one of closed, open, voicemail, snow-day"),
    "a mode that is no text": ({"mode": 1}, 400, "'mode' must be one of"),
    "a number that is no text": ({"mode": "closed", "number": 7}, 400, "'number' must be a text"),
    "an unknown key": ({"mode": "closed", "untill": "17:00"}, 400, "'untill' is not known here (known are: mode,"),
    "two targets": ({"mode": "closed", "person": "rictor", "practice": True}, 400, "name one of"),
    "no number": ({"mode": "closed", "number": "12"}, 400, "'number'"),
    "practice false": ({"mode": "closed", "practice": False}, 400, "'practice' must be one of True"),
    "a list": ([1], 400, "send a JSON object"),
    "another's number": ({"mode": "closed", "number": PATIENT}, 422, "'number' is not a number of this practice"),
    "nobody": ({"mode": "closed", "person": "nobody"}, 422, "nobody with a phone"),
    "no end": ({"mode": "closed", "until": "noon"}, 422, "'until' is not an end"),
    "an end too far away": ({"mode": "closed", "until": "+15d"}, 422, "at most 14 days"),
    "lines": ({"mode": "closed", "reason": "a\nb", "until": "+1h"}, 400, "'reason' has a character"),
    "too much": ({"mode": "closed", "reason": "x" * 20000}, 413, "larger than"),
}


async def test_what_is_wrong_is_told_in_one_sentence(site: Site) -> None:
    for what, (body, status, sentence) in WRONG.items():
        answer = await site.ask("POST", PATH, body)
        assert (answer.status, answer.json["status"]) == (status, status), what
        assert sentence in answer.json["detail"], what
        assert PATIENT not in answer.json["detail"] and "noon" not in answer.json["detail"]
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert site.overrides.in_force(datetime.now(UTC)) == ()


async def test_what_is_no_json_or_not_there_is_told_too(site: Site) -> None:
    json = {"Content-Type": "application/json"}
    for data in (b"{", b"[" * 15000, b"\xff"):
        assert (await site.ask("POST", PATH, data=data, headers=json)).status == 400
    assert (await site.ask("POST", PATH, data=b"mode=closed")).status == 415
    refused = await site.ask("PUT", PATH)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET,POST")
    assert (await site.ask("GET", "/api/nothing")).json["title"] == "Not Found"
    for number in ("17", "0", "-1", "x", "9" * 30, "٣"):
        answer = await site.ask("DELETE", f"{PATH}/{number}")
        assert (answer.status, answer.json["detail"]) == (404, "there is no such override")


NO_TOKENS = ("", "Bearer", "Bearer x", "Basic {}", "{}", "Bearer {}x", "Bearer secondline_")


async def test_without_a_token_nothing_is_told_or_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "LONGEST_SECONDS", 0.01)
    for header in NO_TOKENS:
        for method in ("GET", "POST"):
            headers = {"Authorization": header.format(site.token)}
            answer = await site.ask(method, PATH, {"mode": "closed"}, headers=headers)
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="secondline"')
    assert len(site.refused) == 2 * len(NO_TOKENS)
    assert site.overrides.in_force(datetime.now(UTC)) == ()


async def test_sign_ins_and_refusals_are_in_the_audit_without_the_token(site: Site) -> None:
    narrow = await site.new_token("narrow", frozenset({TokenScope.STATUS_READ}))
    for token in (site.token, site.token, "secondline_wrong", narrow):
        await site.ask("GET", PATH, token=token)
    await site.journal.tell_all()
    await site.journal.tell_all()
    async with site.database.session() as connection:
        rows = await connection.fetch(
            "SELECT actor, action, detail->>'why' AS why FROM audit WHERE object = 'api' ORDER BY id"
        )
        said = await connection.fetchval("SELECT string_agg(detail::text, '') FROM audit")
    assert [tuple(row) for row in rows] == [
        ("token/ehr", "token-used", None),
        ("unknown", "api-refused", "token"),
        ("token/narrow", "api-refused", "scope"),
    ]
    assert "secondline_" not in said


async def test_a_revoked_token_is_refused_at_once(site: Site) -> None:
    assert (await site.ask("GET", PATH)).status == 200
    await site.tokens.revoke("ehr", "mia")
    assert (await site.ask("GET", PATH)).status == 401


async def test_a_token_ends_by_itself_and_gives_its_name_back(site: Site) -> None:
    over = await site.new_token("old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert (await site.ask("GET", PATH, token=over)).status == 401
    assert (await site.ask("GET", PATH, token=await site.new_token("old"))).status == 200


async def test_refused_attempts_wait_and_one_with_a_token_does_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "FIRST_SECONDS", 0.3)
    monkeypatch.setattr(refusals, "MOST_WAITING", 2)
    tries = [asyncio.ensure_future(site.ask("GET", PATH, token="wrong")) for _ in range(5)]
    done, _ = await asyncio.wait(tries, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result().status for task in done} == {429}
    assert (await site.ask("GET", PATH)).status == 200
    assert sum(task.done() for task in tries) <= 4, "the one with a token did not wait for those without"
    assert sorted([(await task).status for task in tries]) == [401, 401, 429, 429, 429]
    assert len(site.refused) == 5


async def test_while_the_database_is_away_it_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Sequence[Token]:
        raise StoreUnavailable("the database is away")

    monkeypatch.setattr(site.tokens, "tokens", away)
    answer = await site.ask("GET", PATH)
    assert (answer.status, "the database is away" in answer.json["detail"]) == (503, True)
