"""The physician: a line that is closed by phone for a while, and calls that come to the cell."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.demo.acting import dial, gets_pin, number_in
from pbx.demo.cell import Cell
from pbx.demo.hearing import more_sound, seconds_of_sound
from pbx.demo.patient import Patient
from pbx.demo.practice import CELL, CLOSED, DAY_LINE, HOUSE_CALL_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.stage import SceneFailed, Stage
from pbx.domain.outcome import Outcome
from pbx.domain.spoken import spoken_moment

MS_LEE, MR_NOVAK = "+12155550127", "+12155550136"
PIN = "274906"
LOUD_ENOUGH = 2.5
"""Seconds after which somebody who listens to a sentence is sure of it, and presses a key."""

QUESTION = "Hello doctor. Should I come in today, or can I stay at home with this cold?"
ANSWER = "Please stay at home today, and come to see me tomorrow morning at ten."


async def closed_by_phone(stage: Stage) -> None:
    """A code and a PIN close the line until its hours end; a patient hears the greeting; another code undoes it."""
    await gets_pin(stage, "rictor", PIN)
    async with Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone:
        await stage.register(phone)
        await _dials_a_code(stage, phone, "*71", "closed now")
        await phone.call_ends(within=40)
        await stage.check_heard("Dr. Rictor", phone.heard, f"closed until {_end_of_hours(stage.practice.zone)}")
        [override] = await stage.records.overrides.overrides()
        ends = override.override.ends.astimezone(stage.practice.zone)
        stage.add(f"On record: closed until {ends:%a %H:%M}.")
        if (ends.hour, override.override.by) != (17, "Dr. Kenneth Rictor"):
            raise SceneFailed("The record should say 17:00, and who closed it.")
        async with Patient(stage.folder_of("patient"), MS_LEE, stage.address()) as patient:
            await dial(stage, patient, MS_LEE, DAY_LINE)
            await patient.is_answered(within=10)
            await patient.hears_more(than=7.5, within=20)
            await patient.hang_up()
            stage.tell("The patient hears the greeting at once, and hangs up.")
        if phone.has_rung:
            raise SceneFailed("Dr. Rictor's softphone should have stayed quiet.")
        stage.tell("Dr. Rictor's softphone stayed quiet.")
        await stage.check_heard("The patient", patient.heard, CLOSED)
        await stage.recorded(DAY_LINE, Outcome.HUNG_UP_IN_GREETING)
        await _dials_a_code(stage, phone, "*74", "back to the schedule")
        await more_sound(phone.heard, seconds_of_sound(phone.heard) + LOUD_ENOUGH, 15)
        await phone.hang_up()
        await stage.check_heard("Dr. Rictor", phone.heard, "you are back to the schedule")
    if await stage.records.overrides.overrides():
        raise SceneFailed("Nothing should be closed any more.")


async def cell_rings(stage: Stage) -> None:
    """The practice calls the physician's cell through the carrier; who presses 1 talks to the patient."""
    question = await stage.words("cell-question", QUESTION, stay=1.5, voice="rms")
    answer = await stage.words("cell-answer", ANSWER, stay=20.0)
    async with (
        Cell(stage.folder_of("cell"), CELL, stage.carrier) as cell,
        Patient(stage.folder_of("patient"), MR_NOVAK, stage.address()) as patient,
    ):
        stage.tell("Dr. Okafor is out on house calls; her cell is an ordinary one, in the carrier's network.")
        await dial(stage, patient, MR_NOVAK, HOUSE_CALL_LINE)
        shown = await cell.rings(within=15)
        stage.tell(f"The cell rings and shows {number_in(shown)}: the practice's number, nothing of the patient.")
        if HOUSE_CALL_LINE not in shown or MR_NOVAK in shown:
            raise SceneFailed("The cell should show the number that the patient dialled.")
        await cell.answer()
        await cell.hears_more(than=LOUD_ENOUGH, within=10)
        stage.tell("Dr. Okafor hears who is called, and presses 1.")
        await cell.presses("1")
        await patient.is_answered(within=10)
        stage.tell("They are connected, and talk.")
        await cell.says(answer)
        await patient.says(question)
        await patient.call_ends(within=40)
        stage.hung_up()
    await stage.check_heard("Dr. Okafor", cell.heard, f"A call for Scotland Family Medicine press {QUESTION}")
    await stage.check_heard("The patient", patient.heard, ANSWER)
    call = await stage.recorded(HOUSE_CALL_LINE, Outcome.ANSWERED)
    if call.answered_by != "outside.okafor":
        raise SceneFailed("The log should say that the cell answered, without its number.")


async def _dials_a_code(stage: Stage, phone: Softphone, code: str, meaning: str) -> None:
    await phone.call(stage.practice.sip, code)
    await phone.is_answered(within=5)
    await more_sound(phone.heard, 0.5, 10)
    stage.tell(f"Dr. Rictor dials {code} ({meaning}) on the softphone, and keys the PIN.")
    await phone.presses(f"{PIN}#")


def _end_of_hours(zone: ZoneInfo) -> str:
    """When the office's hours end, as the phone says it."""
    now = datetime.now(zone)
    return spoken_moment(now.replace(hour=17, minute=0, second=0, microsecond=0), now, zone.key)
