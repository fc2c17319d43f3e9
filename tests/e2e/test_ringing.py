"""Rings that are more than phones at once: later ones, numbers outside that press 1, and those who are too late."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import pytest

from agi.server import serve
from pbx.asterisk.ports import free_port
from pbx.demo.baresip import Baresip
from pbx.demo.hearing import seconds_of_sound, seconds_of_tone
from pbx.demo.patient import Patient
from pbx.demo.speech import tone
from pbx.domain.actions import Action, Callee, Menu, Option, Ring, Voicemail
from pbx.domain.facts import Facts
from pbx.domain.legs import at_once
from pbx.domain.people import Outside, Person, Reach, Stage
from pbx.domain.policy import Greeting, Number, Policy
from pbx.domain.routing import decide
from pbx.domain.steps import RingStep
from tests.e2e.conftest import SPOKEN, PatientMaker, PhoneMaker
from tests.kit.asterisk import (
    DESK,
    DID,
    GONE_TONE,
    LATE_TONE,
    MAIN_MENU_TONE,
    MUSIC_TONE,
    OFFER_TONE,
    PATIENT,
    SHELF,
    TAKEN_TONE,
    Pbx,
    a_practice,
    prepared,
)
from tests.kit.controllers import PlainRouter
from tests.kit.files import contents
from tests.kit.network import TRUNK, until

pytestmark = pytest.mark.timeout(60)

CELL = "+17175550199"
SERVICE = "+17175550102"
STAGED = "+17175550103"
MENU = "+17175550104"
SILENCE_SECONDS = 4


def _policy() -> Policy:
    """The desk, then the cell a second later; the answering service alone; two desks one after the other; a menu."""
    plain = a_practice()
    message = Voicemail("rictor")
    doctor = Reach(None, (Stage(DESK), Stage(None, 1)))
    rings = {
        DID: Ring("rictor", (DESK,), 4, (Callee("rictor", ("rictor",)),)),
        SERVICE: Ring("answering-service", (), 4, (Callee("answering-service"),)),
        STAGED: Ring(
            "rictor, garcia", (DESK, SHELF), 5, (Callee("rictor", ("phones",)), Callee("garcia", ("garcia",), 1))
        ),
    }
    lines: dict[str, tuple[Action, ...]] = {did: (ring, message) for did, ring in rings.items()}
    lines[MENU] = (Menu("main", (Option("1", "ring rictor", (Ring("rictor", (DESK,), 8), message)),), 5, 1), message)
    return replace(
        plain,
        numbers={did: Number(did, "Dr. Rictor", None, actions, (message,)) for did, actions in lines.items()},
        people={
            "rictor": Person("rictor", "Dr. Rictor", (DESK,), CELL, (doctor,)),
            "phones": Person("phones", "Dr. Rictor", (DESK,)),
            "garcia": Person("garcia", "Dr. Garcia", (SHELF,)),
        },
        music=Greeting("waiting-music", file="waiting.wav"),
        outside={"answering-service": Outside("answering-service", "Answering service", CELL)},
    )


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_port(TRUNK, socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[Pbx]:
    pbx = prepared(tmp_path_factory.mktemp("pbx"), _policy(), carrier_port=carrier_port)
    # Nobody wants to wait for fifteen seconds of silence here.
    numbers = pbx.layout.etc / "extensions.conf"
    numbers.write_text(numbers.read_text().replace("SL_MUSIC = waiting-music", "SL_MUSIC = "))
    dialplan = pbx.layout.etc / "call.conf"
    text = dialplan.read_text()
    assert text.count("leg-offer,1,e,1,15)") == 1
    dialplan.write_text(text.replace("leg-offer,1,e,1,15)", f"leg-offer,1,e,1,{SILENCE_SECONDS})"))
    asyncio.run(_start(pbx))
    yield pbx
    asyncio.run(pbx.process.stop(0))


async def _start(pbx: Pbx) -> None:
    await pbx.process.start()


@pytest.fixture
async def router(pbx: Pbx) -> AsyncIterator[PlainRouter]:
    """A good controller."""
    router = PlainRouter(pbx.policy)
    async with serve(router, "127.0.0.1", pbx.agi_port):
        yield router


class Cell(Baresip):
    """A telephone in the carrier's network. It is switched off at the end: it has no server to take its leave of."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await super().__aexit__(kind, error, trace)

    async def rings(self, within: float = 6) -> str:
        return (await self.event("CALL_INCOMING", within=within)).peer

    async def answers(self) -> None:
        """Take the call and listen until the offer was heard."""
        await self.be_silent()
        await self.command("accept")
        await self.event("CALL_ESTABLISHED", within=5)
        await until(lambda: self.hears(OFFER_TONE) > 0.2, 5, "the offer is heard")

    async def presses(self, key: str) -> None:
        await self.command("sndcode", key)

    def hears(self, hertz: float) -> float:
        return seconds_of_tone(self.heard, hertz) if self.heard.exists() else 0.0

    async def is_let_go(self, within: float = 6) -> None:
        await self.event("CALL_CLOSED", within=within)


