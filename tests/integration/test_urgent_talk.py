"""The talk with whoever was fetched: nothing before the PIN, and what is decided counts at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest

from agi.server import serve
from agi.talks import Talks
from agi.urgent_talk import Case, urgent_talk
from pbx.domain.steps import EndStep, Step
from pbx.domain.urgent import AttemptResult
from pbx.services.pins import Verdict
from pbx.services.ports import StoreUnavailable
from pbx.services.route import Question
from tests.kit.handset import HANG_UP, Handset
from voicemail.audio import wav_bytes
from voicemail.urgent_prompts import TEXTS

CALL = UUID("aae4141c-2e97-436d-a585-4824c1dd8cfb")
PIN = "482917"


class EndsEveryCall:
    async def next(self, question: Question) -> tuple[int, Step]:
        return 0, EndStep()


class Pins:
    """Knows one PIN; or gives the same verdict whatever is keyed."""

    def __init__(self, always: Verdict | None = None) -> None:
        self.always = always
        self.asked: list[str] = []

    async def check(self, person: str, pin: str) -> Verdict:
        self.asked.append(person)
        return self.always or (Verdict.RIGHT if pin == PIN else Verdict.WRONG)


@dataclass
class Desk:
    """Has one case, and keeps what became of it."""

    folder: Path
    waits: bool = True
    relayed: bool = False
    others: bool = False
    away: bool = False
    taken: int = 0
    decided: list[AttemptResult] = field(default_factory=list)

    async def find(self, call: UUID, page: str) -> Case | None:
        assert (call, page) == (CALL, "4")
        case = Case("rictor", self.message, "215", lambda: self.waits)
        return replace(case, take=self.take, decided=self.note) if self.relayed else case

    @asynccontextmanager
    async def message(self) -> AsyncIterator[Path]:
        yield self.folder / "message.wav"

    async def take(self) -> bool:
        if self.away:
            raise StoreUnavailable
        self.taken += not self.others
        return not self.others

    async def note(self, result: AttemptResult) -> None:
        self.decided.append(result)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in (*TEXTS, "message"):
        (tmp_path / f"{name}.wav").write_bytes(wav_bytes(bytes(1600)))
    return Desk(tmp_path)


@asynccontextmanager
async def serving(desk: Desk, pins: Pins) -> AsyncIterator[int]:
    talks = Talks(desk.folder, {"urgent": urgent_talk(pins, desk)})
    async with serve(EndsEveryCall(), "127.0.0.1", 0, talks=talks) as server:
        yield server.port


async def talked(desk: Desk, *entries: str, pins: Pins | None = None) -> Handset:
    """A phone that was rung about the case and pressed `entries`."""
    phone = Handset(list(entries))
    async with serving(desk, pins or Pins()) as port:
        await phone.talks(port, "urgent", f"{CALL}-4")
        await asyncio.sleep(0)
    return phone


async def test_one_connects_the_caller_who_waits(desk: Desk) -> None:
    phone = await talked(desk, PIN, "", "1")
    assert phone.heard == ["page-hello", "message", "page-waiting"]
    assert (phone.held, phone.variables["SL_ASKED"]) == (True, "connected")


async def test_two_takes_the_message_and_says_the_number(desk: Desk) -> None:
    phone = await talked(desk, PIN, "2")
    assert phone.variables["SL_ASKED"] == "taken"
    assert phone.heard[2:] == ["page-number", "digit-2", "digit-1", "digit-5", "page-taken"]


async def test_hanging_up_after_the_key_takes_nothing_back(desk: Desk) -> None:
    phone = await talked(replace(desk, relayed=True), PIN, "2", HANG_UP)
    assert phone.variables["SL_ASKED"] == "taken"


@pytest.mark.parametrize("entries", [("1", "2", "3"), ("", "", ""), (HANG_UP,), ("1", HANG_UP)])
async def test_nothing_of_the_patient_is_heard_without_the_pin(desk: Desk, entries: tuple[str, ...]) -> None:
    phone = await talked(desk, *entries)
    assert set(phone.heard) <= {"page-hello", "page-wrong", "page-passed"}
    assert phone.variables.get("SL_ASKED") in (None, "wrong-pin", "passed-on")


async def test_one_without_a_pin_sounds_as_one_with_a_wrong_one_and_is_on_record(desk: Desk) -> None:
    desk.relayed = True
    phone = await talked(desk, "1", "2", "3", pins=Pins(Verdict.NONE))
    assert phone.heard == ["page-hello", "page-wrong", "page-wrong", "page-passed"]
    assert desk.decided == [AttemptResult.NO_PIN]


async def test_a_lock_out_ends_the_talk(desk: Desk) -> None:
    assert (await talked(desk, "1", pins=Pins(Verdict.LOCKED))).heard == ["page-hello", "page-locked"]


async def test_without_the_pins_a_waiting_caller_is_connected_and_nothing_is_played(desk: Desk) -> None:
    phone = await talked(desk, PIN, "1", pins=Pins(Verdict.UNAVAILABLE))
    assert phone.heard == ["page-hello", "page-unproven"]
    assert phone.variables["SL_ASKED"] == "connected"
    desk.waits = False
    assert "message" not in (await talked(desk, PIN, "1", pins=Pins(Verdict.UNAVAILABLE))).heard


async def test_who_wants_a_caller_who_has_hung_up_is_told_so_and_can_take_the_message(desk: Desk) -> None:
    desk.waits = False
    phone = await talked(desk, PIN, "1", "2")
    assert phone.heard[1:4] == ["message", "page-gone", "page-relay"]
    assert phone.variables["SL_ASKED"] == "taken"


async def test_three_plays_it_again_and_four_says_the_number(desk: Desk) -> None:
    phone = await talked(desk, PIN, "", "3", "", "4", "9")
    assert phone.heard.count("message") == 2
    assert "digit-2" in phone.heard
    assert (phone.heard[-1], phone.variables["SL_ASKED"]) == ("page-passed", "passed-on")


async def test_after_the_hang_up_the_first_to_take_it_has_it(desk: Desk) -> None:
    desk.relayed, desk.waits = True, False
    assert (await talked(desk, PIN, "2")).heard[-1] == "page-taken"
    assert (desk.taken, desk.decided) == (1, [])
    desk.others = True
    assert (await talked(desk, PIN, "2")).heard[-1] == "page-others"
    assert desk.decided == [AttemptResult.PASSED_ON]


async def test_what_cannot_be_written_down_is_said_with_the_number(desk: Desk) -> None:
    desk.relayed, desk.waits, desk.away = True, False, True
    phone = await talked(desk, PIN, "2")
    assert phone.heard[2:4] == ["page-not-noted", "page-number"]
