"""The talks `mailbox` and `mailbox-outside`: a physician listens to messages and records greetings by phone.

On an own phone whose mailbox it is follows from the SIP account; from outside, from the line that was called, or from
the cell that calls. Both ask for the PIN, since a desk phone stands where patients pass. A number that anybody may send
opens nothing: it only chooses whose PIN is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from agi import variables
from agi.codes import NotAnOwnPhone
from agi.dialogue import Dialogue
from agi.mailbox_calls import CallDeeds
from agi.mailbox_greetings import GreetingDeeds
from agi.mailbox_messages import MessageDeeds
from agi.mailbox_visit import Done, Parts, Visit
from agi.voice import PIN_AGAIN, PIN_TRIES, Voice, knows_pin, try_pin
from pbx.domain import mailbox_words as words
from pbx.domain.inbox import How, Who
from pbx.domain.mailbox_menu import SILENT_TRIES, Deed, Place, place_after, turn
from pbx.domain.pin import LONGEST
from pbx.domain.policy import Policy
from pbx.services.pins import OUTSIDE, Verdict
from pbx.services.ports import StoreUnavailable

LET_IN = "mailbox"
"""What the call's record has as the one who took it, for somebody who was let in from outside."""

ASK_PIN_OUTSIDE = "Please enter your PIN, then press pound. To leave a message, press pound."
GO_ON = "Please leave your message after the tone."

_ABOUT = re.compile(r"(?P<line>[0-9]{1,15})-(?P<caller>[0-9]*)")

Deeds = Mapping[Deed, Callable[[str], Awaitable[Done]]]


class NoLine(Exception):
    """A talk from outside names no line."""


class Mailbox:
    """Holds both talks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def own_phone(self, dialogue: Dialogue) -> None:
        """The mailbox of whoever owns the phone. Raises NotAnOwnPhone, and what `Dialogue` does."""
        policy, voice = self._parts.policy(), Voice(dialogue, self._parts.announce)
        phone = next((phone for phone in policy.phones if phone.name == dialogue.endpoint), None)
        if phone is None:
            raise NotAnOwnPhone
        if await knows_pin(voice, self._parts.pins, phone.owner, words.GOODBYE):
            await self._visit(voice, policy, phone.owner)

    async def outside(self, dialogue: Dialogue) -> None:
        """The mailbox of the line that was called; whoever does not know the PIN goes on to leave a message."""
        policy, voice = self._parts.policy(), Voice(dialogue, self._parts.announce)
        person = person_outside(policy, dialogue.about)
        if not await self._knows_pin_outside(voice, person):
            await voice.say(GO_ON)
            return
        await dialogue.set(variables.ANSWERED_BY.name, LET_IN)
        await self._visit(voice, policy, person)

    async def _knows_pin_outside(self, voice: Voice, person: str) -> bool:
        """Somebody who keys nothing is a patient who pressed a key by mistake, and waits no longer than that."""
        sentence = ASK_PIN_OUTSIDE
        for _ in range(PIN_TRIES):
            keyed = await voice.ask(sentence, digits=LONGEST)
            if not keyed:
                return False
            verdict = await try_pin(voice, self._parts.pins, person, keyed, OUTSIDE)
            if verdict is not Verdict.WRONG:
                return verdict is Verdict.RIGHT
            sentence = PIN_AGAIN
        return False

    async def _visit(self, voice: Voice, policy: Policy, person: str) -> None:
        async with AsyncExitStack() as stack:
            room = await stack.enter_async_context(self._parts.private.room())
            visit = Visit(voice, policy, person, Who.person(person, How.PHONE), room)
            messages, greetings = MessageDeeds(visit, self._parts), GreetingDeeds(visit, self._parts)
            calls = CallDeeds(visit, self._parts, messages)
            deeds: Deeds = {**messages.deeds, **greetings.deeds, **calls.deeds}
            counted = await self._tried(messages.count, "", visit)
            await self._go_round(visit, messages, deeds, counted.key)
            if not calls.wished:
                await visit.say(words.GOODBYE)

    async def _go_round(self, visit: Visit, messages: MessageDeeds, deeds: Deeds, key: str) -> None:
        """From place to place, until somebody leaves or keys nothing for long; `key` was pressed already."""
        place, silent = Place.MAIN, 0
        while place is not Place.OVER and silent < SILENT_TRIES:
            keyed = key or await self._asked(place, visit, messages)
            silent, key = (0 if keyed else silent + 1), ""
            if not keyed:
                continue
            here = turn(place, keyed)
            done = Done()
            if here.deed in deeds:
                done = await self._tried(deeds[here.deed], keyed, visit)
            elif here.deed is Deed.HELP and place is Place.MESSAGE:
                done = Done(key=await visit.key_after(words.MESSAGE_KEYS))
            place, key = place_after(here, worked=done.worked), done.key

    async def _asked(self, place: Place, visit: Visit, messages: MessageDeeds) -> str:
        if place is Place.MAIN:
            return await visit.key_after(words.main_menu(messages.several, visit.policy.may_call_out(visit.person)))
        if place is Place.COLLEAGUE:
            return await messages.ask_colleague()
        return await visit.key_after(words.ASKED[place])

    async def _tried(self, deed: Callable[[str], Awaitable[Done]], keyed: str, visit: Visit) -> Done:
        try:
            return await deed(keyed)
        except (StoreUnavailable, OSError):
            await visit.say(words.NOT_DONE)
            return Done(worked=False)


def person_outside(policy: Policy, about: str) -> str:
    """Whose PIN opens the mailbox: that of the person whose cell calls, else of the one whose line was called.

    For a line that is nobody's own (a team's), a name that nobody has: it is asked for a PIN all the same.
    """
    found = _ABOUT.fullmatch(about)
    if found is None:
        raise NoLine
    caller, line = f"+{found['caller']}", policy.numbers.get(f"+{found['line']}")
    by_cell = next((key for key, person in policy.people.items() if person.cell == caller), None)
    mailbox = line.fallback_voicemail.mailbox if line else ""
    return by_cell or (mailbox if mailbox in policy.people else f".{found['line']}")
