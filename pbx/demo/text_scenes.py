"""A patient texts the practice's number, and the physician answers on the softphone."""

from __future__ import annotations

from pbx.demo.acting import number_in
from pbx.demo.carrier import CarrierFailed, text_carrier
from pbx.demo.practice import AUTO_REPLY, PHONE, TEXT_LINE
from pbx.demo.softphone import Softphone
from pbx.demo.stage import SceneFailed, Stage
from pbx.domain.numbers import for_people
from pbx.domain.texting import State, TextRecord

MR_LIN = "+12155550127"
QUESTION = "Is it fine to swim with the new inhaler?"
ANSWER = "Yes, keep it at the poolside."
SHOWN_WITHIN = 15.0


async def texts(stage: Stage) -> None:
    """In by the carrier's webhook, on the phone as a SIP MESSAGE, and back as the practice's number."""
    carrier, patient = stage.practice.texts, stage.practice.sip.uri(MR_LIN)
    async with (
        text_carrier(carrier),
        Softphone(stage.folder_of("physician"), PHONE, "127.0.0.5:0", [patient]) as phone,
    ):
        await stage.register(phone)
        await carrier.texts(MR_LIN, TEXT_LINE, QUESTION)
        stage.tell(f"A patient ({for_people(MR_LIN, 'US')}) texts {for_people(TEXT_LINE, 'US')}: “{QUESTION}”")
        sender, words = await phone.text_from(within=SHOWN_WITHIN)
        stage.tell(f"The softphone shows it, from {number_in(sender)}: “{words}”")
        try:
            said = await carrier.text(within=SHOWN_WITHIN)
            stage.tell(f"The patient has an answer at once: “{said['text']}”")
            await phone.texts(patient, ANSWER)
            stage.tell(f"Dr. Rictor answers on the softphone: “{ANSWER}”")
            answer = await carrier.text(within=SHOWN_WITHIN, count=2)
        except CarrierFailed as error:
            raise SceneFailed(str(error)) from None
        stage.tell(f"The patient reads it, from {for_people(answer['from'], 'US')}: “{answer['text']}”")
        delivered = await stage.text_recorded(ANSWER, State.DELIVERED)
    _check(said, answer, words, delivered)


def _check(said: dict[str, str], answer: dict[str, str], words: str, delivered: TextRecord) -> None:
    if words != QUESTION or AUTO_REPLY not in said["text"] or "911" not in said["text"]:
        raise SceneFailed("The texts should have been another.")
    if {said["from"], answer["from"]} != {TEXT_LINE} or answer["text"] != ANSWER or PHONE in str(answer):
        raise SceneFailed("The patient should see the practice's number and nothing else.")
    if delivered.person != "rictor" or delivered.phone != PHONE:
        raise SceneFailed("The record should say who answered.")
