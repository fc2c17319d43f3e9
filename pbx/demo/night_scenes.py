"""When the practice is closed: who still gets through, and how somebody in need gets a physician."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pbx.demo.acting import dial, gets_pin, number_in
from pbx.demo.cell import Cell
from pbx.demo.hearing import seconds_of_sound
from pbx.demo.patient import Patient
from pbx.demo.practice import CELL, EVENING_LINE, NURSING_HOME, PHONE, URGENT_LINE
from pbx.demo.softphone import Softphone
from pbx.demo.speech import seconds_of
from pbx.demo.stage import SceneFailed, Stage
from pbx.domain.outcome import Outcome
from pbx.domain.urgent import AttemptResult, UrgentState

MR_ADLER = "+12155550151"
CALL_BACK = "2155550188"
PIN = "730164"
REPORT = "Good evening, doctor. Please tell me what we should give her for the fever."
ADVICE = "Give her water, and I will come and see her in half an hour."
PROBLEM = "My daughter has a high fever tonight, and she is very weak."
FIRST_WORDS = "I have heard your message. How long has she had the fever?"
REPLY = "Since this morning, doctor. She is drinking very little."
ASSURED = "If this is an emergency hang up and dial. Your message is saved. Please stay on the line."
STAY = 60.0
"""Seconds of silence after somebody's words: a telephone here hangs up when its sound is over."""


async def priority_caller(stage: Stage) -> None:
    """A caller whom the practice's contacts give priority rings through on a closed line."""
    report = await stage.words("report", REPORT, stay=1.0)
    advice = await stage.words("advice", ADVICE, stay=20.0, voice="rms")
    async with (
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone,
        Patient(stage.folder_of("nurse"), NURSING_HOME, stage.address()) as nurse,
    ):
        await stage.register(phone)
        await dial(stage, nurse, NURSING_HOME, EVENING_LINE, "The nursing home")
        shown = await phone.rings(within=10)
        stage.tell(f"The line is closed, and yet the softphone rings: it shows {number_in(shown)}.")
        await phone.answer(says=advice)
        await nurse.is_answered(within=10)
        stage.tell("Dr. Rictor answers; they talk.")
        await nurse.says(report)
        await nurse.call_ends(within=40)
        stage.tell("The nurse hangs up.")
    await stage.check_heard("Dr. Rictor", phone.heard, REPORT)
    await stage.check_heard("The nurse", nurse.heard, ADVICE)
    call = await stage.recorded(EVENING_LINE, Outcome.ANSWERED)
    if call.reason != "priority":
        raise SceneFailed("The log should say that the caller has priority.")


async def urgent_call(stage: Stage) -> None:
    """The problem and a number are kept; the physician on call is fetched, gives the PIN, and is connected."""
    await gets_pin(stage, "okafor", PIN)
    problem = await stage.words("problem", PROBLEM, stay=STAY, voice="rms")
    first_words = await stage.words("first-words", FIRST_WORDS, stay=STAY)
    async with (
        Cell(stage.folder_of("cell"), CELL, stage.carrier) as cell,
        Patient(stage.folder_of("patient"), MR_ADLER, stage.address()) as patient,
    ):
        await dial(stage, patient, MR_ADLER, URGENT_LINE)
        await _is_told(stage, patient, problem)
        await _is_fetched(stage, cell)
        await cell.says(first_words)
        reply = await stage.words("reply", REPLY, stay=1.5, voice="rms")
        await asyncio.sleep(seconds_of(first_words) - STAY)  # the patient lets the doctor finish
        await patient.says(reply)
        await patient.call_ends(within=40)
        stage.hung_up()
    await stage.check_heard("Dr. Okafor", cell.heard, f"urgent call for Scotland Family Medicine {PROBLEM} {REPLY}")
    await stage.check_heard("The patient", patient.heard, f"{ASSURED} {FIRST_WORDS}")
    await _is_on_record(stage)


async def _is_told(stage: Stage, patient: Patient, problem: Path) -> None:
    """The patient says what the problem is, and keys a number."""
    await patient.hears_beep(within=40)
    stage.tell("After the emergency sentence and the tone, the patient says what the problem is, and presses pound.")
    await patient.says(problem)
    await asyncio.sleep(seconds_of(problem) - STAY)
    await patient.presses("#")
    for keys, doing in ((f"{CALL_BACK}#", "keys a number to call back"), ("1", "hears it read out, and presses 1")):
        await patient.hears_more(than=seconds_of_sound(patient.heard) + 2.0, within=15)
        stage.tell(f"The patient {doing}.")
        await patient.presses(keys)


async def _is_fetched(stage: Stage, cell: Cell) -> None:
    """The physician on call answers, gives the PIN, hears the problem and presses 1."""
    shown = await cell.rings(within=30)
    stage.tell(f"Dr. Okafor is on call: her cell rings and shows {number_in(shown)}.")
    if MR_ADLER in shown:
        raise SceneFailed("The cell should not show the patient's number.")
    await cell.answer()
    await cell.hears_more(than=2.5, within=10)
    stage.tell("She hears that there is an urgent call, nothing of the patient, and keys her PIN.")
    await cell.presses(f"{PIN}#")
    before = seconds_of_sound(cell.heard)
    await cell.hears_more(than=before + 2.5, within=20)
    stage.tell("She hears the patient's own words, and presses 1.")
    await cell.presses("1")


async def _is_on_record(stage: Stage) -> None:
    call = await stage.recorded(URGENT_LINE, Outcome.ANSWERED)
    case = await stage.records.urgent.of_call(call.id)
    if case is None or (case.request.state, case.request.settled_by) != (UrgentState.CONNECTED, "okafor"):
        raise SceneFailed("The record should say that Dr. Okafor was connected.")
    if case.request.callback != CALL_BACK or [a.result for a in case.request.attempts] != [AttemptResult.CONNECTED]:
        raise SceneFailed("The record should have the number to call back, and the one who was asked.")
    await stage.message_of(call, PROBLEM)
