"""Sentences and PINs over a phone: what every talk with the practice's own people needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agi.dialogue import Dialogue
from pbx.domain.codes import TRY_AGAIN_PROMPT
from pbx.domain.pin import LONGEST
from pbx.services.pins import OWN_PHONE, Pins, Verdict

PIN_TRIES = 3
KEY_SECONDS = 8.0

ASK_PIN = "Please enter your PIN, then press pound."
PIN_AGAIN = "That is not right. Please enter your PIN again, then press pound."
PIN_LOCKED = "There were too many wrong entries. Please try again later, or ask the practice for a new PIN."


class Announce(Protocol):
    """Speaks sentences that hold nothing about a patient; `voicemail.announce` has the one there is."""

    async def prompt(self, text: str) -> str:
        """The name of the prompt that says `text`."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Says sentences that hold nothing about a patient."""

    dialogue: Dialogue
    announce: Announce

    async def say(self, *sentences: str) -> None:
        """Say them whole."""
        await self.dialogue.say(*[await self.announce.prompt(sentence) for sentence in sentences])

    async def ask(self, *sentences: str, digits: int, seconds: float = KEY_SECONDS) -> str:
        """Say them and take up to `digits` keys, from the first word on."""
        prompts = [await self.announce.prompt(sentence) for sentence in sentences]
        return await self.dialogue.ask(*prompts, digits=digits, seconds=seconds)


async def knows_pin(voice: Voice, pins: Pins, person: str, goodbye: str) -> bool:
    """Whether the PIN of `person` was keyed on an own phone; `goodbye` is said to whoever gives up."""
    sentence = ASK_PIN
    for _ in range(PIN_TRIES):
        if keyed := await voice.ask(sentence, digits=LONGEST):
            verdict = await try_pin(voice, pins, person, keyed)
            if verdict is not Verdict.WRONG:
                return verdict is Verdict.RIGHT
            sentence = PIN_AGAIN
    await voice.say(goodbye)
    return False


async def try_pin(voice: Voice, pins: Pins, person: str, keyed: str, lane: str = OWN_PHONE) -> Verdict:
    """Check a PIN, and say so where no more is taken. To whoever keys it, somebody without a PIN sounds like WRONG."""
    verdict = await pins.check(person, keyed, lane)
    if verdict is Verdict.RIGHT:
        return verdict
    if verdict is Verdict.UNAVAILABLE:
        await voice.dialogue.say(TRY_AGAIN_PROMPT)
        return verdict
    if pins.locked_until(person, lane):
        await voice.say(PIN_LOCKED)
        return Verdict.LOCKED
    return Verdict.WRONG
