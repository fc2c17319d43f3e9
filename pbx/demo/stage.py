"""What every scene of the demonstration needs: the practice, voices, the record of what happened, and a narrator."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pbx.database import Records
from pbx.demo.command import secondline
from pbx.demo.practice import DemoPractice
from pbx.demo.softphone import Softphone
from pbx.demo.speech import seconds_of, speak
from pbx.domain.call import CallRecord, MessageRecord
from pbx.domain.outcome import Outcome
from pbx.domain.texting import State, TextRecord
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.output import sureness
from voicemail.transcribe.recogniser import RecogniserProcess

RECORDED_WITHIN = 15.0
TRANSCRIBED_WITHIN = 60.0
WORDS_THAT_MUST_MATCH = 0.6
"""Share of the spoken words that a transcript must hold: it shows that the right voice came through, not how well."""

_POLL = 0.05
T = TypeVar("T")


class SceneFailed(Exception):
    """A call did not go as it should; the text says what was expected."""


@dataclass(slots=True)
class Stage:
    """Runs scenes: makes people, tells what happens with the time since the scene began, and looks things up."""

    practice: DemoPractice
    folder: Path
    records: Records
    recogniser: RecogniserProcess
    console: Console
    _began: float = field(default_factory=time.monotonic)
    _hung_up: float = field(default_factory=time.monotonic)
    _people: int = 0

    def begin(self, title: str) -> None:
        """Open a scene."""
        self.console.print(f"\n[bold]{escape(title)}[/bold]")
        self._began = time.monotonic()

    def tell(self, sentence: str) -> None:
        """Say what has just happened."""
        self._print(f"  {time.monotonic() - self._began:5.1f} s  ", sentence)

    def hung_up(self) -> None:
        """The patient hangs up: from here on the practice's machine works alone."""
        self._hung_up = time.monotonic()
        self.tell("The patient hangs up.")

    def add(self, sentence: str) -> None:
        """Say more about it."""
        self._print(" " * 11, sentence)

    def _print(self, lead: str, sentence: str) -> None:
        """Print after `lead`, and further lines of a long sentence below its beginning."""
        line = Table.grid()
        line.add_row(lead, Text(sentence))
        self.console.print(line)

    def folder_of(self, who: str) -> Path:
        self._people += 1
        return self.folder / f"{self._people}-{who}"

    def address(self) -> str:
        """A fresh SIP address for a patient, at the carrier's."""
        return f"{self.practice.trunk}:0"

    @property
    def carrier(self) -> str:
        """The SIP address where the carrier takes the practice's own calls, and rings cells."""
        return f"{self.practice.trunk}:{self.practice.trunk_port}"

    async def words(self, name: str, text: str, stay: float = 0.0, voice: str = "slt") -> Path:
        """A WAV in which a person says `text`."""
        wav = self.folder / f"{name}.wav"
        await speak(text, wav, voice, stay)
        return wav

    async def register(self, phone: Softphone) -> None:
        """Register `phone`, and wait until the server, which asks every second, knows that it is there."""
        await phone.register(self.practice.sip, self.practice.secret(phone.name))

        async def rung() -> bool | None:
            state = json.loads(await secondline(self.practice, "status", "--json"))
            return None if phone.name in state["left_out"] else True

        await self._wait("The phone was not seen", RECORDED_WITHIN, rung)

    async def recorded(self, did: str, outcome: Outcome) -> CallRecord:
        """The newest call to `did`, once it is over and in the log. Raises SceneFailed for another outcome."""

        async def newest() -> CallRecord | None:
            found = await self.records.calls.calls(None, did, 1)
            return found[0] if found and found[0].ended_at else None

        call = await self._wait("The call did not get into the log", RECORDED_WITHIN, newest)
        self.tell(f"The log says: {call.outcome.in_words} ({call.reason}).")
        for sentence in (sentence for sentence in call.why if not sentence.startswith(" ")):
            self.add(sentence)
        if call.outcome is not outcome:
            raise SceneFailed(f"The call should have ended as {outcome.in_words!r}.")
        return call

    async def message_of(self, call: CallRecord, said: str) -> MessageRecord:
        """The message of a call with its words. Raises SceneFailed if they are not those that were `said`."""
        if call.message_id is None:
            raise SceneFailed("The call has no message.")
        wanted = call.message_id

        async def done() -> MessageRecord | None:
            message = await self.records.messages.message(wanted)
            return message if message and message.state is not TranscriptState.PENDING else None

        message = await self._wait("The message was not transcribed", TRANSCRIBED_WITHIN, done)
        if message.transcript is None:
            raise SceneFailed(f"The message has no transcript: {message.state}.")
        waited = time.monotonic() - self._hung_up
        self.tell(f"The message of {message.seconds:.1f} s can be read {waited:.1f} s after the hang-up:")
        self.add(f"“{message.transcript.text}”")
        self.add(f"({sureness(message.transcript)})")
        _must_match(message.transcript, said)
        return message

    async def text_recorded(self, body: str, state: State) -> TextRecord:
        """The newest text that says `body`, once it stands in `state`."""

        async def found() -> TextRecord | None:
            texts = await self.records.texts.texts(limit=20)
            return next((text for text in texts if text.body == body and text.state is state), None)

        text = await self._wait(f"The text was not {state.in_words}", RECORDED_WITHIN, found)
        self.tell(f"The record says: {text.state.in_words}.")
        return text

    async def check_heard(self, who: str, wav: Path, said: str) -> None:
        """Recognise what somebody heard. Raises SceneFailed if it is not what was `said` at the other end."""
        transcript = await self.recogniser.transcribe(wav, seconds_of(wav))
        self.add(f"{who} heard: “{transcript.text}”")
        _must_match(transcript, said)

    async def _wait(self, failure: str, within: float, look: Callable[[], Awaitable[T | None]]) -> T:
        try:
            async with asyncio.timeout(within):
                while (found := await look()) is None:
                    await asyncio.sleep(_POLL)
                return found
        except TimeoutError:
            raise SceneFailed(f"{failure} within {within:.0f} seconds.") from None


def _must_match(transcript: Transcript, said: str) -> None:
    spoken, heard = _words(said), set(_words(transcript.text))
    share = sum(word in heard for word in spoken) / len(spoken)
    if share < WORDS_THAT_MUST_MATCH:
        raise SceneFailed(f"Only {share:.0%} of the words came through; they should have been: {said}")


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())
