"""A call in progress goes to a colleague by keys: from a softphone and from a cell, and from nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from agi.server import serve
from pbx.asterisk.ports import free_port
from pbx.demo.cell import Cell
from pbx.demo.hearing import seconds_of_tone
from pbx.demo.patient import Patient
from pbx.demo.softphone import Softphone
from pbx.demo.speech import tone
from pbx.demo.telephone import Telephone
from pbx.domain.actions import Callee, Ring, Voicemail
from pbx.domain.call import CallStart
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.outcome import Outcome
from pbx.domain.people import Person
from pbx.domain.policy import Number, Phone, Policy
from pbx.domain.routing import Reason
from pbx.kept import KeptFile
from pbx.services.calls_today import CallsToday
from pbx.services.outbound import CallsOut
from pbx.services.route import DecisionRecorder
from tests.e2e.conftest import PatientMaker, PhoneMaker
from tests.kit.asterisk import (
    DESK,
    DID,
    NOBODY_TONE,
    OFFER_TONE,
    PATIENT,
    SHELF,
    WHOM_TONE,
    Pbx,
    a_practice,
    prepared,
)  # fmt: skip
from tests.kit.controllers import PlainRouter
from tests.kit.network import TRUNK, until
from voicemail.finish import finished_call, mailbox_of
from voicemail.spool import SpooledCall, read_spool

pytestmark = pytest.mark.timeout(60)

CELL = "+17175550199"
CELL_LINE = "+17175550103"
RICTOR, GARCIA, MILLS = "01", "02", "03"
"""The short numbers, in the order of the people."""


def _policy() -> Policy:
    plain = a_practice()
    message = Voicemail("rictor")
    rings = {
        DID: Ring("rictor", (DESK,), 8),
        CELL_LINE: Ring("mills", (), 8, (Callee("mills", ("mills",)),)),
    }
    return replace(
        plain,
        numbers={did: Number(did, "Line", None, (ring, message), (message,)) for did, ring in rings.items()},
        phones=(Phone(DESK, "rictor", "Dr. Rictor"), Phone(SHELF, "garcia", "Dr. Garcia")),
        people={
            "rictor": Person("rictor", "Dr. Rictor", (DESK,)),
            "garcia": Person("garcia", "Dr. Garcia", (SHELF,)),
            "mills": Person("mills", "Nurse Mills", (), CELL),
        },
        outbound=OutboundRules({"rictor": Allowance(DID, frozenset({"US"}), 1000, 1000, 9)}, {}, (), 8, 600),
    )


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_port(TRUNK, socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, carrier_port: int) -> Iterator[Pbx]:
    pbx = prepared(tmp_path_factory.mktemp("pbx"), _policy(), carrier_port=carrier_port)
    asyncio.run(_start(pbx))
    yield pbx
    asyncio.run(pbx.process.stop(0))


async def _start(pbx: Pbx) -> None:
    await pbx.process.start()


class NoLog:
    """Nothing is written down in these tests: the recorder does not run."""

    async def open_call(self, start: CallStart, decision: object) -> None:
        raise AssertionError


def _calls_out(policy: Policy, folder: Path) -> CallsOut:
    today = CallsToday(KeptFile(folder / "today.json"), lambda: policy.timezone)
    return CallsOut(lambda: policy, today, DecisionRecorder(NoLog()))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
async def router(pbx: Pbx, tmp_path: Path) -> AsyncIterator[PlainRouter]:
    """A good controller for the first part of each call; moving one needs none."""
    router = PlainRouter(pbx.policy)
    async with serve(router, "127.0.0.1", pbx.agi_port, out=_calls_out(pbx.policy, tmp_path)):
        yield router
    await pbx.is_quiet(10)


@pytest.fixture
async def cell(people: AsyncExitStack, carrier_port: int, tmp_path: Path) -> Cell:
    return await people.enter_async_context(Cell(tmp_path / "cell", CELL, f"{TRUNK}:{carrier_port}"))


async def hears(telephone: Telephone, hertz: float, more: float = 0.2, within: float = 6) -> None:
    await until(
        lambda: telephone.heard.exists() and seconds_of_tone(telephone.heard, hertz) > more, within, f"{hertz} Hz"
    )


VOICE = 1100.0


@pytest.fixture
async def voice(tmp_path: Path) -> Path:
    """What the colleague says."""
    await tone(VOICE, 1.6, tmp_path / "voice.wav")
    return tmp_path / "voice.wav"


async def connected(pbx: Pbx, patient: Patient, phone: Softphone) -> None:
    """The patient talks to the owner of `phone`."""
    await patient.dial(pbx.server, DID)
    await phone.rings(5)
    await phone.answer()
    await patient.is_answered(5)


async def takes(cell: Cell, within: float = 6) -> None:
    """Somebody answers the cell and presses 1."""
    await cell.rings(within)
    await cell.answer()
    await hears(cell, OFFER_TONE)
    await cell.presses("1")


async def asks_for(telephone: Telephone, keys: str, whom: str) -> None:
    """Press the keys, hear the question, key whom."""
    before = seconds_of_tone(telephone.heard, WHOM_TONE) if telephone.heard.exists() else 0.0
    await telephone.presses(keys)
    await hears(telephone, WHOM_TONE, before + 0.2)
    await telephone.presses(whom)


async def ended(pbx: Pbx, known: set[UUID], count: int) -> list[SpooledCall]:
    """The parts of a call, oldest first, once all of them are over."""
    await until(lambda: sum(call.is_over for call in spooled(pbx, known)) == count, 8, f"the end of {count} parts")
    await pbx.is_quiet(10)
    found = spooled(pbx, known)
    assert len(found) == count and not read_spool(pbx.layout.spool, pbx.layout.spare).unreadable
    return found


def spooled(pbx: Pbx, known: set[UUID]) -> list[SpooledCall]:
    calls = [c for c in read_spool(pbx.layout.spool, pbx.layout.spare).calls if c.id not in known]
    return sorted(calls, key=lambda c: next(start.at for start in (c.start, c.out) if start))


async def test_a_softphone_asks_a_colleague_and_passes_the_patient_on(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, voice: Path
) -> None:
    patient, desk, shelf = await a_patient(), await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    await connected(pbx, patient, desk)
    await patient.presses(f"*3{GARCIA}*2{GARCIA}")  # a patient's keys do nothing
    await asks_for(desk, "*2", "99")  # nobody has that number
    await hears(desk, NOBODY_TONE)
    await desk.presses(GARCIA)
    await shelf.rings(8)
    await shelf.answer()
    await asyncio.sleep(0.3)
    await desk.presses("*1")
    await desk.call_ends(5)
    await shelf.says(voice)
    await hears(patient, VOICE, 0.8)
    await patient.hang_up()
    await shelf.call_ends(5)
    first, second = [finished_call(call, pbx.policy, None, ()) for call in await ended(pbx, known, 2)]
    assert (first.outcome, first.answered_by, first.start.moved_from) == (Outcome.ANSWERED, DESK, None)
    assert (second.outcome, second.answered_by, second.reason) == (Outcome.ANSWERED, SHELF, Reason.MOVED)
    assert (second.start.moved_from, second.start.moved_by) == (first.start.id, "rictor")
    assert (second.start.caller.number, second.start.dialled) == (PATIENT, DID)
    assert first.ended_at < second.ended_at and second.answered_at and second.answered_at < first.ended_at


async def test_a_colleague_who_does_not_take_it_gives_the_patient_back(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, cell: Cell, voice: Path
) -> None:
    patient, desk, shelf = await a_patient(), await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    await connected(pbx, patient, desk)
    await asks_for(desk, "*2", GARCIA)
    await shelf.rings(8)
    await shelf.refuse()
    await asyncio.sleep(1)
    await asks_for(desk, "*2", MILLS)
    await takes(cell, 8)
    await asyncio.sleep(0.5)
    await desk.presses("*0")
    await cell.call_ends(5)
    await desk.says(voice)
    await hears(patient, VOICE, 0.8)
    await patient.hang_up()
    await desk.call_ends(8)
    whole, refused, aborted = [finished_call(call, pbx.policy, None, ()) for call in await ended(pbx, known, 3)]
    assert (whole.outcome, whole.answered_by) == (Outcome.ANSWERED, DESK)
    assert [part.outcome for part in (refused, aborted)] == [Outcome.RETURNED] * 2
    assert {part.start.moved_from for part in (refused, aborted)} == {whole.start.id}
    assert whole.ended_at > aborted.ended_at and not aborted.answered_by


async def test_a_cell_hands_a_patient_over_and_a_colleague_who_is_away_gets_a_message(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, cell: Cell, voice: Path
) -> None:
    patient, shelf = await a_patient(), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    await patient.dial(pbx.server, CELL_LINE)
    await takes(cell)
    await patient.is_answered(5)
    await asyncio.sleep(0.3)
    await asks_for(cell, "*3", GARCIA)
    await cell.call_ends(8)
    await shelf.rings(8)
    await shelf.answer()
    await asks_for(shelf, "*3", RICTOR)  # who is away
    await shelf.call_ends(8)
    await patient.hears_beep(12)
    await patient.says(voice)
    await patient.call_ends(12)
    calls = await ended(pbx, known, 3)
    first, second, third = [finished_call(call, pbx.policy, None, ()) for call in calls]
    assert (first.answered_by, second.answered_by, third.answered_by) == ("outside.mills", SHELF, None)
    assert [c.start.moved_by for c in (first, second, third)] == [None, "mills", "garcia"]
    assert [c.start.moved_from for c in (second, third)] == [first.start.id, second.start.id]
    assert second.answered_at and second.start.at <= second.answered_at <= second.ended_at <= third.start.at
    (message,) = calls[2].recordings
    assert mailbox_of(calls[2], message.tag, pbx.policy, None) == "rictor"


async def test_who_hangs_up_before_the_colleague_answers_has_left_the_patient_to_the_ring(
    pbx: Pbx, a_patient: PatientMaker, a_phone: PhoneMaker, voice: Path
) -> None:
    patient, desk, shelf = await a_patient(), await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    await connected(pbx, patient, desk)
    await asks_for(desk, "*2", GARCIA)
    await shelf.rings(8)
    await desk.hang_up()
    await asyncio.sleep(0.5)
    await shelf.refuse()
    await patient.hears_beep(8)
    await patient.says(voice)
    await patient.call_ends(12)
    calls = await ended(pbx, known, 2)
    assert mailbox_of(calls[1], calls[1].recordings[0].tag, pbx.policy, None) == "rictor"


async def test_a_call_outside_is_passed_on_and_no_key_reaches_a_number_outside(
    pbx: Pbx, a_phone: PhoneMaker, people: AsyncExitStack, carrier_port: int, tmp_path: Path
) -> None:
    desk, shelf = await a_phone(DESK, pbx), await a_phone(SHELF, pbx)
    known = set(pbx.calls())
    called = await people.enter_async_context(Cell(tmp_path / "called", PATIENT, f"{TRUNK}:{carrier_port}"))
    await desk.call(pbx.server, PATIENT)
    await called.rings(5)
    await called.answer()
    await desk.is_answered(5)
    await called.presses(f"*3{GARCIA}")  # nor do the keys of one who was called
    await asks_for(desk, "*3", "911#")
    for tries, other in enumerate(("9005551234#", "0#", "")):  # three tries, then it is the old call again
        await hears(desk, NOBODY_TONE, 0.5 * tries + 0.2)
        await desk.presses(other)
    await asks_for(desk, "*3", GARCIA)
    await shelf.rings(8)
    await desk.call_ends(8)
    await shelf.answer()
    await asyncio.sleep(0.3)
    await shelf.hang_up()
    await called.call_ends(8)
    out, part = await ended(pbx, known, 2)
    assert out.out and out.out_end and out.out_end.answered_at
    second = finished_call(part, pbx.policy, None, ())
    assert (second.start.moved_from, second.start.moved_by, second.answered_by) == (out.id, "rictor", SHELF)
    assert second.start.caller.number == PATIENT
    assert second.answered_at and second.start.at - timedelta(seconds=1) <= second.answered_at <= second.ended_at
