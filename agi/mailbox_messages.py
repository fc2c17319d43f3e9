"""Messages by phone: what each key does with them, through the same inbox as every other way to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from agi.dialogue import SoundMissing
from agi.mailbox_visit import Done, Parts, Visit
from pbx.domain import mailbox_words as words
from pbx.domain.inbox import Item, Refused, State, Why
from pbx.domain.mailbox_menu import BACK, Deed
from voicemail.audio import AudioProblem, read_audio
from voicemail.transcribe.recogniser import RecogniserUnavailable, RecognitionFailed

LONGEST_NOTE_SECONDS = 60.0

_REFUSALS = {Why.OWNED: words.CLAIMED, Why.HELD: words.HELD}


class MessageDeeds:
    """Where somebody is in the messages: `mailbox`, those of it that were opened (the oldest first), and at which."""

    def __init__(self, visit: Visit, parts: Parts) -> None:
        self._visit = visit
        self._inbox = parts.inbox
        self._private = parts.private
        self._recogniser = parts.recogniser
        boxes = parts.inbox.mailboxes(visit.who) or ()
        self._boxes = tuple(sorted(boxes, key=lambda box: box != visit.person))
        self._mailbox = visit.person
        self._items: list[Item] = []
        self._at = 0
        self._deleted: set[UUID] = set()
        self._colleague = ""
        self._note = ""

    @property
    def several(self) -> bool:
        """Whether there is another mailbox."""
        return len(self._boxes) > 1

    @property
    def item(self) -> Item:
        """The message where somebody is."""
        return self._items[self._at]

    async def claim(self) -> bool:
        """Take care of this message. Where somebody else does, the phone hears so."""
        return await self._allowed(self._inbox.claim(self.item.message.id, self._visit.who))

    @property
    def deeds(self) -> Mapping[Deed, Callable[[str], Awaitable[Done]]]:
        return {
            Deed.OPEN_NEW: self._open_new,
            Deed.OPEN_OLD: self._open_old,
            Deed.NEXT_MAILBOX: self._next_mailbox,
            Deed.ENVELOPE: self._envelope,
            Deed.PREVIOUS: self._previous,
            Deed.AGAIN: self._again,
            Deed.NEXT: self._next,
            Deed.DELETE: self._delete_or_take_back,
            Deed.SAVE: self._save,
            Deed.CHOOSE: self._choose,
            Deed.RECORD_NOTE: self._record_note,
            Deed.SEND: self._send,
        }

    async def count(self, _: str) -> Done:
        """Say how many messages there are."""
        items = await self._inbox.messages(self._mailbox, self._visit.who)
        new = sum(item.standing.state is State.NEW for item in items)
        policy, person = self._visit.policy, self._visit.person
        sentence = words.counts(policy, self._mailbox, person, new, len(items) - new)
        return Done(key=await self._visit.key_after(sentence, seconds=0))

    async def ask_colleague(self) -> str:
        """Ask whom a message is for; the number keyed, or back where there is nobody."""
        choices = words.colleagues(self._visit.policy, self._mailbox)
        if not choices:
            await self._visit.say(words.NOBODY)
            return BACK
        sentences = words.ask_colleague(self._visit.policy, choices)
        return await self._visit.voice.ask(*sentences, digits=len(choices[0][0]))

    async def _open_new(self, _: str) -> Done:
        return await self._open(new=True)

    async def _open_old(self, _: str) -> Done:
        return await self._open(new=False)

    async def _open(self, *, new: bool) -> Done:
        items = await self._inbox.messages(self._mailbox, self._visit.who)
        self._items = [item for item in reversed(items) if (item.standing.state is State.NEW) == new]
        self._at = 0
        if not self._items:
            await self._visit.say(words.NO_MESSAGES)
            return Done(worked=False)
        return await self._play()

    async def _next_mailbox(self, _: str) -> Done:
        if self._boxes:
            place = self._boxes.index(self._mailbox) if self._mailbox in self._boxes else -1
            self._mailbox = self._boxes[(place + 1) % len(self._boxes)]
        return await self.count("")

    async def _play(self) -> Done:
        """The message itself. That somebody listens is written down before the first word."""
        found = self.item.message
        key = await self._visit.key_after(f"Message {self._at + 1}.", seconds=0)
        if key:
            return Done(key=key)
        try:
            async with self._private.message(found) as path:
                if not await self._allowed(self._inbox.heard(found.id, self._visit.who)):
                    return Done()
                return Done(key=await self._visit.dialogue.play(path))
        except AudioProblem:
            await self._visit.say(words.DAMAGED)
            return Done()
        except SoundMissing:
            await self._visit.say(words.NOT_DONE)
            return Done()

    async def _again(self, _: str) -> Done:
        return await self._play()

    async def _next(self, _: str) -> Done:
        return await self._go(+1, words.NO_FURTHER)

    async def _previous(self, _: str) -> Done:
        return await self._go(-1, words.FIRST)

    async def _go(self, by: int, nothing_there: str) -> Done:
        if not 0 <= self._at + by < len(self._items):
            await self._visit.say(nothing_there)
            return Done(worked=False)
        self._at += by
        return await self._play()

    async def _envelope(self, _: str) -> Done:
        policy, item = self._visit.policy, self.item
        await self._inbox.listed([item], self._visit.who)
        text = words.envelope(policy, item, self._at + 1, len(self._items), datetime.now(UTC))
        async with self._private.spoken(text) as path:
            return Done(key=await self._visit.dialogue.play(path))

    async def _delete_or_take_back(self, _: str) -> Done:
        message, who = self.item.message.id, self._visit.who
        gone = message in self._deleted
        if not await self._allowed((self._inbox.undelete if gone else self._inbox.delete)(message, who)):
            return Done()
        self._deleted ^= {message}
        return Done(key=await self._visit.key_after(words.UNDELETED if gone else words.DELETED, seconds=0))

    async def _save(self, _: str) -> Done:
        if await self._allowed(self._inbox.save(self.item.message.id, self._visit.who)):
            return Done(key=await self._visit.key_after(words.SAVED, seconds=0))
        return Done()

    async def _choose(self, keyed: str) -> Done:
        choices = dict(words.colleagues(self._visit.policy, self._mailbox))
        self._note, self._colleague = "", choices.get(keyed, "")
        return Done(worked=bool(self._colleague))

    async def _record_note(self, _: str) -> Done:
        """A note is spoken and forwarded as text, once whoever said it has heard what was understood."""
        async with self._private.room() as path:
            await self._visit.say(words.SAY_NOTE)
            await self._visit.dialogue.record(path, LONGEST_NOTE_SECONDS, keys="#")
            try:
                transcript = await self._recogniser.transcribe(path, read_audio(path).seconds)
            except (RecognitionFailed, RecogniserUnavailable, AudioProblem):
                transcript = None
        self._note = transcript.text.strip() if transcript else ""
        if not self._note:
            await self._visit.say(words.NOTE_LOST)
            return Done(worked=False)
        async with self._private.spoken(words.note_back(self._note)) as path:
            return Done(key=await self._visit.dialogue.play(path))

    async def _send(self, _: str) -> Done:
        message = self.item.message.id
        if await self._allowed(self._inbox.forward(message, self._colleague, self._visit.who, self._note)):
            return Done(key=await self._visit.key_after(words.FORWARDED, seconds=0))
        return Done()

    async def _allowed(self, deed: Awaitable[None]) -> bool:
        """Whether the inbox did it; if not, the phone hears why."""
        try:
            await deed
        except Refused as refused:
            await self._visit.say(_REFUSALS.get(refused.why, words.NOT_ALLOWED))
            return False
        return True
