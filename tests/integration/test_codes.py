"""The codes as a phone has them, with a scripted phone, real PINs and the real database."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agi import codes as module
from agi import voice
from agi.codes import Codes
from agi.server import serve
from agi.talks import Talks
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, Scope
from pbx.domain.policy import Policy
from pbx.kept import KeptFile
from pbx.services.overrides import Overrides, OverridesInForce, Wanted
from pbx.services.pins import Pins
from pbx.services.ports import StoreUnavailable
from pbx.store.database import Database
from pbx.store.overrides import PgOverrideBook
from pbx.store.pins import PgPinBook
from tests.integration.test_dialogue import SECOND, EndsEveryCall
from tests.kit.asterisk import DESK, DID, SHELF, a_practice
from tests.kit.handset import HANG_UP, Handset

PIN, WRONG = "274906", "864209"


@dataclass
class Voice:
    """Says nothing, but knows what it was to say."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)

    async def prompt(self, text: str) -> str:
        name = f"said-{len(self.said)}"
        self.said[name] = text
        (self.folder / f"{name}.wav").write_bytes(SECOND)
        return name


@dataclass
class Desk:
    """The practice as its phones meet it. `holds` is what is in force, as (mode, scope, target)."""

    port: int
    voice: Voice
    policy: Policy
    overrides: Overrides
    known: OverridesInForce
    pins: Pins

    @property
    def holds(self) -> list[tuple[str, str, str]]:
        return [(one.mode, one.scope, one.target) for one in self.known.held]

    async def dials(self, code: str, *entries: str, phone: str = DESK) -> list[str]:
        """What the phone heard."""
        handset = Handset(list(entries))
        await handset.talks(self.port, "codes", code, phone)
        return [self.voice.said.get(name, name) for name in handset.heard]


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    practice = a_practice()
    # Both desks are one person's, so the line that rings them is his own.
    policy = replace(practice, phones=tuple(replace(p, owner="rictor") for p in practice.phones))
    known = OverridesInForce(PgOverrideBook(database), KeptFile(tmp_path / "overrides.json"))
    pins = Pins(PgPinBook(database), KeptFile(tmp_path / "pins.json"))
    voice = Voice(tmp_path)
    (tmp_path / "try-again.wav").write_bytes(SECOND)
    overrides = Overrides(PgOverrideBook(database), known, lambda: policy)
    codes = Codes(lambda: policy, lambda: Facts(overrides=known.held), overrides, pins, voice)
    talks = Talks(tmp_path, {"codes": codes.talk})
    await pins.set("rictor", PIN, "mia")
    await pins.refresh()
    async with serve(EndsEveryCall(), "127.0.0.1", 0, talks=talks) as server:
        yield Desk(server.port, voice, policy, overrides, known, pins)


async def test_closed_asks_for_hours_where_no_schedule_says_when_it_ends(desk: Desk) -> None:
    heard = await desk.dials("closed", PIN, "3")
    assert heard[:2] == [voice.ASK_PIN, module.HOW_MANY_HOURS]
    assert heard[2].startswith("Dr. Rictor's line is closed until ")
    assert "star, then 7, then 4" in heard[-1]
    assert desk.holds == [("closed", "person", "rictor")]
    [one] = desk.known.held
    assert (one.ends - one.starts).total_seconds() == pytest.approx(3 * 3600, abs=5)
    assert one.by == "Dr. Rictor"


@pytest.mark.parametrize("hours", ["", "0", "999", "*"])
async def test_hours_that_are_none_change_nothing(desk: Desk, hours: str) -> None:
    assert (await desk.dials("voicemail", PIN, hours))[-1] == module.GOODBYE
    assert desk.holds == []


@pytest.mark.parametrize(("code", "mode"), [("open", "open"), ("voicemail", "voicemail")])
async def test_each_code_sets_its_own(desk: Desk, code: str, mode: str) -> None:
    await desk.dials(code, PIN, "1")
    assert desk.holds == [(mode, "person", "rictor")]


