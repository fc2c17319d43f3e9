"""Mail against a real server: over TLS with a certificate that is right, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from uuid import uuid4

import pytest

from pbx.config.senders import MailServer
from pbx.notify.email import Mail
from pbx.services.ports import Fate, Parcel, Verdict
from tests.kit.mail import ACCOUNT, PASSWORD, MailBoxes, mail_server
from tests.kit.tls import Certificate

READER = "mills@practice.example"
TEXT = "You have a new message in Secondline."


def a_parcel(to: str = READER) -> Parcel:
    return Parcel(uuid4(), to, "Secondline", TEXT, {})


def a_server(boxes: MailBoxes, ca_file: Path | None, *, at_once: bool = False, password: str | None = None) -> Mail:
    account = ACCOUNT if password else None
    return Mail(MailServer("localhost", boxes.port, at_once, "secondline@practice.example", account, password, ca_file))


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_mail_goes_over_tls(certificate: Certificate, at_once: bool) -> None:
    async with mail_server(certificate.context, at_once=at_once, account=not at_once) as boxes:
        mail = a_server(boxes, certificate.file, at_once=at_once, password=None if at_once else PASSWORD)
        parcel = a_parcel()
        assert await mail.send(parcel) == Verdict(Fate.SENT)
    [got] = boxes.mails
    assert got.get_content().strip() == TEXT
    assert (got["To"], got["From"], got["Subject"]) == (READER, "secondline@practice.example", "Secondline")
    assert got["Message-ID"] == f"<{parcel.id}@practice.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert boxes.in_the_clear == []


async def test_an_attempt_that_is_made_again_has_the_same_id(certificate: Certificate) -> None:
    async with mail_server(certificate.context) as boxes:
        mail, parcel = a_server(boxes, certificate.file), a_parcel()
        await mail.send(parcel)
        await mail.send(parcel)
    assert len({got["Message-ID"] for got in boxes.mails}) == 1


async def test_nothing_goes_in_the_clear() -> None:
    async with mail_server(None) as boxes:
        verdict = await a_server(boxes, None).send(a_parcel())
    assert verdict == Verdict(Fate.TEMPORARY, "The mail server: it offers no STARTTLS, and no mail goes in the clear.")
    assert boxes.raw == [] and boxes.in_the_clear == []


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_certificate_that_is_not_trusted_holds_the_mail(certificate: Certificate, at_once: bool) -> None:
    async with mail_server(certificate.context, at_once=at_once) as boxes:
        verdict = await a_server(boxes, None, at_once=at_once).send(a_parcel())
    assert verdict.fate is Fate.TEMPORARY
    assert "its certificate is not one that this machine trusts" in verdict.why
    assert boxes.raw == []


async def test_a_certificate_of_another_name_holds_the_mail(certificate: Certificate) -> None:
    async with mail_server(certificate.context) as boxes:
        server = MailServer("127.0.0.2", boxes.port, False, "secondline@practice.example", ca_file=certificate.file)
        loop = asyncio.get_running_loop()
        other = await loop.create_server(lambda: _relay(boxes.port), "127.0.0.2", boxes.port)
        async with other:
            verdict = await Mail(server).send(a_parcel())
    assert "certificate" in verdict.why
    assert boxes.raw == []


def _relay(port: int) -> asyncio.Protocol:
    return _Relay(port)


class _Relay(asyncio.Protocol):
    """Passes everything on to the same port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._waiting = b""
        self._onward: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._task = asyncio.ensure_future(self._connect(transport))

    async def _connect(self, back: asyncio.Transport) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: _Back(back), "127.0.0.1", self._port)
        self._onward = transport
        transport.write(self._waiting)

    def data_received(self, data: bytes) -> None:
        if self._onward is None:
            self._waiting += data
        else:
            self._onward.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self._onward is not None:
            self._onward.close()


class _Back(asyncio.Protocol):
    def __init__(self, back: asyncio.Transport) -> None:
        self._back = back

    def data_received(self, data: bytes) -> None:
        self._back.write(data)


@pytest.mark.parametrize(
    ("answer", "fate"), [("451 later", Fate.TEMPORARY), ("552 full", Fate.PERMANENT), ("250 kept", Fate.SENT)]
)
async def test_what_the_server_says_of_a_mail_decides(certificate: Certificate, answer: str, fate: Fate) -> None:
    async with mail_server(certificate.context) as boxes:
        boxes.answers.append(answer)
        verdict = await a_server(boxes, certificate.file).send(a_parcel())
    assert verdict.fate is fate


@pytest.mark.parametrize(("answer", "fate"), [("450 greylisted", Fate.TEMPORARY), ("550 unknown", Fate.PERMANENT)])
async def test_what_the_server_says_of_an_address_decides(certificate: Certificate, answer: str, fate: Fate) -> None:
    async with mail_server(certificate.context) as boxes:
        boxes.refused[READER] = f"{answer} {READER}"
        verdict = await a_server(boxes, certificate.file).send(a_parcel())
    assert verdict.fate is fate
    assert READER not in verdict.why and "greylisted" not in verdict.why


async def test_a_wrong_password_can_be_put_right(certificate: Certificate) -> None:
    async with mail_server(certificate.context, account=True) as boxes:
        verdict = await a_server(boxes, certificate.file, password="wrong").send(a_parcel())
    assert verdict == Verdict(
        Fate.TEMPORARY, "The mail server: it refuses the account: check username and password_file."
    )


async def test_a_server_that_is_away_is_tried_again(certificate: Certificate) -> None:
    async with mail_server(certificate.context) as boxes:
        mail = a_server(boxes, certificate.file)
    assert await mail.send(a_parcel()) == Verdict(Fate.TEMPORARY, "The mail server: it cannot be reached.")


async def test_a_line_break_in_an_address_makes_no_header(certificate: Certificate) -> None:
    async with mail_server(certificate.context) as boxes:
        verdict = await a_server(boxes, certificate.file).send(a_parcel("a@b.example\r\nBcc: c@d.example"))
    assert verdict.fate is Fate.PERMANENT
    assert boxes.raw == []


def test_old_tls_is_not_spoken(certificate: Certificate) -> None:
    from pbx.notify.email import _context

    context = _context(MailServer("h", 1, False, "a@b.example", ca_file=certificate.file))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
