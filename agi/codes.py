"""The talk `codes`: a physician dials a code and a PIN on an own phone, and hears what holds from then on.

Who calls is known from the SIP account that dialled, which proved its secret. A code is for the person who owns that
phone: for all lines that ring this person alone, as `secondline override person` is. It asks for no line, because
whoever dials is on the way out; a single line is closed with `secondline override number`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agi.dialogue import Dialogue
from agi.voice import Announce, Voice, knows_pin
from pbx.domain.code_words import confirmation, nothing_to_set, own_lines, practice_in_words, state_in_words
from pbx.domain.codes import CodeName
from pbx.domain.facts import Facts
from pbx.domain.override import Mode, Override, Scope
from pbx.domain.override_end import MOST
from pbx.domain.policy import Policy
from pbx.services.overrides import BadEnd, Overrides, Wanted
from pbx.services.pins import Pins
from pbx.services.ports import StoreUnavailable

GOODBYE = "Nothing is changed. Goodbye."
NOT_KEPT = "The change cannot be kept at the moment, so nothing is changed. Please try again in a few minutes."
HOW_MANY_HOURS = "No schedule says when this ends. For how many hours shall it hold? Enter them, then press pound."
SNOW_DAY = "To close the whole practice until the end of today, press 1."
END_FOR_ALL = "To end this for everybody, press 1. To leave it as it is, press pound."
NOTHING_SET = "Nothing was set for you."
BACK = "You are back to the schedule."

_MODES = {CodeName.CLOSED: Mode.CLOSED, CodeName.OPEN: Mode.OPEN, CodeName.VOICEMAIL: Mode.VOICEMAIL}


class NotAnOwnPhone(Exception):
    """A talk was asked for by what is no phone of the practice's people."""


@dataclass(frozen=True, slots=True)
class _Caller:
    """The person (key and name) who owns the phone that dialled, and the words of the talk."""

    person: str
    name: str
    dialogue: Dialogue

    @property
    def actor(self) -> str:
        return f"person/{self.person}"


class Codes:
    """Holds the talk, by what is in force when it is held."""

    def __init__(
        self,
        policy: Callable[[], Policy],
        facts: Callable[[], Facts],
        overrides: Overrides,
        pins: Pins,
        announce: Announce,
    ) -> None:
        self._policy = policy
        self._facts = facts
        self._overrides = overrides
        self._pins = pins
        self._announce = announce

    async def talk(self, dialogue: Dialogue) -> None:
        """Do what the code in `dialogue.about` says. Raises NotAnOwnPhone, and what `Dialogue` does."""
        code, caller = CodeName(dialogue.about), self._caller(dialogue)
        if code is CodeName.STATE:
            await self._tell_state(caller)
        elif await self._knows_pin(caller):
            try:
                await self._do(code, caller)
            except StoreUnavailable:
                await self._say(caller, NOT_KEPT)

    def _caller(self, dialogue: Dialogue) -> _Caller:
        phone = next((phone for phone in self._policy().phones if phone.name == dialogue.endpoint), None)
        if phone is None:
            raise NotAnOwnPhone
        return _Caller(phone.owner, phone.display, dialogue)

    async def _knows_pin(self, caller: _Caller) -> bool:
        return await knows_pin(Voice(caller.dialogue, self._announce), self._pins, caller.person, GOODBYE)

    async def _do(self, code: CodeName, caller: _Caller) -> None:
        if code is CodeName.SCHEDULE:
            await self._back_to_schedule(caller)
        elif code is CodeName.SNOW_DAY:
            await self._snow_day(caller)
        else:
            await self._set_for_person(_MODES[code], caller)

    async def _set_for_person(self, mode: Mode, caller: _Caller) -> None:
        if nothing := nothing_to_set(self._policy(), caller.person, mode):
            await self._say(caller, nothing)
            return
        wanted = Wanted(mode, Scope.PERSON, caller.person, None, caller.name)
        try:
            made = await self._overrides.set(wanted, caller.actor)
        except BadEnd:
            hours = await self._ask(caller, HOW_MANY_HOURS, digits=3)
            if not hours.isdecimal() or not timedelta() < timedelta(hours=int(hours)) <= MOST:
                await self._say(caller, GOODBYE)
                return
            ends = datetime.now(UTC) + timedelta(hours=int(hours))
            made = await self._overrides.set(Wanted(mode, Scope.PERSON, caller.person, ends, caller.name), caller.actor)
        await self._confirm(caller, made)

    async def _snow_day(self, caller: _Caller) -> None:
        if await self._ask(caller, SNOW_DAY, digits=1) != "1":
            await self._say(caller, GOODBYE)
            return
        wanted = Wanted(Mode.SNOW_DAY, Scope.PRACTICE, "", None, caller.name)
        await self._confirm(caller, await self._overrides.set(wanted, caller.actor))

    async def _back_to_schedule(self, caller: _Caller) -> None:
        """End what is set for the person and the person's own lines; what is set for all only when asked."""
        now = datetime.now(UTC)
        lines = {number.e164 for number in own_lines(self._policy(), caller.person)}
        held = self._overrides.in_force(now)
        own = [one for one in held if one.scope is not Scope.PRACTICE and one.target in (caller.person, *lines)]
        for one in own:
            await self._end(caller, one)
        await self._say(caller, BACK if own else NOTHING_SET)
        for one in (one for one in held if one.scope is Scope.PRACTICE):
            if await self._ask(caller, practice_in_words(self._policy(), one, now), END_FOR_ALL, digits=1) == "1":
                await self._end(caller, one)
        await self._tell_state(caller)

    async def _end(self, caller: _Caller, one: Override) -> None:
        if one.id is not None:
            await self._overrides.undo(one.id, caller.name, caller.actor)

    async def _confirm(self, caller: _Caller, made: Override) -> None:
        await self._say(caller, *confirmation(self._policy(), made, self._facts(), datetime.now(UTC)))

    async def _tell_state(self, caller: _Caller) -> None:
        await self._say(caller, *state_in_words(self._policy(), caller.person, self._facts(), datetime.now(UTC)))

    async def _say(self, caller: _Caller, *sentences: str) -> None:
        await Voice(caller.dialogue, self._announce).say(*sentences)

    async def _ask(self, caller: _Caller, *sentences: str, digits: int) -> str:
        return await Voice(caller.dialogue, self._announce).ask(*sentences, digits=digits)
