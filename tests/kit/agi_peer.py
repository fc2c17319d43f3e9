"""Plays Asterisk's side of FastAGI over TCP, strictly: whatever Asterisk would not take fails the test.

Written after res/res_agi.c: `setup_env` for the environment, `run_agi` for the lines, `parse_args` for the quoting.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

DEADLINE = 5.0
"""The most that anything here waits, in seconds."""

_BUFFER = 8192


@dataclass
class Asked:
    """How a question ended: AGISTATUS as the dialplan sees it, and the variables set, in their order."""

    status: str = "SUCCESS"
    variables: dict[str, str] = field(default_factory=dict)
    commands: int = 0


class AgiPeer:
    """One connection to a FastAGI server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def command(self) -> list[str] | None:
        """The words of the next command; None when the server closed. Half a line fails: Asterisk would spin on it."""
        async with asyncio.timeout(DEADLINE):
            line = await self._reader.readline()
        if not line:
            return None
        assert line.endswith(b"\n"), "half a line"
        assert len(line) < _BUFFER, "a line longer than Asterisk's buffer"
        return split_words(line[:-1].decode())

    async def reply(self, text: str) -> None:
        await self.send(text.encode() + b"\n")

    async def closed_by_the_server(self) -> bool:
        """Whether the server closes without a further word, within the deadline."""
        return await self.command() is None

    def leave(self) -> None:
        self._writer.close()


@contextlib.asynccontextmanager
async def connected(port: int, host: str = "127.0.0.1", source: str = "127.0.0.1") -> AsyncIterator[AgiPeer]:
    """A connection to the server at `host`:`port`, from the address `source`."""
    reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
    try:
        yield AgiPeer(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ask(port: int, arguments: Sequence[str], script: str = "next") -> Asked:
    """Ask a question as the dialplan does, carry out what comes, and tell how it ended."""
    asked = Asked()
    async with connected(port) as peer:
        await peer.send(environment(arguments, script))
        while (words := await peer.command()) is not None:
            if words[0].startswith("failure"):
                asked.status = "FAILURE"
                break
            asked.commands += 1
            await peer.reply(_carry_out(words, asked.variables))
    return asked


def environment(
    arguments: Sequence[str], script: str = "next", caller: str = "unknown", name: str = "unknown"
) -> bytes:
    """What Asterisk 22.10.1 sends first, with `caller` and `name` as raw as it prints the number."""
    lines = [
        *("agi_network: yes", f"agi_network_script: {script}", f"agi_request: agi://127.0.0.1/{script}"),
        *("agi_channel: PJSIP/trunk-00000001", "agi_language: en", "agi_type: PJSIP", "agi_uniqueid: 1795443203.1"),
        *("agi_version: 22.10.1", f"agi_callerid: {caller}", f"agi_calleridname: {name}", "agi_callingpres: 67"),
        *("agi_callingani2: 0", "agi_callington: 0", "agi_callingtns: 0", "agi_dnid: unknown", "agi_rdnis: unknown"),
        *("agi_context: sl-next", "agi_extension: s", "agi_priority: 5", "agi_enhanced: 0.0", "agi_accountcode: "),
        "agi_threadid: 139790183806656",
        *(f"agi_arg_{n}: {value}" for n, value in enumerate(arguments, 1)),
    ]
    return "\n".join([*lines, "", ""]).encode()


def split_words(line: str) -> list[str]:
    """Words as `parse_args` takes them: separated by blanks outside quotes, a backslash escapes one character."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for letter in line:
        special = not escaped and (letter in '"\\' or (letter in " \t" and not quoted))
        if special and letter == "\\":
            escaped = True
            continue
        if special and letter in " \t":
            between = True
            continue
        if between:
            words.append("")
            between = False
        if special:
            quoted = not quoted
        else:
            words[-1] += letter
        escaped = False
    assert not quoted, "a quote that does not end"
    return words


def _carry_out(words: list[str], variables: dict[str, str]) -> str:
    match words:
        case ["SET", "VARIABLE", name, value]:
            variables[name] = value
            return "200 result=1"
        case ["EXEC", "MSet", pairs]:
            for pair in pairs.split(","):
                name, equals, value = pair.partition("=")
                assert equals and name.isidentifier(), "MSet takes pairs"
                variables[name] = value
            return "200 result=0"
        case _:
            raise AssertionError(f"Asterisk has no such command: {words}")
