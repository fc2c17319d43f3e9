"""The physician calls a patient: from the softphone, showing the practice's number."""

from __future__ import annotations

from pbx.demo.acting import number_in
from pbx.demo.cell import Cell
from pbx.demo.office_scenes import MR_DIAZ
from pbx.demo.practice import EVENING_LINE, PHONE
from pbx.demo.softphone import Softphone
from pbx.demo.stage import SceneFailed, Stage
from pbx.domain.outcome import Outcome

NEWS = "Good morning. I sent your result to the pharmacy, and they have it now."


async def calls_back(stage: Stage) -> None:
    """A patient who left a message is called back, and sees the number that was dialled."""
    news = await stage.words("news", NEWS, stay=1.0)
    async with (
        Cell(stage.folder_of("patient"), MR_DIAZ, stage.carrier) as patient,
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0") as phone,
    ):
        await stage.register(phone)
        typed = number_in(f"sip:{MR_DIAZ}@").replace(" ", "").replace("(", "").replace(")", "-")
        await phone.call(stage.practice.sip, typed)
        stage.tell(f"Dr. Rictor dials {typed} on the softphone: the patient who left a message.")
        shown = await patient.rings(within=15)
        stage.tell(f"The patient's phone rings and shows {number_in(shown)}: the number that the patient had dialled.")
        if EVENING_LINE not in shown or PHONE in shown:
            raise SceneFailed("The patient should see the practice, and nothing of the softphone.")
        await patient.answer()
        await phone.is_answered(within=10)
        stage.tell("They are connected, and talk.")
        await phone.says(news)
        await phone.call_ends(within=40)
        stage.tell("Dr. Rictor hangs up.")
    await stage.check_heard("The patient", patient.heard, NEWS)
    call = await stage.recorded(MR_DIAZ, Outcome.ANSWERED)
    if (call.made_by, call.caller.number) != ("rictor", EVENING_LINE):
        raise SceneFailed("The log should say who called, and what was shown.")
