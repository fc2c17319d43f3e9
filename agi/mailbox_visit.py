"""One visit to a mailbox: who is there, and the parts of the server that it needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agi.dialogue import Dialogue
from agi.voice import KEY_SECONDS, Announce, Voice
from pbx.domain.call import MessageRecord
from pbx.domain.inbox import Who
from pbx.domain.policy import Policy
from pbx.domain.transcript import Transcript
from pbx.services.inbox import Inbox
from pbx.services.outbound import CallsOut
from pbx.services.own_greetings import OwnGreetings
from pbx.services.pins import Pins


class Private(Protocol):
    """Sounds about a patient; `voicemail.private` has the one there is."""

    def room(self) -> AbstractAsyncContextManager[Path]: ...

    def spoken(self, text: str) -> AbstractAsyncContextManager[Path]: ...

    def message(self, record: MessageRecord) -> AbstractAsyncContextManager[Path]:
        """The recording of a message. Raises AudioProblem where it was changed, StoreUnavailable and OSError."""


class Recogniser(Protocol):
    """Makes words of a note; raises `RecognitionFailed`."""

    async def transcribe(self, recording: Path, seconds: float) -> Transcript: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the talks need. `greetings` is a folder."""

    policy: Callable[[], Policy]
    pins: Pins
    announce: Announce
    inbox: Inbox
    private: Private
    own: OwnGreetings
    recogniser: Recogniser
    greetings: Path
    calls_out: CallsOut


@dataclass(frozen=True, slots=True)
class Done:
    """Whether there was anything for a deed, and the key that was pressed in it, which is the next entry."""

    worked: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """`person` is let in; `room` is a private place for what is recorded."""

    voice: Voice
    policy: Policy
    person: str
    who: Who
    room: Path

    @property
    def dialogue(self) -> Dialogue:
        return self.voice.dialogue

    async def say(self, *sentences: str) -> None:
        await self.voice.say(*sentences)

    async def key_after(self, sentence: str, seconds: float = KEY_SECONDS) -> str:
        """Say a sentence that any key cuts short, and take one key, `#` too; nothing where none comes."""
        return await self.dialogue.key(await self.voice.announce.prompt(sentence), seconds=seconds)
