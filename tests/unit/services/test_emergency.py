"""Everybody who is to hear of a call to 911 does, once, whatever fails on the way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from pbx.domain.emergency import Place
from pbx.domain.people import Person
from pbx.domain.policy import Policy
from pbx.domain.templates import PLAIN_TEXT, Kind, PlainChannel, PlainFields, template_of
from pbx.services.emergency import EmergencyWatch
from pbx.services.ports import Fate, Parcel, StoreUnavailable, Verdict
from tests.kit.asterisk import DESK, DID, SHELF, a_practice
from voicemail.emergencies import EmergencyShelf

ADDRESS = "12 Main Street, Suite 200, Scotland, PA 17254"
PLACE = Place("office", (DESK,), ADDRESS, DID, ("rictor", "garcia"), ("mail", "texts", "desk-program"))
TEXT = template_of(PLAIN_TEXT, PlainFields)


def a_policy(place: Place = PLACE) -> Policy:
    kinds = {"mail": Kind.EMAIL, "texts": Kind.PHONE_MESSAGE, "desk-program": Kind.WEBHOOK}
    return replace(
        a_practice(),
        people={
            "rictor": Person("rictor", "Dr. Kenneth Rictor", (DESK,), email="rictor@practice.example"),
            "garcia": Person("garcia", "Dr. Garcia", (SHELF,)),
        },
        places=(place,),
        channels={key: PlainChannel(key, kind, TEXT) for key, kind in kinds.items()},
    )


@dataclass
class Out:
    """A way out that fails as often as `verdicts` say, then works."""

    verdicts: list[Verdict] = field(default_factory=list)
    tried: list[Parcel] = field(default_factory=list)

    async def send(self, parcel: Parcel) -> Verdict:
        self.tried.append(parcel)
        return self.verdicts.pop(0) if self.verdicts else Verdict(Fate.SENT)


@dataclass
class Audit:
    away: int = 0
    noted: list[tuple[UUID, Sequence[str], Sequence[str]]] = field(default_factory=list)

    async def told(self, call: UUID, told: Sequence[str], failed: Sequence[str]) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable
        self.noted.append((call, told, failed))


@dataclass
class Practice:
    folder: Path
    policy: Policy = field(default_factory=a_policy)
    mail: Out = field(default_factory=Out)
    texts: Out = field(default_factory=Out)
    program: Out = field(default_factory=Out)
    audit: Audit = field(default_factory=Audit)

    def calls_911(self, number: str = "911") -> UUID:
        call, at = uuid4(), datetime.now(UTC).timestamp()
        (self.folder / f"{call}.call").write_text(f"e1|{at:.3f}|phone.{DESK}|{number}|{DID}|1795836777.20\n")
        return call

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[EmergencyShelf]:
        shelf = EmergencyShelf(self.folder)
        senders = {"mail": self.mail, "texts": self.texts, "desk-program": self.program}
        watch = EmergencyWatch(shelf, self.audit, lambda: self.policy, lambda: senders, self.texts, again=0.01)
        task = asyncio.create_task(watch.run())
        try:
            yield shelf
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def is_told(self, calls: int = 1) -> None:
        async with asyncio.timeout(10):
            while len(self.audit.noted) < calls or list(self.folder.iterdir()):
                await asyncio.sleep(0.01)


async def test_a_call_is_told_over_every_channel_with_number_and_location(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    call = practice.calls_911()
    async with practice.watched():
        await practice.is_told()
    assert [parcel.to for parcel in practice.mail.tried] == ["rictor@practice.example"]
    assert sorted(parcel.to for parcel in practice.texts.tried) == sorted((DESK, SHELF))
    text = practice.mail.tried[0].text
    assert text.startswith("Dr. Kenneth Rictor called 911 at ")
    assert f"from the phone {DESK}" in text and ADDRESS in text and "(717) 555-0100" in text
    [program] = practice.program.tried
    assert program.data["type"] == "emergency.called" and program.data["data"]["location"] == ADDRESS
    [(noted, told, failed)] = practice.audit.noted
    assert (noted, len(told), failed) == (call, 4, [])


async def test_a_test_call_is_called_a_test(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    practice.calls_911("933")
    async with practice.watched():
        await practice.is_told()
    assert "tested the emergency line (933)" in practice.mail.tried[0].text


async def test_without_a_channel_it_is_a_text_on_their_phones(tmp_path: Path) -> None:
    practice = Practice(tmp_path, a_policy(replace(PLACE, channels=())))
    practice.calls_911()
    async with practice.watched():
        await practice.is_told()
    assert sorted(parcel.to for parcel in practice.texts.tried) == sorted((DESK, SHELF))
    assert practice.mail.tried == []


async def test_what_fails_is_tried_again_under_the_same_id_and_holds_up_nobody(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    practice.mail.verdicts = [Verdict(Fate.TEMPORARY), Verdict(Fate.HELD)]
    practice.program.verdicts = [Verdict(Fate.PERMANENT, "The webhook: it refuses the notice (HTTP 410).")]
    practice.calls_911()
    async with practice.watched():
        await practice.is_told()
    assert len(practice.mail.tried) == 3 and len({parcel.id for parcel in practice.mail.tried}) == 1
    [(_, told, failed)] = practice.audit.noted
    assert failed == ["desk-program"] and len(told) == 3


async def test_a_restart_tells_nobody_twice_and_forgets_nobody(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    practice.mail.verdicts = [Verdict(Fate.TEMPORARY)] * 1000
    practice.calls_911()
    async with practice.watched():
        async with asyncio.timeout(5):
            while len(practice.texts.tried) < 2 or not practice.program.tried:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            while not list(tmp_path.glob("*.told")):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)
    practice.mail.verdicts = []
    before = len(practice.texts.tried)
    async with practice.watched():
        await practice.is_told()
    assert before <= len(practice.texts.tried) <= before + 1  # one whose note was cut short is told once more
    assert practice.mail.tried[-1].to == "rictor@practice.example"


async def test_without_a_database_people_hear_at_once_and_the_audit_later(tmp_path: Path) -> None:
    practice = Practice(tmp_path, audit=Audit(away=1))
    practice.calls_911()
    async with practice.watched():
        async with asyncio.timeout(5):
            while not practice.mail.tried:
                await asyncio.sleep(0.01)
        assert practice.audit.noted == []
        await practice.is_told()


async def test_what_the_manager_interface_tells_needs_no_file_and_is_told_once(tmp_path: Path) -> None:
    practice, call = Practice(tmp_path), uuid4()
    line = f"e1|{datetime.now(UTC).timestamp():.3f}|phone.{DESK}|911|{DID}|1795836777.20"
    async with practice.watched() as shelf:
        shelf.hear(call, line)
        shelf.hear(uuid4(), "e1|garbage")
        await practice.is_told()
        shelf.hear(call, line)
        await asyncio.sleep(0.1)
    assert len(practice.mail.tried) == 1


async def test_files_that_are_none_of_ours_are_passed_over(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    (tmp_path / "x.call").write_text("e1|1795836777.1|phone.a|911|+1|x")
    (tmp_path / f"{uuid4()}.call").write_text("not a line of ours")
    call = practice.calls_911()
    (tmp_path / f"{call}.told").write_text("not json")
    async with practice.watched():
        async with asyncio.timeout(5):
            while not practice.audit.noted:
                await asyncio.sleep(0.01)
    assert [noted for noted, _, _ in practice.audit.noted] == [call]
