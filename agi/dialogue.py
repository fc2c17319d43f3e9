"""A talk with one of the practice's own people over their phone: say, ask, play, record.

Never for patients: their calls go on in short questions, because a talk ends with the controller. A command that
Asterisk carries out has a deadline here; and before it, Asterisk is told how long to wait for the next one
(`TIMEOUT(absolute)`), so that a controller which hangs leaves nobody in silence: `sl-talk` goes on alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agi import wire
from agi.session import CallerGone, GuardedRequest

PATIENCE_SECONDS = 10.0
"""How long Asterisk waits for a command after the one before: longer than anything that a talk does in between."""

SLACK_SECONDS = 5.0
"""How much longer a command may take than what it plays and waits for."""

LONGEST_RECORDING = 600.0
ALL_KEYS = "0123456789*#"

_HEADER_BYTES = 44
_BYTES_A_SECOND = 16000
_NAME = re.compile(r"[a-z0-9-]{1,80}")
_VARIABLE = re.compile(r"SL_[A-Z_]+")
_HUNG_UP = "-1"


class HungUp(CallerGone):
    """The phone hung up: the talk is over, and what it has not done yet is not done."""


class SoundMissing(Exception):
    """A prompt or a recording is not there. The text names nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who talks: `endpoint` is the SIP account that dialled or was rung, as Asterisk knows it (never a caller ID)."""

    token: str
    about: str
    endpoint: str


class Dialogue:
    """The words for a talk. `greetings` is the folder of the prompts. Each word raises HungUp when the phone is gone.

    Keys that were pressed and words that were said are nobody's business: no error and no log holds them.
    """

    def __init__(self, request: GuardedRequest, asked: Asked, greetings: Path) -> None:
        self.about = asked.about
        self.endpoint = asked.endpoint
        self._request = request
        self._greetings = greetings

    async def say(self, *prompts: str) -> None:
        """Play prompts (by their names, without folder) whole, one after the other; keys do nothing."""
        for name in prompts:
            await self.play(self._path(name), keys="")

    async def ask(self, *prompts: str, digits: int, seconds: float) -> str:
        """Play prompts and take up to `digits` keys, from the first sound on; `#` ends the entry and is no part of it.

        `seconds` is how long to wait for the first key after the prompts, and for each further one. What came by then
        is the answer: nothing, where nobody pressed anything or only `#`.
        """
        *before, last = [self._path(name) for name in prompts]
        first = ""
        for path in before:  # one command takes one file only (main/app.c, `ast_app_getdata_full`)
            if first := await self.play(path):
                break
        if first == "#" or (first and digits == 1):
            return first.strip("#")
        # The rest in one command: keys that come between two commands are lost (res_agi.c, `run_agi`).
        name = "" if first else str(last.with_suffix(""))
        waiting, most = seconds * (digits + 1), digits - len(first)
        wait = str(round(seconds * 1000))
        return first + await self._do(_seconds_of(last) + waiting, "GET", "DATA", name, wait, str(most))

    async def key(self, name: str, seconds: float) -> str:
        """Play a prompt until a key is pressed, `#` too, and wait `seconds` for one after it; nothing if none came."""
        path = self._path(name)
        wait = str(round(seconds * 1000))
        playing = _seconds_of(path)
        return _key(await self._do(playing + seconds, "GET", "OPTION", str(path.with_suffix("")), ALL_KEYS, wait))

    async def play(self, path: Path, keys: str = ALL_KEYS) -> str:
        """Play the WAV at `path` until it is over or one of `keys` is pressed; gives that key, or nothing."""
        sound = str(path.with_suffix(""))
        return _key(await self._do(_seconds_of(path), "STREAM", "FILE", sound, keys))

    async def record(self, path: Path, seconds: float, keys: str = ALL_KEYS) -> str:
        """Beep, then record to the WAV `path` for at most `seconds`; gives the key that ended it, or nothing.

        What was recorded before a hang-up stays at `path`: whoever raises a talk's HungUp decides about it.
        """
        if not 0 < seconds <= LONGEST_RECORDING:
            raise ValueError("a recording may last 600 seconds at most")
        most = str(round(seconds * 1000))
        sound = str(path.with_suffix(""))
        return _key(await self._do(seconds, "RECORD", "FILE", sound, "wav", keys, most, "BEEP"))

    async def set(self, name: str, value: str) -> None:
        """Set a channel variable (one of `agi.variables`) for what the dialplan does next."""
        if not _VARIABLE.fullmatch(name):
            raise ValueError("a talk sets variables of our own only")
        await self._do(0, "SET", "VARIABLE", name, value)

    async def begin(self) -> None:
        """Have Asterisk wait for what comes first, now that the controller is there."""
        await self._renew(0)

    async def _do(self, seconds: float, *words: str) -> str:
        """Have Asterisk do what takes `seconds`; gives its result."""
        try:
            await self._renew(seconds)
            reply = await self._request.send_command(*words, within=seconds + SLACK_SECONDS)
        except CallerGone:
            raise HungUp from None
        if reply.result is None:
            raise wire.WireError("a reply has no result")
        if reply.result == _HUNG_UP:
            raise HungUp
        return reply.result

    async def _renew(self, seconds: float) -> None:
        wait = round(seconds + SLACK_SECONDS + PATIENCE_SECONDS)
        await self._request.send_command("SET", "VARIABLE", "TIMEOUT(absolute)", str(wait))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a talk names a prompt that there cannot be")
        return self._greetings / f"{name}.wav"


def _key(result: str) -> str:
    """The key out of its ASCII code (`STREAM FILE`, `RECORD FILE`); nothing for 0."""
    return chr(int(result)) if result.isdigit() and int(result) in map(ord, ALL_KEYS) else ""


def _seconds_of(path: Path) -> float:
    """How long a WAV of ours plays; one that is missing would be skipped in silence (app.c, `ast_app_getdata`)."""
    try:
        size = path.stat().st_size
    except OSError:
        raise SoundMissing("a sound that a talk needs is not there") from None
    return max(0, size - _HEADER_BYTES) / _BYTES_A_SECOND
