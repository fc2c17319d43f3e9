"""What people do in more than one scene of the demonstration."""

from __future__ import annotations

from pbx.demo.command import secondline
from pbx.demo.patient import Patient
from pbx.demo.stage import Stage
from pbx.domain.numbers import for_people, parse_caller
from pbx.output import caller_in_words

COUNTRY = "US"


async def dial(stage: Stage, patient: Patient, number: str, did: str, caller: str = "A patient") -> None:
    """A patient dials a number of the practice."""
    who = caller_in_words(parse_caller(number, COUNTRY), COUNTRY)
    await patient.dial(stage.practice.sip, did)
    stage.tell(f"{caller} ({who}) dials {for_people(did, COUNTRY)}.")


async def gets_pin(stage: Stage, person: str, pin: str) -> None:
    """The practice's IT gives somebody a PIN by the real command, while the server runs."""
    told = await secondline(stage.practice, "pin", "set", person, "--stdin", types=f"{pin}\n")
    stage.tell(f"`secondline pin set {person}`: {told.strip()}")


async def leave_message(stage: Stage, patient: Patient, text: str) -> None:
    """A patient hears the greeting, speaks after the tone and hangs up."""
    words = await stage.words("message", text, stay=0.5)
    await patient.is_answered(within=30)
    stage.tell("The practice's machine answers and plays the greeting.")
    await patient.hears_beep(within=40)
    stage.tell("After the tone the patient speaks.")
    await patient.says(words)
    await patient.call_ends(within=40)
    stage.hung_up()


def number_in(uri: str) -> str:
    """The number that a phone shows, as people write it."""
    number = uri.removeprefix("sip:").partition("@")[0]
    return for_people(number, COUNTRY)
