"""The interface for programs as it is served, on a real database, for the care team of the examples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from pbx.auditing.journal import FileJournal
from pbx.config.load import load
from pbx.domain.call import MessageRecord
from pbx.domain.facts import Facts
from pbx.domain.policy import Policy
from pbx.domain.texting import Arrived, LineTexts, Texting
from pbx.domain.texting_rules import decide_text
from pbx.domain.token import NewToken, TokenScope, hash_of, new_token
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.services.calls_today import CallsToday
from pbx.services.inbox import Inbox
from pbx.services.oncall import SwapsInForce
from pbx.services.outbound import CallsOut
from pbx.services.overrides import Overrides, OverridesInForce
from pbx.services.placing import Placing
from pbx.services.ports import Placed, PlacerDown
from pbx.services.route import DecisionRecorder
from pbx.services.swaps import Swaps
from pbx.services.text_writing import TextWriting
from pbx.store.answers import PgAnswers
from pbx.store.calls import PgCallBook, PgCallLog
from pbx.store.chain import PgAudit
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.messages import PgMessageBox
from pbx.store.overrides import PgOverrideBook
from pbx.store.placed import PgPlacedAudit
from pbx.store.swaps import PgSwapBook
from pbx.store.texts import PgTextBook
from pbx.store.tokens import PgTokenBook
from pbx.store.urgent import PgUrgentBook
from pbx.web import refusals
from pbx.web.api.guard import Guard, Rates
from pbx.web.api.listening import Listening
from pbx.web.api.once import Once
from pbx.web.api.parts import Parts
from pbx.web.api.serving import Api
from pbx.web.refusals import Refusals
from pbx.web.server import serve_web
from tests.kit.calls import PATIENT, a_message_call, a_recording, a_start
from voicemail.audio import wav_bytes

CARE_TEAM = Path(__file__).parents[2] / "docs" / "examples" / "care-team.toml"
RICTORS, OKAFORS, OFFICE = "+17175550100", "+17175550101", "+17175550102"
WORDS = "please call me about my canary"
SOUND = wav_bytes(bytes(range(256)) * 40)
EVERYTHING = frozenset(TokenScope)


@lru_cache(maxsize=1)
def care_team() -> Policy:
    """The policy of the example, with texts of two lines."""
    lines = {RICTORS: LineTexts("rictor", ("rictor",)), OFFICE: LineTexts("front-desk", ("mills", "diaz"))}
    return replace(load(CARE_TEAM).policy, texting=Texting(lines))


@dataclass
class Ringing:
    """In place of the telephone system: what it was asked for; `down`: it gives no answer any more."""

    asked: list[Placed] = field(default_factory=list)
    down: bool = False

    async def place(self, call: Placed) -> None:
        self.asked.append(call)
        if self.down:
            raise PlacerDown("no answer")


class Note:
    """A keepsake in memory."""

    text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


class Server:
    """The rest of a server, of which little is asked."""

    facts: Facts = Facts()
    ready = True
    degraded: list[dict[str, Any]] = []  # noqa: RUF012 - read only
    parts_working: dict[str, bool] = {}  # noqa: RUF012 - read only

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    async def status(self) -> dict[str, Any]:
        since = "2026-11-23T10:00:00+00:00"
        return {
            "ready": True,
            "version": "0.1.0",
            "started_at": since,
            "components": {"database": {"ok": True, "detail": "PostgreSQL 18.4", "since": since}},
            "phones": {"rictor-desk": True, "okafor-desk": None},
            "live_calls": None,
            "queue": {"transcription": 0},
            "disk": {"low": False},
        }

    async def beat(self, number: str | None) -> dict[str, Any]:
        raise NotImplementedError

    async def place_call(self, wanted: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    async def nothing(self) -> dict[str, Any]:
        return {}

    reload = take_swaps = take_overrides = take_pins = nothing

    def metrics(self) -> bytes:
        return b""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes
    json: Any


@dataclass
class Site:
    """The interface as it is served, with what stands behind it."""

    database: Database
    session: aiohttp.ClientSession
    base: str
    tokens: PgTokenBook
    overrides: Overrides
    swaps: Swaps
    journal: FileJournal
    ringing: Ringing
    texts: PgTextBook
    refused: list[None] = field(default_factory=list)
    token: str = ""

    async def new_token(self, name: str = "ehr", scopes: frozenset[TokenScope] = EVERYTHING, **limits: Any) -> str:
        """A token that can be used; gives its text."""
        text = new_token()
        assert await self.tokens.add(NewToken(name, scopes, hash_of(text), **limits), "mia")
        return text

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """Ask with a token (default: `self.token`)."""
        token = more.pop("token", self.token)
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        content: dict[str, Any] = {"json": body} if body is not None else {}
        async with self.session.request(method, self.base + path, headers=headers, **content, **more) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
            got = await answer.read()
            known = answer.content_type in ("application/json", "application/problem+json")
            return Answer(
                answer.status, dict(answer.headers), got, await answer.json(content_type=None) if known else None
            )

    async def message(self, mailbox: str = "rictor", dialled: str = RICTORS, ago: int = 30, **more: Any) -> UUID:
        """A message that came `ago` minutes ago, with its words."""
        start = a_start(datetime.now(UTC) - timedelta(minutes=ago + 1), dialled, more.get("caller", PATIENT))
        recording = a_recording(start.id, mailbox=mailbox)
        await PgCallLog(self.database).finish_call(a_message_call(start, recording))
        done = Transcript(TranscriptState.DONE, WORDS, "moonshine", "tiny-en")
        await PgMessageBox(self.database).keep_transcript(recording.id, done)
        return recording.id

    async def text(self, line: str = RICTORS, body: str = WORDS) -> UUID:
        """A patient's text."""
        text = Arrived(uuid4(), line, PATIENT, body, datetime.now(UTC), f"scripted:{uuid4()}")
        await self.texts.take(text, lambda known: decide_text(care_team(), text, Facts(), known), lambda *_: ())
        return text.id

    async def audit(self) -> list[tuple[str, str, str]]:
        """Who did what to what, but for tokens and their use, and what the system does."""
        await self.journal.tell_all()
        async with self.database.session() as connection:
            rows = await connection.fetch("SELECT actor, action, object FROM audit ORDER BY id")
        return [tuple(row) for row in rows if row["actor"] not in ("mia", "system") and row["object"] != "api"]


