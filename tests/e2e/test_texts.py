"""Texts between a patient and a softphone: over a carrier's HTTP and over its line, kept over every kind of outage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import free_port
from pbx.demo.carrier import TextCarrier, text_carrier
from pbx.demo.practice import DAY_LINE, PHONE
from pbx.demo.softphone import Softphone
from tests.kit.network import PHONES, STRANGER, TRUNK, raw_caller, sip_address
from tests.kit.network import Request as SipRequest
from tests.kit.server import Office, open_office
from tests.kit.sip_phone import sip_phone
from tests.kit.wait import until

pytestmark = pytest.mark.timeout(120)

PATIENT, OTHER = "+12155550187", "+12155550176"
WORDS = "The insulin ran out; may I take it with milk?"
ANSWER = "Yes, with a full glass."
AUTO = "We read this within an hour. In an emergency, call 911."
CARRIER_PORT, SITE_PORT = free_port("127.0.0.1"), free_port("127.0.0.1")
SITE = f"http://127.0.0.1:{SITE_PORT}"

_TEXTS = """
[texts]
carrier = "telnyx"
api = "http://127.0.0.1:{port}"
key_file = "carrier-key"
public_key = "{public_key}"
public_url = "{site}"
port = {site_port}

[server]"""


@dataclass
class Scene:
    """An office whose carrier is this test's."""

    office: Office
    carrier: TextCarrier

    def uri(self, patient: str) -> str:
        return self.office.practice.sip.uri(patient)

    def shown(self, patient: str) -> str:
        """Whom a phone shows as the sender, which is where an answer goes: to us."""
        return f"sip:{patient}@{self.office.practice.sip.host}"

    @asynccontextmanager
    async def phone(self, folder: Path) -> AsyncIterator[Softphone]:
        contacts = [self.uri(PATIENT), self.uri("911"), self.uri(OTHER)]
        async with Softphone(folder, PHONE, sip_address(PHONES), contacts) as phone:
            await phone.register(self.office.practice.sip, self.office.practice.secret(PHONE))
            yield phone


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("office")
    carrier = TextCarrier(f"http://127.0.0.1:{CARRIER_PORT}", SITE)
    (folder / "carrier-key").write_text(carrier.key)
    (folder / "carrier-key").chmod(0o600)
    values = {"port": CARRIER_PORT, "public_key": carrier.public_key, "site": SITE, "site_port": SITE_PORT}
    line = (
        'label = "Dr. Rictor"',
        'label = "Dr. Rictor"\ntexts = { to = "rictor", auto_reply_open = "We read this within an hour." }',
    )
    with open_office(folder, changes=(line, ("[server]", _TEXTS.format(**values)))) as office:
        yield Scene(office, carrier)


async def test_a_patient_and_a_softphone_text_and_neither_sees_more_than_the_practice(
    scene: Scene, tmp_path: Path
) -> None:
    async with text_carrier(scene.carrier), scene.phone(tmp_path / "phone") as phone:
        assert await scene.carrier.texts(PATIENT, DAY_LINE, WORDS) == 204
        assert await phone.text_from(within=25) == (scene.shown(PATIENT), WORDS)
        auto = await scene.carrier.text(within=25)
        assert (auto["from"], auto["to"], auto["text"]) == (DAY_LINE, PATIENT, AUTO)

        await phone.texts(scene.uri(PATIENT), ANSWER)
        answer = await scene.carrier.text(within=25, count=2)
        assert (answer["from"], answer["to"], answer["text"]) == (DAY_LINE, PATIENT, ANSWER)
        assert PHONE not in str(answer)

        await phone.texts(scene.uri("911"), "My patient does not breathe")
        assert await phone.text(within=15) == "Texts to emergency numbers do not work here. Call 911."
        await phone.texts(scene.uri(OTHER), "Hello")
        assert "no consent is on record" in await phone.text(within=25)

    listed = (await scene.office.secondline("texts", "list", "--json")).json
    assert sorted((one["cause"], one["state"]) for one in listed) == [
        ("auto-reply", "delivered"),
        ("patient", "received"),
        ("staff", "delivered"),
        ("staff", "refused"),
    ]
    [first] = [one for one in listed if one["direction"] == "inbound"]
    assert first["shown_on"] == [PHONE]


