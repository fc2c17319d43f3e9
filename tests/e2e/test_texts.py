"""Texts between a patient and a softphone: over a carrier's HTTP and over its line, kept over every kind of outage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pbx.asterisk.ports import free_port
from pbx.demo.carrier import TextCarrier, text_carrier
from pbx.demo.practice import DAY_LINE, PHONE
from pbx.demo.softphone import Softphone
from tests.kit.network import PHONES, sip_address
from tests.kit.server import Office, open_office

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
key_file = "texts-key"
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
    (folder / "texts-key").write_text(carrier.key)
    (folder / "texts-key").chmod(0o600)
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
        assert await phone.text_from(within=15) == (scene.shown(PATIENT), WORDS)
        auto = await scene.carrier.text(within=10)
        assert (auto["from"], auto["to"], auto["text"]) == (DAY_LINE, PATIENT, AUTO)

        await phone.texts(scene.uri(PATIENT), ANSWER)
        answer = await scene.carrier.text(within=10, count=2)
        assert (answer["from"], answer["to"], answer["text"]) == (DAY_LINE, PATIENT, ANSWER)
        assert PHONE not in str(answer)

        await phone.texts(scene.uri("911"), "My patient does not breathe")
        assert await phone.text(within=5) == "Texts to emergency numbers do not work here. Call 911."
        await phone.texts(scene.uri(OTHER), "Hello")
        assert "no consent is on record" in await phone.text(within=15)

        listed = (await scene.office.secondline("texts", "list", "--json")).json
        assert [(one["cause"], one["state"]) for one in listed] == [
            ("staff", "refused"),
            ("staff", "delivered"),
            ("auto-reply", "delivered"),
            ("patient", "received"),
        ]
