"""Who is calling, with real calls: each rule does what the file says, and nobody's name or number reaches a log."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator

import pytest

from pbx.demo.hearing import seconds_of_sound, seconds_of_tone
from pbx.demo.patient import ANONYMOUS
from pbx.demo.practice import DAY_LINE, EVENING_LINE, PHONE
from pbx.demo.speech import tone
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.network import TRUNK, Request, raw_caller, until
from tests.kit.server import Office, open_office

pytestmark = pytest.mark.timeout(120)

NURSING_HOME, HOSPITAL, PESTERER = "+12155550701", "+12155550702", "+12155550703"
SORRY_TONE, OFTEN_TONE = 500.0, 600.0
_NUMBERS = itertools.count(710)
_CONTACTS = """\ufeffNumber;Name;Groups;Note
(215) 555-0701;Oakgrove Canarium;priority;Call back at once
215-555-0702;St. Canarius;priority,hospital;
+1 215 555 0703;Zebulon Canarsky;blocked;
"""
_RULES = """
[greetings.sorry]
file = "sorry.wav"

[greetings.often]
file = "often.wav"

[contacts]
file = "contacts.csv"

[callers.blocked]
hang_up_after = "sorry"

[callers.repeated]
calls = 2
minutes = 5
closed = [{ ring = "rictor", seconds = 5 }, { voicemail = "rictor", greeting = "closed" }]

[callers.withheld]
always = [{ voicemail = "mills", greeting = "busy" }]

[callers.frequent]
calls = 3
days = 1
greeting = "often"

[server]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    (folder / "contacts.csv").write_text(_CONTACTS, encoding="utf-8")
    for name, hertz in (("sorry", SORRY_TONE), ("often", OFTEN_TONE)):
        asyncio.run(tone(hertz, 1.5, folder / f"{name}.wav"))
    with open_office(folder) as office:
        office.edit("\n[server]\n", _RULES)
        taken = asyncio.run(office.secondline("reload"))
        assert taken.status == 0, taken.out + taken.err
        yield office


@pytest.fixture
def number() -> str:
    """A patient's number that no other test here calls from."""
    return f"+1215555{next(_NUMBERS):04d}"


async def test_priority_rings_at_night_but_not_a_number_that_the_carrier_calls_forged(
    office: Office, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(NURSING_HOME)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, EVENING_LINE)
    assert NURSING_HOME in await phone.rings(within=10)
    await phone.answer()
    await patient.is_answered(within=10)
    await patient.hang_up()
    forged = f"<sip:{HOSPITAL}@carrier.example;verstat=TN-Validation-Failed>"
    async with raw_caller(TRUNK, office.practice.sip) as caller:
        assert await caller.calls(Request(office.practice.sip.uri(EVENING_LINE), forged)) == 200
        assert 180 not in caller.statuses
        caller.hangs_up()
    call = await office.call_from(NURSING_HOME)
    assert (call["outcome"], call["reason"], call["answered_by"]) == ("answered", "priority", PHONE)
    assert call["name"] == "Oakgrove Canarium"
    assert "Canarium" not in str(call["why"])
    call = await office.call_from(HOSPITAL)
    assert call["reason"] == "outside-hours"
    assert "forged" in call["why"][1]


async def test_whoever_is_blocked_hears_the_emergency_sentence_and_is_logged(
    office: Office, a_patient: PatientMaker
) -> None:
    patient = await a_patient(PESTERER)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(within=10)
    await patient.call_ends(within=15)
    assert seconds_of_tone(patient.heard, SORRY_TONE) > 1
    assert seconds_of_sound(patient.heard) > 1.5 + 1  # the sentence before it
    call = await office.call_from(PESTERER)
    assert (call["outcome"], call["reason"], call["message_id"]) == ("no-message", "blocked", None)
    log = await office.secondline("calls", "--number", PESTERER)
    assert "Zebulon Canarsky" in log.out
    assert "blocked" in log.out


async def test_a_withheld_number_goes_where_its_rule_says(office: Office, a_patient: PatientMaker) -> None:
    patient = await a_patient(ANONYMOUS)
    await patient.dial(office.practice.sip, DAY_LINE)
    await patient.is_answered(within=10)
    await patient.hang_up()
    call = await office.call_from(None)
    assert (call["reason"], call["from_kind"]) == ("withheld", "withheld")


async def test_a_repeated_call_rings_and_a_frequent_caller_hears_a_greeting_of_their_own(
    office: Office, number: str, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    phone, patient = await a_phone(PHONE), await a_patient(number)
    await phone.register(office.practice.sip, office.practice.secret(PHONE))
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.is_answered(within=10)  # by the greeting of a closed line
    await patient.hang_up()
    await patient.call_ends(within=10)
    assert (await office.call_from(number))["reason"] == "outside-hours"
    await patient.dial(office.practice.sip, EVENING_LINE)
    assert number in await phone.rings(within=10)
    await patient.hang_up()
    await patient.call_ends(within=10)
    again = await office.call_from(number)
    assert (again["outcome"], again["reason"]) == ("hung-up-while-ringing", "repeated-call")
    await patient.dial(office.practice.sip, EVENING_LINE)
    await phone.rings(within=10)
    await patient.is_answered(within=10)  # nobody takes it
    await until(lambda: seconds_of_tone(patient.heard, OFTEN_TONE) > 1, 10, "the greeting for frequent callers")
    await patient.hang_up()


async def test_no_log_holds_a_contact_not_even_one_that_cannot_be_read(office: Office) -> None:
    contacts = office.practice.file.with_name("contacts.csv")
    contacts.write_text(f"{_CONTACTS}555-0701;Canarby;priority;\n", encoding="utf-8")
    os.kill(office.server.pid, signal.SIGHUP)
    await until(lambda: "contacts.csv:5: contacts: the number" in office.server.log.read_text(), 20, "the problem")
    told = [*office.practice.data.joinpath("asterisk", "log").rglob("*"), office.server.log]
    texts = [path.read_text(errors="replace") for path in told if path.is_file()]
    assert any(texts)
    for canary in ("Canar", "2155550701", "2155550702", "2155550703", "555-0701"):
        assert not any(canary.lower() in text.lower() for text in texts)
