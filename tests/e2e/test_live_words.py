"""The words are there when the patient hangs up; a poisoned recording touches no other message."""

from __future__ import annotations

import asyncio
import itertools
import re
import struct
import time
import wave
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import numpy as np
import pytest

from pbx.asterisk.layout import Layout
from pbx.demo.practice import EVENING_LINE
from pbx.demo.speech import speak
from tests.e2e.conftest import PatientMaker
from tests.kit.server import Office, open_office
from voicemail.audio import RATE, wav_bytes

pytestmark = pytest.mark.timeout(120)

_NUMBERS = itertools.count(500)
HOUR = 3599
HISS = np.random.default_rng(7).normal(0, 1, 8 * RATE)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody asks for a refill, as it comes out of a telephone line."""
    wav = tmp_path_factory.mktemp("spoken") / "message.wav"
    asyncio.run(
        speak("Hello, this is Martha Jones. I need a refill of my blood pressure medicine. Please call me.", wav)
    )
    return wav


async def test_the_words_are_written_while_the_message_is_recorded(
    office: Office, spoken: Path, a_patient: PatientMaker
) -> None:
    number = f"+1215555{next(_NUMBERS):04d}"
    patient = await a_patient(number)
    await patient.dial(office.practice.sip, EVENING_LINE)
    await patient.hears_beep(within=30)
    await patient.says(spoken)
    await patient.call_ends(within=20)
    message = await office.transcribed((await office.call_from(number))["message_id"])
    assert "refill" in message["transcript"]["text"].lower()
    assert message["label"] is None
    assert await followed(office) == 1
    made, ended = (datetime.fromisoformat(at) for at in (message["transcript"]["made_at"], message["received_at"]))
    assert (made - ended).total_seconds() < 10  # a busy machine's; `make bench` measures a quiet one's


async def followed(office: Office) -> float:
    """How many messages were transcribed while they were recorded."""
    url = f"http://127.0.0.1:{office.practice.web_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found = re.search(
            r'^secondline_head_starts_total\{result="written"\} (\S+)$', await answer.text(), re.MULTILINE
        )
    return float(found[1]) if found else 0


async def test_poisoned_recordings_leave_all_other_messages_as_they_are(office: Office, spoken: Path) -> None:
    good = wav_bytes(samples_of(spoken))
    poison = {
        "garbage": b"not a sound at all" * 300,
        "wrong rate": good[:24] + struct.pack("<II", 44100, 88200) + good[32:],
        "zero bytes": b"",
        "truncated": good[:20],
        "an hour of silence": wav_bytes(bytes(HOUR * RATE * 2)),
        "loud noise": wav_bytes((HISS * 30000).clip(-32768, 32767).astype("<i2").tobytes()),
        "lying header": good[:4] + struct.pack("<I", 2**32 - 1) + good[8:40] + struct.pack("<I", 7) + good[44:],
    }
    calls = {spooled(office, good): "good"}
    for name, data in poison.items():
        calls[spooled(office, data)] = name
    calls[spooled(office, good)] = "good"
    kept = await taken_in(office, calls)
    said = {name: [kept[call] for call, called in calls.items() if called == name] for name in calls.values()}
    assert [m and m["transcript"]["state"] for m in said["good"]] == ["done", "done"]
    assert len({m["transcript"]["text"] for m in said["good"] if m}) == 1
    assert [said[name] for name in ("garbage", "wrong rate", "zero bytes", "truncated")] == [[None]] * 4
    for name, label in (("an hour of silence", "silent"), ("loud noise", "noise-only")):
        [message] = said[name]
        assert message and (message["transcript"]["state"], message["label"]) == ("no-speech", label)
    [lying] = said["lying header"]
    assert lying and "refill" in lying["transcript"]["text"].lower()


def samples_of(wav: Path) -> bytes:
    with wave.open(str(wav), "rb") as audio:
        samples = np.frombuffer(audio.readframes(audio.getnframes()), dtype="<i2")
        step = audio.getframerate() // RATE
    narrow: bytes = samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1).astype("<i2").tobytes()
    return narrow


def spooled(office: Office, recording: bytes) -> str:
    """A call as the PBX leaves it in the spool, with `recording` as its message."""
    spool, call = Layout(office.practice.data).spool, str(uuid4())
    now = time.time()
    (spool / f"{call}-1.wav").write_bytes(recording)
    (spool / f"{call}.call").write_text(f"v1|{now - 60:.3f}|{EVENING_LINE}|2155550177|{now:.2f}\n")
    (spool / f"{call}.end").write_text(f"v1|{now:.3f}|record|1|||0|16|\n")
    return call


async def taken_in(office: Office, calls: dict[str, str]) -> dict[str, Any]:
    """The message of each call, or None where it has none, once all are in the log and have their words."""
    async with asyncio.timeout(60):
        while True:
            logged = {call["id"] for call in (await office.secondline("calls", "--json")).json}
            found = {message["call_id"]: message for message in await office.messages() if message["call_id"] in calls}
            waiting = [m for m in found.values() if m["transcript"]["state"] == "pending"]
            if logged >= set(calls) and not waiting:
                return {call: found.get(call) for call in calls}


async def test_a_hold_is_placed_shown_and_released(office: Office, spoken: Path) -> None:
    call = spooled(office, wav_bytes(samples_of(spoken)))
    message = (await taken_in(office, {call: "good"}))[call]
    assert message
    id_ = str(UUID(str(message["id"])))
    held = await office.secondline("voicemail", "hold", id_, "--reason", "lawyer's letter")
    assert (held.status, held.err) == (0, "")
    again = await office.secondline("voicemail", "hold", id_, "--reason", "again")
    assert (again.status, "Traceback" in again.err, "is on legal hold already" in again.err) == (1, False, True)
    [hold] = (await office.secondline("voicemail", "holds", "--json")).json
    assert (hold["message"], hold["reason"], hold["released_at"]) == (id_, "lawyer's letter", None)
    assert (await office.secondline("voicemail", "unhold", id_)).status == 0
    state = (await office.secondline("status", "--json")).json
    assert state["mailboxes"]["rictor"]["full"] is False
    assert state["disk"]["low"] in (True, False)
