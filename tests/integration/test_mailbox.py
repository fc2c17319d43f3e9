"""The mailbox as a phone has it, with a scripted phone, real PINs and the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from agi import mailbox as module
from agi import voice as pins_said
from agi.mailbox import Mailbox
from agi.mailbox_visit import Parts
from agi.server import serve
from agi.talks import Talks
from pbx.domain import mailbox_words as words
from pbx.domain.call import MessageRecord
from pbx.domain.inbox import How, State, Who
from pbx.domain.outbound import OutReason
from pbx.domain.outbound_rules import Allowance, OutboundRules
from pbx.domain.own_greetings import GreetingKind
from pbx.domain.people import Person
from pbx.domain.policy import Policy
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.kept import KeptFile
from pbx.services.calls_today import CallsToday
from pbx.services.inbox import Inbox, Look
from pbx.services.outbound import CallsOut
from pbx.services.own_greetings import OwnGreetings
from pbx.services.pins import Pins
from pbx.services.route import DecisionRecorder
from pbx.store.calls import PgCallLog
from pbx.store.database import Database
from pbx.store.inbox import PgInbox
from pbx.store.own_greetings import PgGreetingAudit
from pbx.store.pins import PgPinBook
from tests.integration.test_codes import Voice
from tests.integration.test_dialogue import SECOND, EndsEveryCall
from tests.kit.asterisk import DESK, DID, a_practice
from tests.kit.calls import PATIENT, a_message_call, a_start
from tests.kit.handset import HANG_UP, Handset
from voicemail.audio import AudioProblem, Flaw, wav_bytes
from voicemail.own_sounds import OwnSounds

PIN, WRONG = "274906", "864209"
CELL = "+12155550190"
NOTE = "please call her before noon"
SPEECH = wav_bytes(
    b"".join((8000 * (1 if n % 20 < 10 else -1)).to_bytes(2, "little", signed=True) for n in range(16000))
)


@dataclass
class Rooms:
    """Private sounds that say nothing, but know what they were to say."""

    folder: Path
    said: list[str] = field(default_factory=list)
    damaged: set[UUID] = field(default_factory=set)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Path]:
        path = self.folder / "room.wav"
        path.write_bytes(SPEECH)  # what a phone would have recorded
        yield path

    @asynccontextmanager
    async def spoken(self, text: str) -> AsyncIterator[Path]:
        self.said.append(text)
        path = self.folder / "private.wav"
        path.write_bytes(SECOND)
        yield path

    @asynccontextmanager
    async def message(self, record: MessageRecord) -> AsyncIterator[Path]:
        if record.id in self.damaged:
            raise AudioProblem(Flaw.CHANGED)
        path = self.folder / f"{record.id}.wav"
        path.write_bytes(SECOND)
        yield path


class Ears:
    async def transcribe(self, recording: Path, seconds: float) -> Transcript:
        return Transcript(TranscriptState.DONE, NOTE, "ears", "1", None, ())


@dataclass
class Desk:
    """The practice as its phones meet it."""

    port: int
    voice: Voice
    rooms: Rooms
    inbox: Inbox
    own: OwnGreetings
    pins: Pins

    async def keys(self, *entries: str, talk: str = "mailbox", about: str = "") -> tuple[list[str], Handset]:
        """What a phone heard that keyed these, one for each question; then it hangs up."""
        handset = Handset([*entries, HANG_UP])
        await handset.talks(self.port, talk, about, DESK)
        return [self.voice.said.get(name, name) for name in handset.heard], handset

    async def outside(self, *entries: str, line: str = DID, caller: str = PATIENT) -> tuple[list[str], Handset]:
        return await self.keys(*entries, talk="mailbox-outside", about=f"{line[1:]}-{caller[1:]}")


def policy_of_two() -> Policy:
    people = {
        key: Person(key, name, cell=cell) for key, name, cell in (("rictor", "Dr. Rictor", CELL), ("mia", "Mia", None))
    }
    boxes = {"rictor": "Dr. Rictor", "mia": "Mia", "desk": "Front desk"}
    members = {"rictor": ("rictor",), "mia": ("mia",), "desk": ("rictor", "mia")}
    may = OutboundRules({"rictor": Allowance(DID, frozenset({"US"}), 100, 240, 2)}, at_once=8, longest_minutes=60)
    return replace(a_practice(), people=people, mailboxes=boxes, members=members, outbound=may)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    policy, voice, rooms = policy_of_two(), Voice(tmp_path), Rooms(tmp_path)
    (tmp_path / "kept").mkdir()
    for prompt in ("try-again", OutReason.PREMIUM.prompt):
        (tmp_path / f"{prompt}.wav").write_bytes(SECOND)
    pins = Pins(PgPinBook(database), KeptFile(tmp_path / "pins.json"))
    own = OwnGreetings(
        KeptFile(tmp_path / "own.json"), OwnSounds(tmp_path / "kept", tmp_path), PgGreetingAudit(database)
    )
    inbox = Inbox(PgInbox(database), lambda: policy)
    today = CallsToday(KeptFile(tmp_path / "calls-out.json"), lambda: policy.timezone)
    calls_out = CallsOut(lambda: policy, today, DecisionRecorder(PgCallLog(database)))
    parts = Parts(lambda: policy, pins, voice, inbox, rooms, own, Ears(), tmp_path, calls_out)
    mailbox = Mailbox(parts)
    await pins.set("rictor", PIN, "mia")
    await pins.refresh()
    log = PgCallLog(database)
    for minute in range(2):
        await log.finish_call(a_message_call(a_start(datetime.now(UTC) - timedelta(minutes=9 - minute))))
    talks = Talks(tmp_path, {"mailbox": mailbox.own_phone, "mailbox-outside": mailbox.outside})
    async with serve(EndsEveryCall(), "127.0.0.1", 0, talks=talks) as server:
        yield Desk(server.port, voice, rooms, inbox, own, pins)


RICTOR = Who.person("rictor", How.PHONE)
MIA = Who.person("mia", How.PHONE)
IN = (PIN, "")  # the PIN, and nothing keyed while the messages are counted


async def test_a_damaged_message_is_said_to_be_and_not_played(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    desk.rooms.damaged.add(oldest.message.id)
    heard, _ = await desk.keys(*IN, "1", "", "", "6", "", "")
    assert words.DAMAGED in heard
    assert str(oldest.message.id) not in heard


async def test_messages_are_played_the_oldest_first_and_are_new_no_longer(desk: Desk) -> None:
    newest, oldest = await desk.inbox.messages("rictor", RICTOR)
    heard, _ = await desk.keys(*IN, "1", "", "", "6", "", "", "6")
    assert heard[1] == "In your mailbox: 2 new, none that you have heard."
    assert [name for name in heard if name in (str(oldest.message.id), str(newest.message.id))] == [
        str(oldest.message.id),
        str(newest.message.id),
    ]
    assert words.NO_FURTHER in heard
    assert {item.standing.state for item in await desk.inbox.messages("rictor", RICTOR)} == {State.HEARD}
    assert [event.how for event in await desk.inbox.history(oldest.message.id, RICTOR)] == [How.PHONE]


async def test_a_message_is_saved_deleted_taken_back_and_told_about(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    heard, _ = await desk.keys(*IN, "1", "", "", "9", "", "3", "", "7")
    assert words.SAVED in heard and words.DELETED in heard
    assert desk.rooms.said[0].startswith("Message 1 of 2. From 7 1 7, 5 5 5, 0 1 4 2, for Dr. Rictor. It came")
    assert oldest.message.id not in [i.message.id for i in await desk.inbox.messages("rictor", RICTOR)]
    [deleted] = await desk.inbox.messages("rictor", RICTOR, Look(deleted=True))
    assert deleted.message.id == oldest.message.id
    heard, _ = await desk.keys(*IN, "1", "", "", "7", "", "7")
    assert heard[-1] == words.UNDELETED


async def test_a_message_is_forwarded_with_what_was_understood_of_a_spoken_note(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    heard, _ = await desk.keys(*IN, "1", "", "", "8", "1", "1", "#", "", "1")
    assert "For Mia, press 1." in heard and heard[-1] == words.FORWARDED
    assert desk.rooms.said == [words.note_back(NOTE)]
    [moved] = await desk.inbox.messages("mia", MIA)
    assert (moved.message.id, moved.standing.state) == (oldest.message.id, State.NEW)
    assert (await desk.inbox.history(moved.message.id, MIA))[-1].text == NOTE


async def test_the_next_mailbox_is_that_of_ones_team_and_no_other(desk: Desk) -> None:
    heard, _ = await desk.keys(*IN, "3", "", "3", "")
    counted = [sentence for sentence in heard if sentence.startswith("In ")]
    assert [sentence.partition(":")[0] for sentence in counted] == [
        "In your mailbox",
        "In the mailbox of Front desk",
        "In your mailbox",
    ]


async def test_a_temporary_greeting_is_recorded_its_end_said_back_and_it_is_reset(
    desk: Desk, database: Database
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    heard, _ = await desk.keys(*IN, "0", "3", "", "1", "#", "1", f"{tomorrow:%m%d}", "1")
    assert heard[-2].startswith("It is heard until the end of ") and heard[-1] == words.GREETING_KEPT
    [one] = desk.own.held
    assert (one.person, one.kind) == ("rictor", GreetingKind.TEMPORARY)
    async with database.session() as connection:
        rows = await connection.fetch("SELECT actor, action, object FROM audit WHERE object LIKE 'greeting/%'")
    assert [tuple(row) for row in rows] == [("person/rictor", "recorded", "greeting/rictor/temporary")]
    assert one.ends and timedelta(hours=20) < one.ends - datetime.now(UTC) < timedelta(hours=54)
    heard, _ = await desk.keys(*IN, "0", "3", "", "2", "", "3")
    assert one.prompt in heard and heard[-1] == words.GREETING_RESET
    assert desk.own.held == ()


async def test_nothing_is_kept_for_a_day_that_is_none_or_without_a_yes(desk: Desk) -> None:
    heard, _ = await desk.keys(*IN, "0", "3", "", "1", "#", "1", "1332")
    assert heard[-2:] == [words.BAD_DAY, heard[-1]] and desk.own.held == ()
    await desk.keys(*IN, "0", "3", "", "1", "#", "1", "0101", "*")
    assert desk.own.held == ()


async def test_a_message_that_somebody_else_takes_care_of_is_not_deleted(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    await desk.inbox.claim(oldest.message.id, Who("office", "office", How.COMMAND))
    heard, _ = await desk.keys(*IN, "1", "", "", "7")
    assert heard[-2] == words.CLAIMED
    assert len(await desk.inbox.messages("rictor", RICTOR)) == 2


async def test_a_message_is_called_back_once_its_number_was_heard(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    heard, phone = await desk.keys(*IN, "1", "", "", "2", "1")
    assert desk.rooms.said == [
        "To call the number that called, 7 1 7, 5 5 5, 0 1 4 2, press 1. They see Dr. Rictor. To go back, press star."
    ]
    assert heard[-1] == words.CONNECTING
    wish = {name: value for name, value in phone.variables.items() if name.startswith("SL_WISH")}
    assert wish == {
        "SL_WISH": PATIENT,
        "SL_WISHER": "rictor",
        "SL_WISH_SHOW": DID,
        "SL_WISH_ABOUT": str(oldest.message.id),
    }
    assert (await desk.inbox.message(oldest.message.id, RICTOR)).standing.owner == RICTOR.name
    assert phone.held


async def test_a_message_of_somebody_else_is_not_called_back(desk: Desk) -> None:
    _, oldest = await desk.inbox.messages("rictor", RICTOR)
    await desk.inbox.claim(oldest.message.id, Who("office", "office", How.COMMAND))
    heard, phone = await desk.keys(*IN, "1", "", "", "2", "1", "*")
    assert words.CLAIMED in heard and "SL_WISH" not in phone.variables


async def test_a_number_is_called_from_ones_cell_and_a_costly_one_is_not(desk: Desk) -> None:
    heard, phone = await desk.outside(PIN, "", "4", "2155550177", line="+17175550199", caller=CELL)
    assert "To call a number outside, press 4." in heard[-3]
    assert (phone.variables["SL_WISH"], phone.variables["SL_WISHER"]) == ("2155550177", "rictor")
    heard, phone = await desk.keys(*IN, "4", "19005551234", "", "4", "")
    assert OutReason.PREMIUM.prompt in heard and "SL_WISH" not in phone.variables


async def test_whoever_is_silent_is_told_goodbye(desk: Desk) -> None:
    handset = Handset([PIN, "", "", "", ""])
    await handset.talks(desk.port, "mailbox", "", DESK)
    assert handset.held
    assert desk.voice.said[handset.heard[-1]] == words.GOODBYE


async def test_from_outside_the_line_chooses_whose_pin_opens_and_so_does_ones_cell(desk: Desk) -> None:
    heard, phone = await desk.outside(PIN)
    assert heard[-1].startswith("In your mailbox") and phone.variables["SL_ANSWERED_BY"] == module.LET_IN
    heard, phone = await desk.outside(PIN, line="+17175550199", caller=CELL)
    assert heard[-1].startswith("In your mailbox")


async def test_somebody_who_keys_nothing_goes_on_to_leave_a_message(desk: Desk) -> None:
    heard, phone = await desk.outside("")
    assert heard == [module.ASK_PIN_OUTSIDE, module.GO_ON]
    assert "SL_ANSWERED_BY" not in phone.variables


@pytest.mark.parametrize("line", [DID, "+17175550199"])
async def test_a_wrong_pin_sounds_alike_on_every_line_and_locks_no_desk(desk: Desk, line: str) -> None:
    heard, _ = await desk.outside(WRONG, WRONG, WRONG, line=line)
    again = pins_said.PIN_AGAIN
    assert heard == [module.ASK_PIN_OUTSIDE, again, again, pins_said.PIN_LOCKED, module.GO_ON]
    heard, _ = await desk.outside(PIN, line=line)
    assert heard == [module.ASK_PIN_OUTSIDE, pins_said.PIN_LOCKED, module.GO_ON]
    heard, _ = await desk.keys(*IN)
    assert heard[1].startswith("In your mailbox")