@pytest.fixture
async def cell(carrier_port: int, tmp_path: Path) -> AsyncIterator[Cell]:
    async with Cell(tmp_path / "cell", f"{TRUNK}:{carrier_port}") as cell:
        # Without an interval this client would not take its own number for its own.
        await cell.command("uanew", f"<sip:{CELL}@{TRUNK}>;regint=3600;answermode=manual")
        yield cell


def hears(patient: Patient, hertz: float) -> float:
    return seconds_of_tone(patient.heard, hertz) if patient.heard.exists() else 0.0


def hears_ring_back(heard: Path) -> bool:
    """Two tones at once, 440 and 480 Hz: none of them alone, and sound for more than the menu's half second."""
    return seconds_of_sound(heard) > 1.5


async def test_who_answers_outside_presses_1_and_both_hear_each_other(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, cell: Cell, words: Callable[[float], Awaitable[Path]]
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    answer = (await words(1.5)).with_name("cell.wav")
    await tone(1100.0, 3.0, answer)
    await patient.dial(pbx.server, SERVICE)
    assert SERVICE in (shown := await cell.rings())
    assert PATIENT not in shown
    await cell.answers()
    assert router.questions[-1].position == -1
    await cell.presses("1")
    await patient.is_answered(10)
    await cell.play(answer)
    await patient.says(await words(1.5))
    await patient.call_ends(10)
    await cell.is_let_go()
    assert seconds_of_tone(patient.heard, 1100.0) > 0.8
    assert cell.hears(SPOKEN) > 0.8
    call = await pbx.next_ended(known)
    assert (call.stage, call.end[4], call.recordings) == ("ring", "outside.answering-service", ())


@pytest.mark.parametrize("key", ["2", "#", None])
async def test_another_key_or_silence_as_of_a_private_voicemail_passes_the_call_on(
    key: str | None, pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, cell: Cell
) -> None:
    patient = await a_patient()
    await patient.dial(pbx.server, SERVICE)
    await cell.rings()
    await cell.answers()
    if key:
        await cell.presses(key)
    await cell.is_let_go(SILENCE_SECONDS + 3)
    await patient.hears_beep(5)
    assert [question.result for question in router.questions][1] in ("no-answer", "busy", "unreachable")
    await patient.hang_up()


async def test_whoever_presses_1_too_late_hears_that_a_colleague_was_faster(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker, cell: Cell
) -> None:
    patient, desk, known = await a_patient(), await a_phone(DESK, pbx), set(pbx.calls())
    await patient.dial(pbx.server, DID)
    assert PATIENT in await desk.rings(10)
    await cell.rings()
    await cell.answers()
    await desk.answer()
    await patient.is_answered(10)
    await cell.presses("1")
    await cell.is_let_go()
    assert cell.hears(TAKEN_TONE) > 0.2
    await patient.hang_up()
    assert (await pbx.next_ended(known)).end[4] == DESK


async def test_whoever_presses_1_for_a_caller_who_hung_up_hears_that(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, cell: Cell
) -> None:
    patient, known = await a_patient(), set(pbx.calls())
    await patient.dial(pbx.server, SERVICE)
    await cell.rings()
    await cell.answers()
    await patient.hang_up()
    await pbx.next_ended(known)
    await cell.presses("1")
    await cell.is_let_go()
    assert cell.hears(GONE_TONE) > 0.2


async def test_whoever_presses_1_when_the_caller_went_on_to_voicemail_hears_that(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.domain.dialled.ASKING_SECONDS", -2)  # as if the offer had been heard too late
    patient = await a_patient()
    await patient.dial(pbx.server, SERVICE)
    await cell.rings()
    await asyncio.gather(cell.answers(), patient.is_answered(10))
    await cell.presses("1")
    await cell.is_let_go()
    assert cell.hears(LATE_TONE) > 0.2
    await patient.hang_up()


async def test_a_later_phone_rings_later_while_the_first_rings_on(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, desk, shelf = await a_patient(), await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    await patient.dial(pbx.server, STAGED)
    await desk.rings(10)
    assert not shelf.has_rung
    assert PATIENT in await shelf.rings(10)
    await shelf.answer()
    await patient.is_answered(10)
    await desk.call_ends(10)
    await patient.hang_up()
    assert (await pbx.next_ended(known)).end[4] == SHELF


async def test_behind_a_menu_the_caller_hears_it_ring(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, desk = await a_patient(), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, MENU)
    await until(lambda: hears(patient, MAIN_MENU_TONE) > 0.3, 5, "the menu is heard")
    await patient.presses("1")
    await desk.rings(10)
    await until(lambda: hears_ring_back(patient.heard), 5, "ring-back is heard")
    await patient.hang_up()


async def test_music_is_heard_while_it_rings_where_the_practice_has_some(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    patient, desk = await a_patient(), await a_phone(DESK, pbx)
    await pbx.process.console.run("dialplan set global SL_MUSIC waiting-music")
    try:
        await patient.dial(pbx.server, STAGED)
        await desk.rings(10)
        await until(lambda: hears(patient, MUSIC_TONE) > 1, 5, "music is heard")
        await desk.answer()
        await patient.hang_up()
    finally:
        await pbx.process.console.run('dialplan set global SL_MUSIC ""')


async def test_a_phone_that_is_not_registered_is_passed_over_and_the_next_rings_at_once(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    router.facts = Facts(unregistered=frozenset({DESK}))
    patient, shelf = await a_patient(), await a_phone(SHELF, pbx)
    await patient.dial(pbx.server, STAGED)
    await shelf.rings(10)
    assert router.questions[0].position == -1
    steps = decide(pbx.policy, STAGED, router.questions[0].started, router.facts).steps
    assert isinstance(steps[0], RingStep)
    assert steps[0].legs[0] == at_once(SHELF, who="garcia")[0]
    await patient.hang_up()


async def test_a_phone_that_came_back_since_asterisk_was_asked_rings(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, a_phone: PhoneMaker
) -> None:
    router.facts = Facts(unregistered=frozenset({DESK}))
    patient, desk = await a_patient(), await a_phone(DESK, pbx)
    await patient.dial(pbx.server, STAGED)
    await desk.rings(10)
    await patient.hang_up()


async def test_the_carrier_learns_the_practices_number_and_nothing_else(
    pbx: Pbx, router: PlainRouter, a_patient: PatientMaker, carrier_port: int
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier:
        carrier.bind((TRUNK, carrier_port))
        carrier.setblocking(False)
        patient = await a_patient()
        await patient.dial(pbx.server, DID)
        async with asyncio.timeout(5):
            invite = (await asyncio.get_running_loop().sock_recv(carrier, 65536)).decode()
        await patient.hang_up()
    assert invite.startswith(f"INVITE sip:{CELL}@{TRUNK}:{carrier_port} ")
    assert f"sip:{DID}@" in next(line for line in invite.splitlines() if line.startswith("From:"))
    for private in (PATIENT, PATIENT[2:], DESK, "ictor", "answering", "urgent"):
        assert private not in invite


async def test_a_number_outside_that_the_file_does_not_name_is_never_called(pbx: Pbx) -> None:
    console = pbx.process.console
    assert CELL in (await console.run("dialplan show sl-outside") or "")
    for name in ("nobody", CELL, "17175550199"):
        assert "no existence" in (await console.run(f"dialplan show {name}@sl-outside") or "")


def test_the_number_outside_is_in_no_log_and_no_record(pbx: Pbx) -> None:
    folder = pbx.layout.data
    found = [path for path, data in contents(folder) if CELL[2:].encode() in data]
    assert found == [pbx.layout.etc / "extensions.conf"]
