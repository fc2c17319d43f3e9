"""A patient leaves a message: a lamp lights, a text, a mail and an event come, with nothing of the patient in them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import free_port
from pbx.demo.practice import EVENING_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import speak
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.hooks import SECRET, Receiver, receiver
from tests.kit.mail import MailBoxes, mail_server
from tests.kit.server import Office, open_office
from tests.kit.tls import Certificate
from tests.kit.wait import until
from voicemail.audio import parse_wav

pytestmark = pytest.mark.timeout(120)

NUMBER, PHRASE = "+12155550188", "insulin"
EVENTS = ["call.ended", "message.received", "message.transcribed"]
SENTENCE = "You have a new message in Secondline."
MAIL_PORT = free_port("127.0.0.1")
HOOK_PORT = free_port("127.0.0.1")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    address = (f'phones = ["{PHONE}"]', f'phones = ["{PHONE}"]\nemail = "rictor@practice.example"')
    secret = folder / "hook-secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    notices = _NOTICES.format(port=MAIL_PORT, ca_file=certificate.file, hook=HOOK_PORT, secret=secret)
    with open_office(folder, changes=(address, ("[server]", f"{notices}\n[server]"))) as office:
        yield office


_NOTICES = """
[notify.texts]
kind = "phone-message"

[notify.mail]
kind = "email"
server = "localhost"
port = {port}
sender = "secondline@practice.example"
ca_file = "{ca_file}"

[notices.rictor]
by = ["texts", "mail"]

[webhooks.ehr]
url = "http://127.0.0.1:{hook}/secondline"
secret_file = "{secret}"
"""


class Told(NamedTuple):
    """Who is told: people by mail, and a program."""

    boxes: MailBoxes
    program: Receiver


@pytest.fixture
async def told(certificate: Certificate) -> AsyncIterator[Told]:
    async with mail_server(certificate.context, port=MAIL_PORT) as boxes, receiver(port=HOOK_PORT) as program:
        yield Told(boxes, program)


async def test_a_message_lights_the_lamp_and_is_told_by_text_mail_and_event_with_nothing_of_the_patient(
    office: Office, told: Told, a_phone: PhoneMaker, a_patient: PatientMaker, tmp_path: Path
) -> None:
    boxes, program = told
    spoken = tmp_path / "message.wav"
    await speak("The insulin ran out.", spoken)
    phone = await a_phone(PHONE)
    await _registers(phone, office)
    await _leaves_a_message(office, a_patient, spoken)
    await phone.lamp_shows(1, 0, within=15)
    assert await phone.text(within=15) == SENTENCE
    await until(lambda: len(boxes.mails) == 1, 15)

    phone.loses_power()
    await _leaves_a_message(office, a_patient, spoken)
    await until(lambda: len(boxes.mails) == 2, 15)
    phone = await a_phone(PHONE)
    await _registers(phone, office)
    await phone.lamp_shows(2, 0, within=15)
    assert await phone.text(within=20) == SENTENCE

    [one, _] = await office.messages()
    assert (await office.secondline("voicemail", "show", one["id"])).status == 0
    await phone.lamp_shows(1, 1, within=10)
    assert not phone.has_a_text
    assert [mail.get_content().strip() for mail in boxes.mails] == [SENTENCE] * 2
    await _nothing_of_the_patient_is_told(office, boxes)
    await _a_program_is_told_and_reads(office, program, one["id"])


async def _a_program_is_told_and_reads(office: Office, program: Receiver, message: str) -> None:
    def types() -> list[str]:
        return sorted(json.loads(body)["type"] for body in program.taken)

    await until(lambda: types() == sorted(EVENTS * 2), 60)
    assert program.forged == 0
    heard = (await office.transcribed(message))["transcript"]["text"]
    assert heard
    assert not [body for body in program.taken for canary in (NUMBER[2:], heard) if canary.encode() in body]
    scopes = ("--scope", "messages:read,audio:read,calls:read")
    made = (await office.secondline("token", "create", "--person", "rictor", *scopes, "--json")).json
    base, headers = f"http://127.0.0.1:{office.practice.web_port}", {"Authorization": f"Bearer {made['token']}"}
    async with aiohttp.ClientSession(base, headers=headers) as api:
        async with api.get(f"/api/messages/{message}") as answer:
            shown = await answer.json()
        async with api.get(f"/api/messages/{message}/audio") as answer:
            sound = await answer.read()
        async with api.get(f"/api/calls/{shown['call_id']}") as answer:
            call = await answer.json()
    assert (shown["transcript"]["text"], shown["from"], call["from"]) == (heard, NUMBER, NUMBER)
    assert parse_wav(sound).seconds == pytest.approx(shown["seconds"], abs=0.01)
    assert shown["history"][-1]["by"] == "person/rictor"


async def _registers(phone: Softphone, office: Office) -> None:
    await phone.register(office.practice.sip, office.practice.secret(PHONE))


async def _leaves_a_message(office: Office, a_patient: PatientMaker, spoken: Path) -> None:
    patient = await a_patient(NUMBER)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(spoken)
    await patient.call_ends(within=20)


async def _nothing_of_the_patient_is_told(office: Office, boxes: MailBoxes) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{office.practice.web_port}/metrics") as answer,
    ):
        metrics = await answer.read()
    assert b'secondline_notices_waiting{channel="mail"}' in metrics
    data = office.practice.data
    logs = [f.read_bytes() for f in (office.server.log, *Layout(data).log.rglob("*")) if f.is_file()]
    names = [str(path).encode() for path in data.rglob("*")]
    status = (await office.secondline("status", "--json")).out.encode()
    for canary in (NUMBER[2:].encode(), b"555-0188", PHRASE.encode()):
        assert not [text for text in (*boxes.raw, metrics, status, *logs, *names) if canary in text]
