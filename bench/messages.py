"""From the patient's BYE to the words in the database, for messages of real speech."""

from __future__ import annotations

import asyncio
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.practice import ROUTED, BenchFailed, Measured
from pbx.demo.patient import Patient
from pbx.demo.speech import speak
from pbx.domain.call import MessageRecord
from pbx.domain.transcript import TranscriptState

TEXT = (
    "Good evening, this is Margaret Hale. I saw the doctor last Tuesday about the pain in my left knee.",
    "The new tablets help a little, but since yesterday my stomach hurts after every meal.",
    "I have taken two of them this morning with a glass of milk and one more after lunch.",
    "My daughter says that I should stop until I have talked to somebody at the practice.",
    "Could you please ask the doctor whether there is another medicine that is easier on the stomach?",
    "I also need a new prescription for the blood pressure tablets before the end of the week.",
    "The pharmacy on Main Street has the old one, and they close at six in the evening.",
    "You can reach me at home in the morning, or on my cell phone at any time in the afternoon.",
    "Please tell me too whether my appointment next Friday is still at a quarter past ten.",
    "Thank you very much for calling me back, and have a good night.",
)
_SPOKEN_AT_LEAST = 120.0
_TRANSCRIBED_WITHIN = 90.0
_FEWEST_WORDS_A_SECOND = 1.0
_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """`runs` messages of `seconds` one after the other, the first of them `after` seconds from the start."""

    seconds: int
    runs: int
    after: float = 0.0


# At the same time, because most of it is listening. The starts are such that no two messages end together: each has
# the recogniser for itself.
SHORT, LONG, LATER_LONG = Plan(15, 3), Plan(120, 1), Plan(120, 1, after=18.0)


async def transcript_figures(measured: Measured) -> list[Figure]:
    """Seconds from hang-up to transcript, the median of a few messages of 15 s and of 120 s."""
    wav = measured.folder / "speech.wav"
    spoken = await speak(" ".join(TEXT * 3), wav)
    if spoken < _SPOKEN_AT_LEAST:
        raise BenchFailed(f"The voice spoke only {spoken:.0f} seconds.")
    plans = enumerate((SHORT, LONG, LATER_LONG))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_runs(measured, wav, line, plan)) for line, plan in plans]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    short, long, later_long = (task.result() for task in tasks)
    return [_figure(SHORT.seconds, short), _figure(LONG.seconds, long + later_long)]


def _figure(length: int, waits: list[float]) -> Figure:
    return Figure(f"transcript_after_hangup_s_{length}", median(waits), "s").beside(float(length))


async def _runs(measured: Measured, speech: Path, line: int, plan: Plan) -> list[float]:
    await asyncio.sleep(plan.after)
    wav = measured.folder / f"speech-{line}.wav"
    cut(speech, wav, plan.seconds)
    waits = []
    for run in range(plan.runs):
        number = f"+1215555{line:02d}{run:02d}"
        waits.append(await _one_message(measured, wav, number, plan.seconds))
        measured.tell(f"a message of {plan.seconds} s: its transcript came {waits[-1]:.2f} s after the hang-up")
    return waits


async def _one_message(measured: Measured, wav: Path, number: str, seconds: int) -> float:
    practice = measured.practice
    async with Patient(measured.folder / number, number, f"{practice.trunk}:0") as patient:
        await patient.dial(practice.sip, ROUTED)
        await patient.is_answered(within=10)
        await patient.hears_beep(within=40)
        await patient.says(wav)
        await patient.call_ends(within=seconds + 10)
        hung_up = time.monotonic()
    message = await transcribed(measured, number)
    waited = time.monotonic() - hung_up
    must_be_all_there(message, seconds)
    return waited


async def transcribed(measured: Measured, number: str) -> MessageRecord:
    """The message of the patient's only call, once it has been transcribed. Raises BenchFailed."""
    records = measured.records
    try:
        async with asyncio.timeout(_TRANSCRIBED_WITHIN):
            while True:
                calls = await records.calls.calls(None, number, 1)
                known = calls[0].message_id if calls else None
                message = await records.messages.message(known) if known else None
                if message and message.state is not TranscriptState.PENDING:
                    return message
                await asyncio.sleep(_POLL)
    except TimeoutError:
        raise BenchFailed(f"A message was not transcribed within {_TRANSCRIBED_WITHIN:.0f} seconds.") from None


def must_be_all_there(message: MessageRecord, seconds: int) -> None:
    """Raises BenchFailed where the recording or its words are too short for a message of `seconds`."""
    words = len(message.transcript.text.split()) if message.transcript else 0
    if message.seconds < seconds * 0.95 or words < seconds * _FEWEST_WORDS_A_SECOND:
        raise BenchFailed(f"Of a message of {seconds} s came {message.seconds:.1f} s and {words} words.")


def cut(speech: Path, wav: Path, seconds: int) -> None:
    """Put the first `seconds` of `speech` into `wav`."""
    with wave.open(str(speech), "rb") as whole, wave.open(str(wav), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(seconds * whole.getframerate()))
