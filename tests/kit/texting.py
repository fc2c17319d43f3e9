"""A practice that texts, on a real database and with carriers on this machine: everything but Asterisk."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from aiohttp import web

from pbx.asterisk.text_spool import FileTextSpool
from pbx.domain.facts import NO_FACTS
from pbx.domain.notices import NoticePlan
from pbx.domain.people import Person
from pbx.domain.policy import Phone, Policy
from pbx.domain.templates import PLAIN_TEXT, Channel, Kind, PlainChannel, PlainFields, template_of
from pbx.domain.texting import Arrived, LineTexts, Texting, TextRecord
from pbx.services.pins import Verdict as PinVerdict
from pbx.services.ports import Fate, Parcel, Sender, Verdict
from pbx.services.text_carriers import Carrier, Outgoing, Posted, PostFate
from pbx.services.text_links import TextLinks
from pbx.services.text_ports import DeliveryKind
from pbx.services.text_post import TextPost
from pbx.services.text_writing import TextWriting, Wish, Written
from pbx.services.texting import Texts
from pbx.store.database import Database
from pbx.store.text_links import PgLinkBook
from pbx.store.text_outbox import PgTextOutbox
from pbx.store.texts import PgTextBook
from tests.kit.asterisk import DID, NIGHT_DID, a_practice

PATIENT = "+12155550143"
DESK, FRONT = "rictor-desk", "front-1"


def a_texting_policy(**more: Any) -> Policy:
    """Two lines: Dr. Rictor's own, and one of the front desk's with Dr. Rictor and Sam Mills."""
    people = {
        "rictor": Person("rictor", "Dr. Rictor", (DESK,), email="rictor@practice.example"),
        "mills": Person("mills", "Sam Mills", (FRONT,), email="mills@practice.example"),
    }
    lines = {
        DID: LineTexts("rictor", ("rictor",), auto_reply_open="We read it soon.", missed_call="Sorry we missed you."),
        NIGHT_DID: LineTexts("front-desk", ("mills", "rictor")),
    }
    channels: dict[str, Channel] = {
        key: PlainChannel(key, kind, template_of(PLAIN_TEXT, PlainFields))
        for key, kind in (("mail", Kind.EMAIL), ("hook", Kind.WEBHOOK))
    }
    plan = NoticePlan(people=("rictor",), channels=("mail",))
    return replace(
        a_practice(),
        people=people,
        phones=(Phone(DESK, "rictor", "Dr. Rictor"), Phone(FRONT, "mills", "Sam Mills")),
        channels=channels,
        notices={"rictor": plan, "front-desk": plan},
        texting=replace(Texting(lines, public_url="https://texts.example.com", events=("hook",)), **more),
    )


@dataclass
class Phones:
    """The practice's phones: `on` are there, `shown` is what each shows with whom it names as the sender."""

    on: set[str] = field(default_factory=lambda: {DESK, FRONT})
    shown: list[tuple[str, str, str]] = field(default_factory=list)

    async def is_there(self, phone: str) -> bool:
        return phone in self.on

    async def show(self, phone: str, sender: str, parts: Sequence[str]) -> None:
        self.shown += [(phone, sender, part) for part in parts]

    def on_phone(self, phone: str) -> list[str]:
        return [words for shown, _, words in self.shown if shown == phone]


@dataclass
class Scripted:
    """A carrier that does as it is told; `sent` is what reached it."""

    fates: list[Posted] = field(default_factory=list)
    sent: list[Outgoing] = field(default_factory=list)
    name: str = "scripted"
    thanks: str = ""

    async def send(self, text: Outgoing) -> Posted:
        self.sent.append(text)
        return self.fates.pop(0) if self.fates else Posted(PostFate.SENT, ref=f"scripted:{text.id}")

    def hears(self, request: object, about: UUID | None = None) -> Sequence[Any]:
        raise NotImplementedError


@dataclass
class Channels:
    """Ways out of notices and events; `verdicts` are given first."""

    parcels: list[Parcel] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    async def send(self, parcel: Parcel) -> Verdict:
        self.parcels.append(parcel)
        return self.verdicts.pop(0) if self.verdicts else Verdict(Fate.SENT)


