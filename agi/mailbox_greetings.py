"""Greetings by phone: record, hear, keep and reset those that callers hear instead of the file's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from agi.mailbox_visit import Done, Parts, Visit
from pbx.domain import mailbox_words as words
from pbx.domain.mailbox_menu import Deed
from pbx.domain.own_greetings import GreetingKind, OwnGreeting
from voicemail.greetings import GreetingProblem
from voicemail.own_sounds import recorded_pcm

LONGEST_GREETING_SECONDS = 110.0
DAY_DIGITS = 4


class GreetingDeeds:
    """Which greeting somebody chose, and what was recorded for it."""

    def __init__(self, visit: Visit, parts: Parts) -> None:
        self._visit = visit
        self._own = parts.own
        self._folder = parts.greetings
        self._kind = GreetingKind.NORMAL
        self._pcm = b""

    @property
    def deeds(self) -> Mapping[Deed, Callable[[str], Awaitable[Done]]]:
        return {
            Deed.PICK_NORMAL: self._pick,
            Deed.PICK_CLOSED: self._pick,
            Deed.PICK_TEMPORARY: self._pick,
            Deed.RECORD: self._record,
            Deed.HEAR: self._hear,
            Deed.RESET: self._reset,
            Deed.HEAR_RECORDED: self._hear_recorded,
            Deed.KEEP: self._keep,
        }

    async def _pick(self, keyed: str) -> Done:
        self._kind = dict(zip("123", GreetingKind, strict=True))[keyed]
        return Done(key=await self._visit.key_after(words.greeting_name(self._kind), seconds=0))

    async def _record(self, _: str) -> Done:
        await self._visit.say(words.SAY_GREETING)
        await self._visit.dialogue.record(self._visit.room, LONGEST_GREETING_SECONDS, keys="#")
        try:
            self._pcm = await asyncio.to_thread(recorded_pcm, self._visit.room)
        except GreetingProblem:
            await self._visit.say(words.GREETING_BAD)
            return Done(worked=False)
        return Done()

    async def _hear_recorded(self, _: str) -> Done:
        return Done(key=await self._visit.dialogue.play(self._visit.room))

    async def _keep(self, _: str) -> Done:
        ends = None
        if self._kind is GreetingKind.TEMPORARY and (ends := await self._end()) is None:
            return Done(worked=False)
        one = OwnGreeting(self._visit.person, self._kind, ends)
        await self._own.keep(one, self._pcm, self._visit.who.account)
        return Done(key=await self._visit.key_after(words.GREETING_KEPT, seconds=0))

    async def _end(self) -> datetime | None:
        """The end of a temporary greeting, as it was keyed, said back and confirmed."""
        now, zone = datetime.now(UTC), self._visit.policy.timezone
        ends = words.end_of_day(await self._visit.voice.ask(words.ASK_END, digits=DAY_DIGITS), now, zone)
        if ends is None:
            await self._visit.say(words.BAD_DAY)
            return None
        return ends if await self._visit.key_after(words.confirm_end(ends, now, zone)) == "1" else None

    async def _hear(self, _: str) -> Done:
        one = self._own.find(self._visit.person, self._kind, datetime.now(UTC))
        if one is None:
            return Done(key=await self._visit.key_after(words.NO_GREETING, seconds=0))
        return Done(key=await self._visit.dialogue.play(self._folder / f"{one.prompt}.wav"))

    async def _reset(self, _: str) -> Done:
        found = [o for o in self._own.held if (o.person, o.kind) == (self._visit.person, self._kind)]
        for one in found:
            await self._own.reset(one, self._visit.who.account)
        return Done(key=await self._visit.key_after(words.GREETING_RESET if found else words.NO_GREETING, seconds=0))
