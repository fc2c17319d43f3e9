"""The talk `urgent`: somebody on call was fetched for an urgent message.

Whoever answers may be anybody, or a private voicemail. So there is one neutral sentence first, and nothing about the
patient is heard before the PIN. What was decided goes into SL_ASKED (while the caller waits) or to the case itself
(after the caller hung up) as soon as the key is pressed, so that hanging up then loses nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from agi import variables
from agi.dialogue import Dialogue
from agi.talks import Talk
from pbx.domain.urgent import AttemptResult
from pbx.services.pins import Verdict
from pbx.services.ports import StoreUnavailable
from voicemail.audio import AudioProblem

PIN_DIGITS = 12
PIN_SECONDS = 6.0
TRIES = 3
ANSWER_SECONDS = 8.0
QUESTIONS = 6
"""How often the keys are told before it is taken for a no."""

_UUID_LENGTH = 36


Sound = Callable[[], AbstractAsyncContextManager[Path]]
"""Gives a WAV for as long as it is played. Raises AudioProblem, StoreUnavailable and OSError."""


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody was fetched for.

    `recording` is the message, `number` the digits to call back; either may not be there. `waits` tells whether the
    caller is on the line now. `take` makes it this person's (False: it is another's already), `decided` notes what else
    came of it; both are None while the call itself keeps the record.
    """

    person: str
    recording: Sound | None
    number: str | None
    waits: Callable[[], bool]
    take: Callable[[], Awaitable[bool]] | None = None
    decided: Callable[[AttemptResult], Awaitable[None]] | None = None


class Checks(Protocol):
    """Checks PINs; `pbx.services.pins.Pins` does."""

    async def check(self, person: str, pin: str) -> Verdict:
        """Whether `pin` is the person's."""


class Cases(Protocol):
    """Finds what a page is about."""

    async def find(self, call: UUID, page: str) -> Case | None:
        """The case of a call; `page` is the position of its step, or an attempt's id. None if it is settled."""


def urgent_talk(pins: Checks, cases: Cases) -> Talk:
    """The talk with somebody who was fetched."""

    async def talk(dialogue: Dialogue) -> None:
        case = await cases.find(UUID(dialogue.about[:_UUID_LENGTH]), dialogue.about[_UUID_LENGTH + 1 :])
        if case is None:
            await dialogue.say("page-others")
            return
        await _Talk(dialogue, case, pins).hold()

    return talk


@dataclass(slots=True)
class _Talk:
    dialogue: Dialogue
    case: Case
    pins: Checks
    result: AttemptResult = AttemptResult.PASSED_ON

    async def hold(self) -> None:
        try:
            verdict = await self._identify()
            if verdict is Verdict.RIGHT:
                await self._offer()
            elif verdict is Verdict.UNAVAILABLE and self.case.waits():
                await self._offer_unproven()
            else:
                await self._refuse(verdict)
        finally:
            if self.case.decided is not None and not self.result.settles:
                await self.case.decided(self.result)

    async def _identify(self) -> Verdict:
        verdict, prompt = Verdict.WRONG, "page-hello"
        for _ in range(TRIES):
            pin = await self.dialogue.ask(prompt, digits=PIN_DIGITS, seconds=PIN_SECONDS)
            if pin:
                verdict, prompt = await self.pins.check(self.case.person, pin), "page-wrong"
                self.result = AttemptResult.NO_PIN if verdict is Verdict.NONE else AttemptResult.WRONG_PIN
                if verdict not in (Verdict.WRONG, Verdict.NONE):
                    break
        if verdict in (Verdict.RIGHT, Verdict.UNAVAILABLE):
            self.result = AttemptResult.PASSED_ON
        await self._note()
        return verdict

    async def _refuse(self, verdict: Verdict) -> None:
        await self.dialogue.say("page-locked" if verdict is Verdict.LOCKED else "page-passed")

    async def _offer_unproven(self) -> None:
        """Without the PINs nothing is played to anybody; but a patient who waits is not kept from the one on call."""
        if await self.dialogue.ask("page-unproven", digits=1, seconds=ANSWER_SECONDS) == "1" and self.case.waits():
            await self._settle(AttemptResult.CONNECTED)

    async def _offer(self) -> None:
        key = await self._play()
        for _ in range(QUESTIONS):
            waits = self.case.waits()
            if key == "1" and waits:
                await self._settle(AttemptResult.CONNECTED)
                return
            if key in ("1", "2"):
                if key == "2":
                    await self._take()
                    return
                await self.dialogue.say("page-gone")
            elif key == "9":
                break
            key = await self._serve(key, waits)
        await self.dialogue.say("page-passed")

    async def _serve(self, key: str, waits: bool) -> str:
        """Do what a key asks for that decides nothing, then ask again; the next key."""
        if key == "3" and (again := await self._play()):
            return again
        if key == "4":
            await self._say_number()
        return await self.dialogue.ask("page-waiting" if waits else "page-relay", digits=1, seconds=ANSWER_SECONDS)

    async def _play(self) -> str:
        if self.case.recording is not None:
            with contextlib.suppress(AudioProblem, StoreUnavailable, OSError):
                async with self.case.recording() as path:
                    return await self.dialogue.play(path)
        await self.dialogue.say("page-no-message")
        return ""

    async def _take(self) -> None:
        try:
            if self.case.take is not None and not await self.case.take():
                await self.dialogue.say("page-others")
                return
        except StoreUnavailable:
            await self.dialogue.say("page-not-noted")
            await self._say_number()
            return
        await self._settle(AttemptResult.TAKEN)
        await self._say_number()
        await self.dialogue.say("page-taken")

    async def _say_number(self) -> None:
        if self.case.number is None:
            await self.dialogue.say("page-no-number")
        else:
            await self.dialogue.say("page-number", *(f"digit-{digit}" for digit in self.case.number))

    async def _settle(self, result: AttemptResult) -> None:
        self.result = result
        await self._note()

    async def _note(self) -> None:
        await self.dialogue.set(variables.ASKED.name, self.result.value)
