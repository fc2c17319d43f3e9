"""Calls outside from the mailbox: back to whoever left a message, or to a number that is keyed.

Nothing is called while somebody is in the mailbox. The talk ends with a wish, which the dialplan puts to the route
`out` like the number that is dialled on a phone: one place judges, counts and writes down all calls outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from agi import variables
from agi.mailbox_messages import MessageDeeds
from agi.mailbox_visit import Done, Parts, Visit
from pbx.domain import mailbox_words as words
from pbx.domain.calling_back import numbers_to_call
from pbx.domain.inbox import Item
from pbx.domain.mailbox_menu import Deed
from pbx.domain.outbound import Wish
from pbx.services.outbound import CELL

LONGEST_NUMBER = 24
"""Keys of a number with a code before it."""


class CallDeeds:
    """What each key does. `wished`: the talk is to end, and somebody is called then."""

    def __init__(self, visit: Visit, parts: Parts, messages: MessageDeeds) -> None:
        self.wished = False
        self._visit = visit
        self._calls_out = parts.calls_out
        self._private = parts.private
        self._messages = messages
        self._choices: tuple[str, ...] = ()

    @property
    def deeds(self) -> Mapping[Deed, Callable[[str], Awaitable[Done]]]:
        return {
            Deed.CALL_BACK: self._offer,
            Deed.CALL_CHOSEN: self._call_back,
            Deed.CALL_NUMBER: self._call_number,
        }

    async def _offer(self, _: str) -> Done:
        """Say which numbers can be called about the message: the one it came from, and one that was said in it."""
        message = self._messages.item.message
        self._choices = numbers_to_call(message, self._visit.policy)
        if not self._choices:
            await self._visit.say(words.NO_CALL_BACK)
            return Done(worked=False)
        async with self._private.spoken(words.offer_call_back(self._visit.policy, message, self._choices)) as path:
            return Done(key=await self._visit.dialogue.play(path))

    async def _call_back(self, keyed: str) -> Done:
        item, place = self._messages.item, int(keyed) - 1
        if place >= len(self._choices) or not await self._may_call(self._choices[place], item):
            return Done(worked=False)
        if not await self._messages.claim():
            return Done(worked=False)
        await self._visit.dialogue.set(variables.WISH_ABOUT.name, str(item.message.id))
        return await self._wish(self._choices[place], item)

    async def _call_number(self, _: str) -> Done:
        keyed = await self._visit.voice.ask(words.ASK_NUMBER, digits=LONGEST_NUMBER)
        if not keyed or not await self._may_call(keyed, None):
            return Done(worked=False)
        return await self._wish(keyed, None)

    async def _may_call(self, number: str, item: Item | None) -> bool:
        """Whether the call would be placed; if not, the phone hears why and the visit goes on."""
        show = item.message.dialled if item else None
        permission = await self._calls_out.look(Wish(self._visit.person, number, CELL, show), datetime.now(UTC))
        if prompt := permission.reason.prompt:
            await self._visit.dialogue.say(prompt)
        return permission.allowed

    async def _wish(self, number: str, item: Item | None) -> Done:
        await self._visit.say(words.CONNECTING)
        if item:
            await self._visit.dialogue.set(variables.WISH_SHOW.name, item.message.dialled)
        await self._visit.dialogue.set(variables.WISHER.name, self._visit.person)
        await self._visit.dialogue.set(variables.WISH.name, number)
        self.wished = True
        return Done()