async def test_texts_that_come_while_the_controller_is_dead_are_taken_exactly_once(
    scene: Scene, tmp_path: Path
) -> None:
    server = scene.office.practice.sip
    async with text_carrier(scene.carrier), scene.phone(tmp_path / "phone") as phone:
        scene.carrier.sent.clear()
        await scene.office.server.kill()
        await phone.texts(scene.uri(PATIENT), "Sent to a dead controller.")
        async with raw_caller(TRUNK, server) as carrier:
            assert (
                await carrier.calls(a_message(DAY_LINE, f"<sip:{PATIENT}@carrier.example>", "Are you\nthere?")) == 202
            )
            assert await carrier.calls(a_message("+17175550199", f"<sip:{PATIENT}@carrier.example>")) == 404
        async with raw_caller(STRANGER, server) as stranger:
            for sender in (f"<sip:{PHONE}@127.0.0.1>", f"<sip:{PATIENT}@carrier.example>"):
                assert await stranger.calls(a_message(DAY_LINE, sender)) == 401
        spool = Layout(scene.office.practice.data).spool / "texts"
        await until(lambda: len(list(spool.glob("*.text"))) == 2, 5)
        assert not [path.name for path in spool.iterdir() if PATIENT[2:] in path.name]

        await scene.office.is_ready()
        assert (await scene.carrier.text(within=25))["text"] == "Sent to a dead controller."
        assert await phone.text_from(within=25) == (scene.shown(PATIENT), "Are you\nthere?")
        await until(lambda: not list(spool.iterdir()), 5)
    listed = (await scene.office.secondline("texts", "--json")).json
    assert [one["body"] for one in listed].count("Sent to a dead controller.") == 1
    assert [one["body"] for one in listed].count("Are you\nthere?") == 1


async def test_texts_go_over_the_carriers_line_and_carry_the_practices_number_alone(scene: Scene) -> None:
    office = scene.office
    text = office.practice.file.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("api =", "key_file =", "public_key ="))]
    office.practice.file.write_text("\n".join(kept).replace('carrier = "telnyx"', 'carrier = "trunk"'))
    assert (await office.secondline("reload")).status == 0
    async with sip_phone(office.practice.sip, "carrier", "", TRUNK, office.practice.trunk_port) as carrier:
        send = ("texts", "send", PATIENT, "--by", "rictor", "--json")
        sent = await office.secondline(*send, types="Come in at ten.\nBring the list.")
        assert sent.status == 0, sent.err
        await until(lambda: bool(carrier.taken), 10)
    head, _, body = carrier.taken[0].partition("\r\n\r\n")
    assert head.startswith(f"MESSAGE sip:{PATIENT}@{TRUNK}:{office.practice.trunk_port} SIP/2.0")
    assert f"From: <sip:{DAY_LINE}@" in head
    assert body == "Come in at ten.\nBring the list."
    for canary in (PHONE, "rictor", "Rictor"):
        assert canary not in carrier.taken[0]
    shown = await office.secondline("texts", "show", PATIENT, "--json")
    assert shown.json["texts"][0]["account"]
    assert shown.json["texts"][0]["person"] == "rictor"
    assert shown.json["consent"][0]["how"] == "texted"


async def test_nothing_of_patients_is_in_logs_names_or_files(scene: Scene) -> None:
    data = scene.office.practice.data
    logs = [f.read_bytes() for f in (scene.office.server.log, *Layout(data).log.rglob("*")) if f.is_file()]
    names = [str(path).encode() for path in data.rglob("*")]
    status = (await scene.office.secondline("status", "--json")).out.encode()
    for canary in (PATIENT[2:].encode(), b"555-0187", b"insulin", b"full glass", OTHER[2:].encode(), b"Bring the list"):
        assert not [text for text in (*logs, *names, status) if canary in text]


def a_message(to: str, sender: str, body: str = "Hello") -> SipRequest:
    return SipRequest(f"sip:{to}@127.0.0.1", sender, method="MESSAGE", content="text/plain", body=body)
