"""A phone tree with real keys: they lead where the tree says, and whatever goes wrong a message can be left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agi.server import serve
from pbx.asterisk.ports import LOOPBACK
from pbx.demo.hearing import seconds_of_sound, seconds_of_tone
from pbx.demo.patient import Patient
from pbx.domain.actions import Jump, Menu, Option, Ring, Voicemail
from pbx.domain.outcome import Outcome
from pbx.domain.policy import Greeting, Number, Policy
from pbx.domain.routing import decide
from pbx.domain.schedule import Schedule
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import (
    AGAIN_TONE,
    CLOSED_TONE,
    DEFAULT_TONE,
    DESK,
    DID,
    EMERGENCY_TONE,
    MAIN_MENU_TONE,
    NIGHT_DID,
    OBSERVER,
    OBSERVER_SECRET,
    PROMPT_SECONDS,
    REFILLS_MENU_TONE,
    SPANISH_CLOSED_TONE,
    SPANISH_MENU_TONE,
    Pbx,
    Spooled,
    a_practice,
    running,
)
from tests.kit.controllers import PlainRouter
from tests.kit.network import until
from voicemail.finish import finished_call, mailbox_of
from voicemail.spool import read_spool

Words = Callable[[float], Awaitable[Path]]

WAIT = 3
"""Seconds that the menus wait for a key."""

REFILLS = Menu(
    "refills",
    (Option("1", "voicemail nurse", (Voicemail("nurse", "after-hours"),)), Option("#", "back", Jump.BACK)),
    seconds=WAIT,
    tries=2,
)
MAIN = Menu(
    "main",
    (
        Option("1", "ring rictor", (Ring("rictor", (DESK,), 10), Voicemail("rictor"))),
        Option("2", "refills", (REFILLS,)),
        Option("3", "language es", Jump.REPEAT, "es"),
        Option("*", "repeat", Jump.REPEAT),
    ),
    seconds=WAIT,
    tries=2,
    otherwise=(Voicemail("front-desk", "after-hours"),),
)


def a_practice_with_a_tree() -> Policy:
    night = Schedule("night", "America/New_York", {})
    numbers = (
        Number(DID, "Office", None, (MAIN,), (MAIN,)),
        Number(NIGHT_DID, "Night line", night, (MAIN,), (MAIN,)),
    )
    translations = {name: Greeting(name, file="recorded.wav") for name in ("menu-main--es", "after-hours--es")}
    return replace(
        a_practice(),
        numbers={number.e164: number for number in numbers},
        languages=("en", "es"),
        translations=translations,
    )


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with running(tmp_path_factory.mktemp("pbx"), a_practice_with_a_tree(), observed=True) as pbx:
        yield pbx


@asynccontextmanager
async def good_controller(pbx: Pbx) -> AsyncIterator[PlainRouter]:
    router = PlainRouter(pbx.policy)
    async with serve(router, "127.0.0.1", pbx.agi_port):
        yield router


async def hears(patient: Patient, hertz: float, times: int = 1, within: float = 10) -> None:
    """Wait until the patient has heard a prompt so many times, nearly to its end."""
    enough = PROMPT_SECONDS * (times - 0.4)
    await until(lambda: seconds_of_tone(patient.heard, hertz) >= enough, within, f"the prompt of {hertz} Hz")


async def leaves_words(patient: Patient, wav: Path) -> None:
    await patient.hears_beep(10)
    await patient.says(wav)
    await patient.call_ends(15)


def mailbox(pbx: Pbx, call: Spooled) -> str:
    """Where the one message of a call goes."""
    [spooled] = [seen for seen in read_spool(pbx.layout.spool, pbx.layout.spare).calls if seen.id == call.call]
    [recording] = spooled.recordings
    return mailbox_of(spooled, recording.tag, pbx.policy, None)


def record(pbx: Pbx, call: Spooled) -> tuple[Outcome, list[tuple[str, str]]]:
    """What the log will say of a call without a message: its outcome, and each choice as menu and key."""
    [spooled] = [seen for seen in read_spool(pbx.layout.spool, pbx.layout.spare).calls if seen.id == call.call]
    assert spooled.start is not None
    finished = finished_call(spooled, pbx.policy, decide(pbx.policy, spooled.start.dialled, spooled.start.at), ())
    return finished.outcome, [(choice.menu, choice.key) for choice in finished.choices]


async def test_a_choice_rings_the_right_phone_and_the_caller_hears_it_ring(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, words: Words
) -> None:
    patient, phone, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("1")
        await phone.rings(10)
        before = seconds_of_sound(patient.heard)
        await until(lambda: seconds_of_sound(patient.heard) > before + 0.5, 8, "the ring-back tone")
        await phone.answer()
        await patient.says(await words(2))
        await patient.call_ends(10)
        call = await pbx.next_ended(known)
    assert seconds_of_tone(phone.heard, SPOKEN) > 1
    assert call.end[4] == DESK
    assert record(pbx, call) == (Outcome.ANSWERED, [("main", "1")])


async def test_a_nested_choice_leads_to_the_voicemail_of_another_mailbox(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE)
        await patient.presses("#")
        await hears(patient, MAIN_MENU_TONE, times=2)
        await patient.presses("*")
        await hears(patient, MAIN_MENU_TONE, times=3)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE, times=2)
        await patient.presses("1")
        await leaves_words(patient, await words(2))
        call = await pbx.next_ended(known)
    assert mailbox(pbx, call) == "nurse"
    choices = [("main", "2"), ("refills", "#"), ("main", "*"), ("main", "2"), ("refills", "1")]
    assert record(pbx, call) == (Outcome.NO_MESSAGE, choices)
    assert seconds_of_tone(patient.heard, AGAIN_TONE) == 0


async def test_a_caller_who_chooses_spanish_hears_spanish_from_then_on(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("3")
        await hears(patient, SPANISH_MENU_TONE)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE)  # nobody has recorded it in Spanish
        await patient.presses("1")
        await hears(patient, SPANISH_CLOSED_TONE)
        await leaves_words(patient, await words(2))
        call = await pbx.next_ended(known)
    assert mailbox(pbx, call) == "nurse"
    assert record(pbx, call)[1] == [("main", "3"), ("main", "2"), ("refills", "1")]
    assert seconds_of_tone(patient.heard, CLOSED_TONE) == 0


async def test_after_a_wrong_key_the_menu_is_said_again_and_a_right_one_counts(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("7")
        await hears(patient, AGAIN_TONE)
        await hears(patient, MAIN_MENU_TONE, times=2)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE)
        await patient.presses("1")
        await leaves_words(patient, await words(2))
        call = await pbx.next_ended(known)
    assert mailbox(pbx, call) == "nurse"
    assert record(pbx, call)[1] == [("main", "2"), ("refills", "1")]


async def test_one_who_presses_nothing_is_asked_again_and_then_leaves_a_message(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await hears(patient, AGAIN_TONE)
        await hears(patient, MAIN_MENU_TONE, times=2)
        await hears(patient, CLOSED_TONE)
        await leaves_words(patient, await words(2))
        call = await pbx.next_ended(known)
    assert mailbox(pbx, call) == "front-desk"
    assert record(pbx, call)[1] == []
    assert not call.safe


async def test_a_closed_line_says_its_emergency_sentence_whole_whatever_is_pressed(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, NIGHT_DID)
        await patient.hears_sound(10)
        await patient.presses("2")
        await hears(patient, MAIN_MENU_TONE)
        await patient.hang_up()
        call = await pbx.next_ended(known)
    assert seconds_of_tone(patient.heard, EMERGENCY_TONE) >= PROMPT_SECONDS * 0.8
    assert record(pbx, call) == (Outcome.HUNG_UP_IN_MENU, [])


async def test_one_who_hangs_up_in_a_menu_is_seen_there_with_what_was_chosen(pbx: Pbx, a_patient: PatientMaker) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE)
        await patient.hang_up()
        call = await pbx.next_ended(known)
        await pbx.is_quiet()
    assert (call.stage, call.safe, call.recordings) == ("menu", False, ())
    assert record(pbx, call) == (Outcome.HUNG_UP_IN_MENU, [("main", "2")])


async def test_a_controller_that_dies_in_a_menu_leads_to_the_emergency_line_and_a_message(
    pbx: Pbx, a_patient: PatientMaker, words: Words
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    async with good_controller(pbx):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
    await patient.presses("1")
    await hears(patient, EMERGENCY_TONE)
    await hears(patient, CLOSED_TONE)
    await leaves_words(patient, await words(2))
    call = await pbx.next_ended(known)
    assert call.safe and [path.name for path in call.recordings] == [f"{call.call}-safe.wav"]
    assert mailbox(pbx, call) == "front-desk"
    assert record(pbx, call)[1] == [("main", "1")]


async def test_a_menu_whose_prompt_is_missing_leads_to_a_message(pbx: Pbx, a_patient: PatientMaker) -> None:
    prompt = pbx.layout.greetings / "menu-main.wav"
    away = prompt.rename(prompt.with_suffix(".away"))
    patient, known = await a_patient(), set(pbx.calls())
    try:
        async with good_controller(pbx):
            await patient.dial(pbx.server, DID)
            await hears(patient, CLOSED_TONE, within=20)
            await patient.hears_beep(10)
            await patient.hang_up()
            call = await pbx.next_ended(known)
    finally:
        away.rename(prompt)
    assert not call.safe
    assert seconds_of_tone(patient.heard, DEFAULT_TONE) == 0


async def test_no_key_that_is_pressed_gets_into_a_log_or_to_the_controllers_ami(
    pbx: Pbx, a_patient: PatientMaker
) -> None:
    ours, observer = bytearray(), bytearray()
    patient, known = await a_patient(), set(pbx.calls())
    async with (
        good_controller(pbx),
        listening(pbx, "secondline", pbx.machine.secrets.ami, ours),
        listening(pbx, OBSERVER, OBSERVER_SECRET, observer),
    ):
        await patient.dial(pbx.server, DID)
        await hears(patient, MAIN_MENU_TONE)
        await patient.presses("7")
        await hears(patient, MAIN_MENU_TONE, times=2)
        await patient.presses("2")
        await hears(patient, REFILLS_MENU_TONE)
        await patient.hang_up()
        call = await pbx.next_ended(known)
        await until(lambda: str(call.call).encode() in ours, 5, "the end of the call over AMI")
    assert b"DTMF" in observer  # one who may see all does see keys, so the looking is worth something
    texts = [ours.decode(), *(path.read_text(errors="replace") for path in sorted(pbx.layout.log.rglob("*.*")))]
    for text in texts:
        assert not [line for line in text.splitlines() if "DTMF" in line or "key-" in line or "Digit" in line]
    cel = [line for line in pbx.layout.cel.read_text().splitlines() if str(call.call) in line]
    assert cel and all(line.count(",") == 4 for line in cel)  # type, time, call, channel, linked: no place for a key


@asynccontextmanager
async def listening(pbx: Pbx, user: str, secret: str, heard: bytearray) -> AsyncIterator[None]:
    """Logged in to AMI as `user`; what Asterisk sends goes to `heard`."""
    reader, writer = await asyncio.open_connection(LOOPBACK, pbx.machine.ports.ami)
    writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\n\r\n".encode())
    await reader.readuntil(b"Authentication accepted")

    async def listen() -> None:
        while data := await reader.read(65536):
            heard.extend(data)

    listener = asyncio.create_task(listen())
    try:
        yield
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        writer.close()
