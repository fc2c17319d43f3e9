"""A real SIP client without a screen: baresip, driven over its control port (modules/ctrl_tcp: JSON in netstrings)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pbx.asterisk.ports import free_port
from pbx.asterisk.programs import find_baresip
from pbx.demo.speech import silence

START_WITHIN = 20.0
ANSWER_WITHIN = 15.0
LEAVE_WITHIN = 0.5
"""Enough to sign off at the server; over TLS it then goes on for half a minute. The server forgets a phone whose
connection ends, too."""

LONGEST_CALL = 180.0
"""The source of a client that says nothing: its call ends when this many seconds of silence are over."""

_CONFIG = """\
module_path {modules}
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
module_app mwi.so
{contact}ctrl_tcp_listen 127.0.0.1:{control}
sip_listen {address}
audio_player aufile,{folder}/heard.wav
audio_source aufile,{folder}/silence.wav
audio_alert aufile,{folder}/alert.wav
audio_srate 8000
audio_channels 1
ring_aufile none
ringback_disabled yes
call_max_calls 1
"""

_SECURE = """\
module srtp.so
sip_cafile {trusted}
sip_verify_server yes
"""


class ClientFailed(Exception):
    """A SIP client did not do what it was told; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the client: baresip's name (`CALL_ESTABLISHED`), its detail and the other party.

    A text that came is a `MESSAGE`, with what it says as its detail.
    """

    type: str
    param: str
    peer: str


class Baresip:
    """One client in `folder` (made if missing), with SIP at `address`; an async context manager.

    What it hears is written to `heard` (WAV, 8 kHz) while it hears it.
    """

    def __init__(self, folder: Path, address: str, contacts: Sequence[str] = ()) -> None:
        """`contacts` are SIP URIs that it can send texts to: baresip texts a contact of its list and nobody else."""
        self.heard = folder / "heard.wav"
        self._folder = folder
        self._address = address
        self._contacts = tuple(contacts)
        self._current = 0
        self._events: list[Event] = []
        self._answers: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._off = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def is_on(self) -> bool:
        return self._process is not None

    async def start(self, trusted: Path | None = None) -> None:
        """Switch it on. With the authority in the file `trusted` it knows SRTP, and TLS to servers that the authority
        vouches for. Raises ClientFailed."""
        try:
            await self._start(trusted)
        except BaseException:
            await self._end()
            raise

    async def command(self, name: str, params: str = "") -> str:
        """Give a command of baresip's menu and return its answer. Raises ClientFailed when it is refused."""
        if self._writer is None:
            raise ClientFailed("The SIP client is not running.")
        message = json.dumps({"command": name, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(message), message))
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                good, answer = await self._answers.get()
        except TimeoutError:
            raise ClientFailed(f"The SIP client did not answer to {name!r}.") from None
        if not good:
            raise ClientFailed(f"The SIP client refused {name!r}.")
        return answer

    async def event(self, *types: str, within: float) -> Event:
        """The next event of one of `types`, also one that came already; each is told once.

        Raises ClientFailed when none comes in `within` seconds.
        """
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: any(e.type in types for e in self._events))
                found = next(e for e in self._events if e.type in types)
                self._events.remove(found)
                return found
        except TimeoutError:
            raise ClientFailed(f"The SIP client saw no {' or '.join(types)} in {within:.0f} seconds.") from None

    def saw(self, kind: str) -> bool:
        """Whether an event of type `kind` came that was not asked for yet."""
        return any(e.type == kind for e in self._events)

    async def play(self, wav: Path) -> None:
        """Play `wav` into the call from now on; at its end the client hangs up (modules/menu: audio error)."""
        await self.command("ausrc", f"aufile,{wav}")

    async def be_silent(self) -> None:
        """Send silence in the calls to come; what was played before would be played again."""
        await self.command("ausrc", f"aufile,{self._folder / 'silence.wav'}")

    async def text(self, uri: str, words: str) -> None:
        """Send a text (SIP MESSAGE) of one line to one of the contacts. Raises ClientFailed when it is not one."""
        if uri not in self._contacts:
            raise ClientFailed("The SIP client has no such contact.")
        while self._current != self._contacts.index(uri):
            await self.command("contact_next")
            self._current = (self._current + 1) % len(self._contacts)
        await self.command("message", words)

    def switch_off(self) -> None:
        """End it at once without a word to anybody, as an empty battery does."""
        if self._process is not None and self._process.returncode is None and not self._off:
            self._off = True
            self._process.kill()

    async def _start(self, trusted: Path | None) -> None:
        program = find_baresip()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.heard.unlink(missing_ok=True)
        silence(LONGEST_CALL, self._folder / "silence.wav")
        control = free_port()
        config = _CONFIG.format(
            modules=program.module_dir,
            control=control,
            address=self._address,
            folder=self._folder,
            contact="module_app contact.so\n" if self._contacts else "",
        )
        if trusted is not None:
            config += _SECURE.format(trusted=trusted)
        contacts = "".join(f"<{uri}>\n" for uri in self._contacts)
        for name, text in {"config": config, "accounts": "", "contacts": contacts}.items():
            (self._folder / name).write_text(text)
        with (self._folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *program.command("-f", self._folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.env},
            )
        reader, self._writer = await self._connect(control)
        self._listener = asyncio.create_task(self._listen(reader))

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_WITHIN):
                while self._process is not None and self._process.returncode is None:
                    with contextlib.suppress(OSError):
                        return await asyncio.open_connection("127.0.0.1", port)
                    await asyncio.sleep(0.02)
        raise ClientFailed(f"The SIP client did not start: see {self._folder / 'output'}.")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("event") or message.get("message"):
                    await self._note(message)
                elif "response" in message:
                    self._answers.put_nowait((bool(message.get("ok")), str(message.get("data", ""))))

    async def _note(self, message: dict[str, object]) -> None:
        told = [str(message.get(key, "")) for key in ("type", "param", "peeruri")]
        if message.get("message"):
            told = ["MESSAGE", str(message.get("body", "")), str(message.get("from", ""))]
        async with self._news:
            self._events.append(Event(*told))
            self._news.notify_all()

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            if not self._off:  # another signal would ask for its status before the one who waits for it has it
                self._process.terminate()
            try:
                async with asyncio.timeout(LEAVE_WITHIN):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
