"""A phone in a talk, as the controller sees it: plays Asterisk's side of the commands of `agi.dialogue`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from tests.kit.agi_peer import connected, environment

TOKEN = "c0c1b7f6-97a0-4a3f-8a7e-9b6f1d2e3f40"
HANG_UP = "hang up"


@dataclass
class Handset:
    """A phone that keys `entries`, one for each question; HANG_UP among them ends the call instead.

    `heard` are the names of the prompts in their order, `variables` what was set; `held` whether the talk went to its
    end, `status` is AGISTATUS.
    """

    entries: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    status: str = "SUCCESS"

    @property
    def held(self) -> bool:
        return self.status == "SUCCESS" and self.variables.get("SL_OK") == TOKEN

    async def talks(self, port: int, name: str, about: str = "", endpoint: str = "rictor-desk") -> None:
        """Hold the talk `name` with the server at `port`, to its end."""
        await self.asks(port, name, (TOKEN, about, endpoint))

    async def asks(self, port: int, name: str, arguments: Sequence[str]) -> None:
        """Come with any arguments."""
        async with connected(port) as peer:
            await peer.send(environment(arguments, f"talk/{name}"))
            while (words := await peer.command()) is not None:
                if words == ["failure"]:
                    self.status = "FAILURE"
                    return
                if (answer := self._carry_out(words)) == HANG_UP:
                    return
                await peer.reply(answer)

    def _carry_out(self, words: list[str]) -> str:
        match words:
            case ["SET", "VARIABLE", name, value]:
                self.variables[name] = value
                return "200 result=1"
            case ["GET", "DATA", names, _, digits]:
                assert "&" not in names, "it would look for a file of that name"
                self._hear(*names.split())
                entry = self._key()
                return entry if entry == HANG_UP else f"200 result={entry[: int(digits)]}"
            case ["GET", "OPTION", name, keys, _]:
                self._hear(name)
                return self._one_of(keys)
            case ["STREAM", "FILE", name, ""]:
                self._hear(name)
                return "200 result=0 endpos=8000"
            case ["STREAM", "FILE", name, keys]:
                self._hear(name)
                return self._one_of(keys)
            case ["RECORD", "FILE", name, "wav", keys, most, "BEEP"]:
                self._hear(f"{name} {most}")
                return self._one_of(keys)
        raise AssertionError(f"Asterisk has no such command: {words}")

    def _one_of(self, keys: str) -> str:
        key = self._key()
        if key == HANG_UP:
            return key
        return f"200 result={ord(key) if key and key in keys else 0} endpos=8000"

    def _key(self) -> str:
        return self.entries.pop(0) if self.entries else ""

    def _hear(self, *names: str) -> None:
        assert "TIMEOUT(absolute)" in self.variables, "Asterisk would wait for ever"
        self.heard += [PurePath(name).name for name in names]