async def test_a_snow_day_is_asked_for_again_and_is_for_all(desk: Desk) -> None:
    assert (await desk.dials("snow-day", PIN, "2"))[-1] == module.GOODBYE
    assert desk.holds == []
    heard = await desk.dials("snow-day", PIN, "1")
    assert heard[2].startswith("The whole practice is closed for a snow day until the end of today")
    assert desk.holds == [("snow-day", "practice", "")]


async def test_back_to_the_schedule_ends_what_is_ones_own_and_asks_before_what_is_for_all(desk: Desk) -> None:
    await desk.dials("closed", PIN, "3")
    ends = datetime.now(UTC) + timedelta(hours=1)
    await desk.overrides.set(Wanted(Mode.CLOSED, Scope.NUMBER, DID, ends, "Mia"), "mia")
    await desk.dials("snow-day", PIN, "1")
    heard = await desk.dials("schedule", PIN, "")
    assert heard[1] == module.BACK
    assert heard[2].startswith("The whole practice is closed for a snow day")
    assert heard[3] == module.END_FOR_ALL
    assert heard[-1].endswith("That was set by Dr. Rictor.")
    assert desk.holds == [("snow-day", "practice", "")]
    heard = await desk.dials("schedule", PIN, "1")
    assert heard[1] == module.NOTHING_SET
    assert heard[-1] == "Dr. Rictor's line is open, and no change is in sight."
    assert desk.holds == []


async def test_what_is_set_is_told_without_a_pin(desk: Desk) -> None:
    assert await desk.dials("what-is-set") == ["Dr. Rictor's line is open, and no change is in sight."]


async def test_three_wrong_pins_are_all_that_there_are_also_over_calls(desk: Desk) -> None:
    heard = await desk.dials("closed", WRONG, WRONG, HANG_UP)
    assert heard == [voice.ASK_PIN, voice.PIN_AGAIN, voice.PIN_AGAIN]
    assert await desk.dials("closed", WRONG, PIN) == [voice.ASK_PIN, voice.PIN_LOCKED]
    assert await desk.dials("closed", PIN, "1") == [voice.ASK_PIN, voice.PIN_LOCKED]
    assert desk.holds == []


async def test_whoever_has_no_pin_hears_what_a_wrong_one_hears(desk: Desk) -> None:
    wrong = await desk.dials("closed", WRONG, WRONG, WRONG)
    await desk.pins.clear("rictor", "mia")
    await desk.pins.refresh()
    assert await desk.dials("closed", PIN, PIN, PIN, phone=SHELF) == wrong


async def test_silence_ends_the_talk_and_is_no_try(desk: Desk) -> None:
    assert (await desk.dials("closed"))[-1] == module.GOODBYE
    assert await desk.dials("closed", PIN, "1") != [voice.ASK_PIN, voice.PIN_LOCKED]


async def test_what_is_no_phone_of_the_practice_has_no_talk(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    for endpoint in ("_trunk", "nobodys-desk"):
        assert await desk.dials("what-is-set", phone=endpoint) == []
    assert await desk.dials("format-the-disk", PIN) == []
    assert "talk codes: NotAnOwnPhone" in caplog.text


async def test_a_change_that_cannot_be_kept_is_said_to_be_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(desk.overrides._book, "add", away)
    assert (await desk.dials("snow-day", PIN, "1"))[-1] == module.NOT_KEPT
    assert desk.holds == []


async def test_no_key_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await desk.dials("closed", WRONG, PIN, "3")
    assert PIN not in caplog.text
    assert WRONG not in caplog.text


async def test_who_did_it_is_in_the_audit(desk: Desk, database: Database) -> None:
    await desk.dials("snow-day", PIN, "1")
    async with database.session() as connection:
        actors = [row["actor"] for row in await connection.fetch("SELECT actor FROM audit ORDER BY id")]
    assert actors == ["mia", "person/rictor"]
