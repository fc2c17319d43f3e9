"""The HTTP interface for programs: with a token, on a real database; what is wrong is told in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pbx.auditing.journal import FileJournal
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.domain.token import Token, TokenScope, hash_of, new_token
from pbx.services.overrides import Overrides, OverridesInForce
from pbx.services.ports import StoreUnavailable
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.overrides import PgOverrideBook
from pbx.store.tokens import PgTokenBook
from pbx.web import refusals
from pbx.web.api import Api
from pbx.web.refusals import Refusals
from pbx.web.server import serve_web
from tests.unit.services.test_oncall import Note
from tests.unit.test_override import POLICY, RICTORS

PATH = "/api/overrides"


@dataclass
class Site:
    """The interface as it is served, with what stands behind it."""

    session: aiohttp.ClientSession
    base: str
    token: str
    tokens: PgTokenBook
    overrides: Overrides
    journal: FileJournal
    refused: list[None] = field(default_factory=list)

    async def ask(self, method: str, path: str = PATH, body: object = None, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        content: dict[str, Any] = {"json": body} if body is not None else {}
        async with self.session.request(method, self.base + path, headers=headers, **content, **more) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.content_type == "application/json"
            return answer.status, await answer.json()


class Nothing:
    """A server of which nothing else is asked."""

    policy: Policy = POLICY
    facts: Facts = Facts()
    ready = True
    parts_working: dict[str, bool] = {}  # noqa: RUF012 - read only

    async def beat(self, number: str | None) -> dict[str, Any]:
        raise NotImplementedError

    degraded: list[dict[str, Any]] = []  # noqa: RUF012 - read only

    async def nothing(self) -> dict[str, Any]:
        return {}

    status = reload = take_swaps = take_overrides = take_pins = nothing

    async def place_call(self, wanted: dict[str, Any]) -> dict[str, Any]:
        return wanted

    def metrics(self) -> bytes:
        return b""


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(refusals, "FIRST_SECONDS", 0.01)
    book, tokens, text, refused = PgOverrideBook(database), PgTokenBook(database), new_token(), list[None]()
    overrides = Overrides(book, OverridesInForce(book, Note()), lambda: POLICY)
    await tokens.add("desk", TokenScope.OVERRIDES, hash_of(text), "mia")
    journal = FileJournal(tmp_path / "journal.jsonl", PgAudit(database))
    api = Api(Nothing(), overrides, tokens, Refusals(lambda: refused.append(None)), journal)
    async with (
        serve_web(Nothing(), "127.0.0.1", 0, api.routes()) as port,
        aiohttp.ClientSession() as session,
    ):
        yield Site(session, f"http://127.0.0.1:{port}", text, tokens, overrides, journal, refused)


async def test_one_is_set_shown_and_ended(site: Site, database: Database) -> None:
    status, made = await site.ask(
        "POST", body={"mode": "closed", "number": "717 555 0100", "until": "+2h", "reason": "x"}
    )
    assert status == 201
    assert (made["mode"], made["scope"], made["target"], made["by"]) == ("closed", "number", RICTORS, "desk")
    assert made["said"][0].startswith("Dr. Rictor, (717) 555-0100: closed until ")
    left = datetime.fromisoformat(made["end"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    assert len(site.overrides.in_force(datetime.now(UTC))) == 1
    status, listed = await site.ask("GET")
    assert (status, [one["id"] for one in listed["overrides"]]) == (200, [made["id"]])
    assert (await site.ask("DELETE", f"{PATH}/{made['id']}"))[0] == 200
    assert await site.ask("GET") == (200, {"overrides": []})
    assert site.overrides.in_force(datetime.now(UTC)) == ()
    async with database.session() as connection:
        rows = await connection.fetch("SELECT actor, action FROM audit ORDER BY id")
    assert [tuple(row) for row in rows][1:] == [("token/desk", "overrode"), ("token/desk", "ended-override")]


async def test_without_words_about_whom_it_is_for_the_practice(site: Site) -> None:
    status, made = await site.ask("POST", body={"mode": "snow-day", "by": "Sam Mills"})
    assert (status, made["scope"], made["target"], made["by"]) == (201, "practice", None, "Sam Mills")


WRONG: dict[str, tuple[object, int, str]] = {
    "no mode": ({}, 400, "'mode' must be one of closed, open, voicemail, snow-day"),
    "an unknown mode": ({"mode": "shut"}, 400, "'mode' must be one of"),
    "a mode that is no text": ({"mode": 1}, 400, "'mode' must be a text"),
    "an unknown key": ({"mode": "closed", "untill": "17:00"}, 400, "'untill' is not known here"),
    "two targets": ({"mode": "closed", "person": "rictor", "practice": True}, 400, "name one of"),
    "no number": ({"mode": "closed", "number": "12"}, 400, "'number'"),
    "practice false": ({"mode": "closed", "practice": False}, 400, "'practice' must be true"),
    "a list": ([1], 400, "send an object"),
    "another's number": ({"mode": "closed", "number": "+12155550100"}, 422, "is not a number of this practice"),
    "nobody": ({"mode": "closed", "person": "nobody"}, 422, "nobody with a phone"),
    "no end": ({"mode": "closed", "until": "noon"}, 422, "'noon' is not an end"),
    "an end too far away": ({"mode": "closed", "until": "+15d"}, 422, "at most 14 days"),
    "lines": ({"mode": "closed", "reason": "a\nb", "until": "+1h"}, 422, "must be one line"),
    "too much": ({"mode": "closed", "reason": "x" * 20000}, 413, "larger than"),
}


@pytest.mark.parametrize(("body", "status", "sentence"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_told_in_one_sentence(site: Site, body: object, status: int, sentence: str) -> None:
    answer = await site.ask("POST", body=body)
    assert answer[0] == status
    assert sentence in answer[1]["error"]
    assert site.overrides.in_force(datetime.now(UTC)) == ()


async def test_what_is_no_json_or_not_there_is_told_too(site: Site) -> None:
    json = {"Content-Type": "application/json"}
    assert (await site.ask("POST", data=b"{", headers=json))[0] == 400
    assert (await site.ask("POST", data=b"[" * 15000, headers=json))[0] == 400
    assert (await site.ask("POST", data=b"\xff", headers=json))[0] == 400
    assert (await site.ask("POST", data=b"mode=closed"))[0] == 415
    assert (await site.ask("PUT"))[0] == 405
    assert (await site.ask("GET", "/api/calls"))[0] == 404
    for number in ("17", "0", "-1", "x", "9" * 30, "٣"):
        status, answer = await site.ask("DELETE", f"{PATH}/{number}")
        assert (status, "no override" in answer["error"]) == (404, True)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic {}", "{}", "Bearer {}x", "Bearer secondline_"])
async def test_without_a_token_nothing_is_told_or_done(site: Site, header: str) -> None:
    for method in ("GET", "POST"):
        headers = {"Authorization": header.format(site.token)}
        status, answer = await site.ask(method, body={"mode": "closed"}, headers=headers)
        assert (status, list(answer)) == (401, ["error"])
    assert len(site.refused) == 2
    assert site.overrides.in_force(datetime.now(UTC)) == ()


async def test_sign_ins_with_a_token_and_refused_ones_are_in_the_audit_without_it(
    site: Site, database: Database
) -> None:
    for header in (f"Bearer {site.token}", f"Bearer {site.token}", "Bearer secondline_wrong", ""):
        await site.ask("GET", headers={"Authorization": header})
    await site.journal.tell_all()
    await site.journal.tell_all()
    async with database.session() as connection:
        rows = await connection.fetch("SELECT actor, action, object, detail->>'why' FROM audit ORDER BY id")
        said = await connection.fetchval("SELECT string_agg(detail::text, '') FROM audit")
    assert [tuple(row) for row in rows[1:]] == [
        ("token/desk", "token-used", "api/overrides", None),
        ("unknown", "api-refused", "api/overrides", "token"),
        ("unknown", "api-refused", "api/overrides", "no token"),
    ]
    assert "secondline_" not in said


async def test_a_revoked_token_is_refused_at_once(site: Site) -> None:
    assert (await site.ask("GET"))[0] == 200
    await site.tokens.revoke("desk", "mia")
    assert (await site.ask("GET"))[0] == 401


async def test_refused_attempts_wait_and_one_with_a_token_does_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "FIRST_SECONDS", 0.3)
    monkeypatch.setattr(refusals, "MOST_WAITING", 2)
    wrong = {"Authorization": "Bearer wrong"}
    tries = [asyncio.ensure_future(site.ask("GET", headers=wrong)) for _ in range(5)]
    done, _ = await asyncio.wait(tries, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result()[0] for task in done} == {429}
    assert (await site.ask("GET"))[0] == 200
    assert sum(task.done() for task in tries) <= 4, "the one with a token did not wait for those without"
    assert sorted([(await task)[0] for task in tries]) == [401, 401, 429, 429, 429]
    assert len(site.refused) == 5


async def test_while_the_database_is_away_it_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> Sequence[Token]:
        raise StoreUnavailable("the database is away")

    monkeypatch.setattr(site.tokens, "tokens", away)
    status, answer = await site.ask("GET")
    assert (status, "the database is away" in answer["error"]) == (503, True)
