"""The office: who answers, who leaves a message, and who chooses in a phone tree."""

from __future__ import annotations

from pbx.demo.acting import dial, leave_message, number_in
from pbx.demo.patient import ANONYMOUS, Patient
from pbx.demo.practice import DAY_LINE, EVENING_LINE, MENU_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.stage import SceneFailed, Stage
from pbx.domain.outcome import Outcome

MRS_HALE, MR_DIAZ, MS_OKOYE = "+12155550143", "+12155550178", "+12155550165"
MR_BRANDT = "+12155550119"

QUESTION = "Good morning doctor, this is Margaret Hale. Should I take the tablets before or after breakfast?"
ANSWER = "Good morning Margaret. Take them after breakfast, and drink a glass of water with them."
EVENING_MESSAGE = "Hello, this is Peter Diaz. My new inhaler is empty. Could you please send a refill to the pharmacy?"
DAY_MESSAGE = "The rash on my arm is much better today. Please call me back when you have a moment."

REFILL_MESSAGE = "I need more of the tablets for my blood pressure. Thank you."
REFILL_MENU = "To ask for a refill press one"


async def in_hours_answered(stage: Stage) -> None:
    """The softphone rings, the physician answers, and each hears the other."""
    question = await stage.words("question", QUESTION, stay=1.5)
    answer = await stage.words("answer", ANSWER, stay=20.0, voice="rms")
    async with (
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone,
        Patient(stage.folder_of("patient"), MRS_HALE, stage.address()) as patient,
    ):
        await stage.register(phone)
        stage.tell(f"Dr. Rictor's softphone {PHONE} registers.")
        await dial(stage, patient, MRS_HALE, DAY_LINE)
        shown = await phone.rings(within=10)
        stage.tell(f"The softphone rings and shows {number_in(shown)}.")
        if MRS_HALE not in shown:
            raise SceneFailed("The softphone should show the patient's number.")
        await phone.answer(says=answer)
        await patient.is_answered(within=10)
        stage.tell("Dr. Rictor answers; they talk.")
        await patient.says(question)
        await patient.call_ends(within=40)
        stage.hung_up()
        heard_by_physician, heard_by_patient = phone.heard, patient.heard
    await stage.check_heard("Dr. Rictor", heard_by_physician, QUESTION)
    await stage.check_heard("The patient", heard_by_patient, ANSWER)
    call = await stage.recorded(DAY_LINE, Outcome.ANSWERED)
    if call.answered_by != PHONE:
        raise SceneFailed("The log should say which phone answered.")


async def after_hours_message(stage: Stage) -> None:
    """Straight to the greeting and a message; no phone rings."""
    async with (
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone,
        Patient(stage.folder_of("patient"), MR_DIAZ, stage.address()) as patient,
    ):
        await stage.register(phone)
        await dial(stage, patient, MR_DIAZ, EVENING_LINE)
        await leave_message(stage, patient, EVENING_MESSAGE)
        if phone.has_rung:
            raise SceneFailed("Dr. Rictor's evening should have stayed quiet.")
        stage.tell("Dr. Rictor's softphone stayed quiet.")
        call = await stage.recorded(EVENING_LINE, Outcome.MESSAGE)
        await stage.message_of(call, EVENING_MESSAGE)
    await stage.check_heard("The patient", patient.heard, "If this is an emergency hang up and dial")


async def in_hours_no_answer(stage: Stage) -> None:
    """It rings, nobody answers, and the patient can leave a message."""
    async with (
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone,
        Patient(stage.folder_of("patient"), MS_OKOYE, stage.address()) as patient,
    ):
        await stage.register(phone)
        await dial(stage, patient, MS_OKOYE, DAY_LINE)
        await phone.rings(within=10)
        stage.tell("The softphone rings; Dr. Rictor is with another patient.")
        await leave_message(stage, patient, DAY_MESSAGE)
    call = await stage.recorded(DAY_LINE, Outcome.MESSAGE)
    await stage.message_of(call, DAY_MESSAGE)


async def hangs_up_in_greeting(stage: Stage) -> None:
    """A caller who hides the number hangs up while the greeting plays; the log still has the call."""
    async with Patient(stage.folder_of("patient"), ANONYMOUS, stage.address()) as patient:
        await dial(stage, patient, ANONYMOUS, EVENING_LINE)
        await patient.is_answered(within=10)
        await patient.hears_sound(within=10)
        stage.tell("The greeting plays; the caller hangs up.")
        await patient.hang_up()
    call = await stage.recorded(EVENING_LINE, Outcome.HUNG_UP_IN_GREETING)
    if call.message_id is not None:
        raise SceneFailed("There should be no message.")


async def chooses_in_a_menu(stage: Stage) -> None:
    """Two keys through the phone tree lead to the nurse's mailbox."""
    async with Patient(stage.folder_of("patient"), MR_BRANDT, stage.address()) as patient:
        await dial(stage, patient, MR_BRANDT, MENU_LINE)
        # Nobody presses a key with the first syllable, and one that is sent before the audio settles may be lost.
        for menu, spoken in (("first", 1.0), ("next", 3.5)):
            await patient.hears_more(than=spoken, within=20)
            stage.tell(f"The {menu} menu is said; the patient presses 1.")
            await patient.presses("1")
        await leave_message(stage, patient, REFILL_MESSAGE)
    call = await stage.recorded(MENU_LINE, Outcome.MESSAGE)
    if [(choice.menu, choice.key) for choice in call.choices] != [("main", "1"), ("prescriptions", "1")]:
        raise SceneFailed("The log should say what the patient chose.")
    message = await stage.message_of(call, REFILL_MESSAGE)
    if message.mailbox != "mills":
        raise SceneFailed("The message should lie in the nurse's mailbox.")
    await stage.check_heard("The patient", patient.heard, REFILL_MENU)
