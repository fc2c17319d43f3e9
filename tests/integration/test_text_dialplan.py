"""Texts through the real Asterisk with nobody else there: written down whole, by whom it really was, and never run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pbx.ami.client import AmiClient
from pbx.ami.texts import AmiTextPhones, AmiTrunkTexts
from pbx.asterisk.ports import LOOPBACK
from pbx.asterisk.text_spool import FileTextSpool
from pbx.domain.texting import LineTexts, Texting
from pbx.services.text_ports import Spooled
from tests.kit.asterisk import DESK, DID, IN_THE_CLEAR, NIGHT_DID, PATIENT, Pbx, a_practice, running
from tests.kit.network import PHONES, STRANGER, TRUNK, Request, raw_caller
from tests.kit.sip_phone import sip_phone
from tests.kit.wait import until

pytestmark = pytest.mark.timeout(60)

HOSTILE = (
    'a"),System(touch /tmp/x)\r\nAction: Originate\r\n\r\n${SHELL(id)} %{x} $[1+1] ) : ; , | end\n"v1|0|x||1|1|end'
)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    policy = replace(a_practice(), texting=Texting({DID: LineTexts("rictor", ("rictor",))}))
    with running(tmp_path_factory.mktemp("pbx"), policy, security=IN_THE_CLEAR) as pbx:
        yield pbx


async def spooled(pbx: Pbx, count: int = 1) -> list[Spooled]:
    """What lies in the spool once there is so much, which is then taken."""
    spool = FileTextSpool(pbx.layout.spool, pbx.layout.spare)
    await until(lambda: len(spool.waiting()) >= count, 10)
    found = list(spool.waiting())
    for one in found:
        spool.taken(one.id)
    return found


def a_message(to: str, sender: str, body: str = "Hello") -> Request:
    return Request(f"sip:{to}@127.0.0.1", sender, method="MESSAGE", content="text/plain", body=body)


async def test_a_phones_text_is_written_down_as_that_phones_whatever_it_says_of_itself(pbx: Pbx) -> None:
    secret = pbx.machine.secrets.phone(DESK)
    async with sip_phone(pbx.server, DESK, secret, PHONES) as phone:
        await phone.registers()
        for body in ("Yes, with milk.", "Two\nlines 🥛", HOSTILE, "x" * 1000):
            assert await phone.writes(PATIENT, body, f'"Dr. Garcia" <sip:{DESK}@127.0.0.1>') == 202
            [one] = await spooled(pbx)
            assert (one.phone, one.patient, one.to) == (DESK, "", PATIENT)
            assert one.body == body
            assert not one.cut
        assert await phone.writes(PATIENT, "x" * 1100) == 202
        [one] = await spooled(pbx)
        assert (one.body, one.cut) == ("", True)
        assert await phone.writes("2155550123%0a%2c(x)", "Hello") == 202
        [one] = await spooled(pbx)
        assert one.to == "2155550123"
        assert await phone.writes("secondline", "Hello") == 404
        assert await phone.writes("911", "He does not breathe") == 202
        await until(lambda: bool(phone.texts), 10)
        assert phone.texts == ["Texts to emergency numbers do not work here. Call 911."]
    async with sip_phone(pbx.server, DESK, "guessed", PHONES) as thief:
        assert await thief.writes(PATIENT, "Hello") == 401


async def test_the_carriers_texts_are_taken_for_numbers_that_have_texts_and_nobody_elses(pbx: Pbx) -> None:
    async with raw_caller(TRUNK, pbx.server) as carrier:
        sender = f'"x" <sip:{PATIENT}@carrier.example;user=phone>'
        assert await carrier.calls(a_message(DID.removeprefix("+1"), sender, "Are you\nthere?")) == 202
        [one] = await spooled(pbx)
        assert (one.phone, one.patient, one.to, one.body) == ("", PATIENT, DID, "Are you\nthere?")
        hostile = "<sip:+1215%0d%0a$(id)@carrier.example>"
        assert await carrier.calls(a_message(DID, hostile)) == 202
        [one] = await spooled(pbx)
        assert (one.phone, one.patient) == ("", "")
        for refused in (NIGHT_DID, "+17175550199", DESK, "s", "911"):
            assert await carrier.calls(a_message(refused, sender)) == 404
    async with raw_caller(STRANGER, pbx.server) as stranger:
        for sender in (f"<sip:{DESK}@127.0.0.1>", f"<sip:{PATIENT}@carrier.example>", "<sip:_trunk@127.0.0.1>"):
            assert await stranger.calls(a_message(DID, sender)) == 401
    assert not FileTextSpool(pbx.layout.spool, pbx.layout.spare).waiting()


async def test_texts_go_to_a_phone_as_from_the_patient_and_to_the_carrier_as_from_the_practice(pbx: Pbx) -> None:
    ports = pbx.machine.ports
    async with (
        AmiClient(LOOPBACK, ports.ami, "secondline", pbx.machine.secrets.ami) as ami,
        sip_phone(pbx.server, DESK, pbx.machine.secrets.phone(DESK), PHONES) as phone,
        sip_phone(pbx.server, "carrier", "", TRUNK) as carrier,
    ):
        await phone.registers()
        await AmiTextPhones(ami).show(DESK, PATIENT, ["May I take it\nwith milk? 🥛", "Part two"])
        await until(lambda: len(phone.texts) == 2, 10)
        assert phone.texts == ["May I take it\nwith milk? 🥛", "Part two"]
        assert f"From: <sip:{PATIENT}@{pbx.server.host}>" in phone.taken[-1]

        await AmiTrunkTexts(ami, f"{TRUNK}:{carrier._port}").send_out(DID, PATIENT, "Yes.\nGet well.")
        await until(lambda: bool(carrier.texts), 10)
        assert carrier.texts == ["Yes.\nGet well."]
        assert carrier.taken[0].startswith(f"MESSAGE sip:{PATIENT}@{TRUNK}:{carrier._port} SIP/2.0")
        assert f"From: <sip:{DID}@" in carrier.taken[0]
        assert DESK not in carrier.taken[0]
    logs = "".join(f.read_text(errors="replace") for f in pbx.layout.log.rglob("*") if f.is_file())
    assert "milk" not in logs
    assert PATIENT[2:] not in logs