@dataclass
class PinsOf:
    """PINs of people."""

    pins: Mapping[str, str] = field(default_factory=lambda: {"rictor": "2580"})

    def has(self, person: str) -> bool | None:
        return person in self.pins

    async def check(self, person: str, pin: str, lane: str = "") -> PinVerdict:
        assert lane == "link"
        return PinVerdict.RIGHT if self.pins.get(person) == pin else PinVerdict.WRONG


@dataclass
class Practice:
    """All parts together. `later` moves the clock of the services; the database's own goes on as it does."""

    database: Database
    folder: Path
    policy: Policy = field(default_factory=a_texting_policy)
    carrier: Carrier = field(default_factory=Scripted)
    phones: Phones = field(default_factory=Phones)
    channels: Channels = field(default_factory=Channels)
    later: timedelta = timedelta()
    audit_from: int = 0

    def __post_init__(self) -> None:
        self.book, self.outbox = PgTextBook(self.database), PgTextOutbox(self.database)
        spool, spare = self.folder / "spool", self.folder / "spare"
        for folder in (spool, spare):
            (folder / "texts").mkdir(parents=True, exist_ok=True)
        self.spool = FileTextSpool(spool, spare)
        self.texts = Texts(
            self.book, self.outbox, self.spool, self.phones, lambda: self.policy, lambda: NO_FACTS, self.now
        )
        self.links = TextLinks(PgLinkBook(self.database), self.book, PinsOf(), lambda: self.policy, self.now)
        parts = (self.book, self.outbox, self.phones, self.links)
        self.post = TextPost(*parts, lambda: self.policy, lambda: self.carrier, self.senders, self.now, lambda: 0.0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def senders(self) -> Mapping[str, Sender]:
        return dict.fromkeys(("mail", "hook"), self.channels)

    async def comes(self, body: str = "May I take it with milk?", line: str = DID, patient: str = PATIENT) -> Arrived:
        """A patient's text is taken in."""
        text = Arrived(uuid4(), line, patient, body, self.now(), f"scripted:{uuid4()}")
        await self.texts.arrives(text)
        return text

    async def writes(self, body: str, person: str = "rictor", **more: Any) -> Written:
        """Somebody of the practice writes to the patient."""
        wish = Wish(person, PATIENT, body, **{"phone": DESK, **more})
        written = await TextWriting(self.book, lambda: self.policy, self.now).write(wish)
        assert written is not None
        return written

    async def works(self) -> None:
        """Everything that is due is done, once around."""
        await self.post.look_after()
        while await self.post.send_next():
            pass
        for kind in DeliveryKind:
            while await self.post.deliver_next(kind):
                pass

    async def newest(self) -> TextRecord:
        [found] = await self.book.texts(limit=1)
        return found

    async def due_now(self) -> None:
        """Time passes until everything that waits is due."""
        async with self.database.session() as connection:
            for table in ("text_message", "text_delivery"):
                await connection.execute(f"UPDATE {table} SET due_at = now() WHERE state = 'waiting'")

    async def audit(self) -> list[tuple[str, str]]:
        async with self.database.session() as connection:
            rows = await connection.fetch("SELECT actor, action FROM audit WHERE id > $1 ORDER BY id", self.audit_from)
        return [(row["actor"], row["action"]) for row in rows]


@dataclass
class TwilioPeer:
    """Takes messages as Twilio's interface does; `answers` are given instead, one for each."""

    account: str = "AC00000000000000000000000000000001"
    token: str = "12345"
    url: str = ""
    sent: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        proof = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {proof}":
            return web.json_response({"code": 20003, "status": 401}, status=401)
        if request.match_info["account"] != self.account or request.content_type != "application/x-www-form-urlencoded":
            return web.json_response({"code": 20404, "status": 404}, status=404)
        form = dict(parse_qsl(await request.text(), keep_blank_values=True, strict_parsing=True))
        if not {"From", "To", "Body"} <= set(form) or set(form) - {"From", "To", "Body", "StatusCallback"}:
            return web.json_response({"code": 21604, "status": 400}, status=400)
        self.sent.append(form)
        if self.answers:
            status, answer = self.answers.pop(0)
            return web.json_response(answer, status=status)
        return web.json_response({"sid": f"SM{uuid4().hex}", "status": "queued"}, status=201)


@asynccontextmanager
async def twilio_peer() -> AsyncIterator[TwilioPeer]:
    peer = TwilioPeer()
    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", peer.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield peer
    finally:
        await runner.cleanup()