async def _wav(_: MessageRecord) -> bytes:
    return SOUND


def _placing(database: Database, policy: Policy, ringing: Ringing) -> Placing:
    recorder, today = DecisionRecorder(PgCallLog(database)), CallsToday(Note(), lambda: policy.timezone)
    desk = CallsOut(lambda: policy, today, recorder)
    return Placing(desk, ringing, PgPlacedAudit(database), lambda: policy, Facts)


@asynccontextmanager
async def serving(database: Database, policy: Policy, rates: Rates, folder: Path) -> AsyncIterator[Site]:
    """The interface for a practice."""
    refused = list[None]()
    overrides_book, tokens, swap_book = PgOverrideBook(database), PgTokenBook(database), PgSwapBook(database)
    overrides = Overrides(overrides_book, OverridesInForce(overrides_book, Note()), lambda: policy)
    swaps = Swaps(swap_book, SwapsInForce(swap_book, Note()), lambda: policy)
    ringing, texts = Ringing(), PgTextBook(database)
    inbox, journal = PgInbox(database), FileJournal(folder / "journal.jsonl", PgAudit(database))
    parts = Parts(
        practice=Server(policy),
        calls=PgCallBook(database),
        inbox=Inbox(inbox, lambda: policy),
        inbox_book=inbox,
        urgent=PgUrgentBook(database),
        overrides=overrides,
        swaps=swaps,
        wav=_wav,
        listening=Listening(),
        placing=_placing(database, policy, ringing),
        texts=texts,
        writing=TextWriting(texts, lambda: policy),
    )
    guard = Guard(tokens, lambda: policy, Refusals(lambda: refused.append(None)), journal, rates)
    api = Api(parts, guard, Once(PgAnswers(database)))
    async with (
        serve_web(Server(policy), "127.0.0.1", 0, api.routes()) as port,
        aiohttp.ClientSession() as session,
    ):
        yield Site(
            database, session, f"http://127.0.0.1:{port}", tokens, overrides, swaps, journal, ringing, texts, refused
        )


@pytest.fixture
async def bare_site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """The interface without any token."""
    monkeypatch.setattr(refusals, "FIRST_SECONDS", 0.01)
    async with serving(database, care_team(), Rates(1000, 10000), tmp_path) as site:
        yield site


@pytest.fixture
async def site(bare_site: Site) -> Site:
    """The interface, with a token for everything at hand."""
    bare_site.token = await bare_site.new_token()
    return bare_site
