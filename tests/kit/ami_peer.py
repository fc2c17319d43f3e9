"""Plays Asterisk's manager interface over TCP, strictly, and misbehaves in its answers on demand.

What the client sends must be well-formed (main/manager.c: `get_input`, `astman_get_header`); if it is not, or if it
asks for what this peer does not know, the test fails when the peer is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

DEADLINE = 5.0
SECRET = "right"

Headers = dict[str, str]
Answerer = Callable[[Headers], bytes]

_LINE = 1024


class AmiPeer:
    """A listening manager interface. `actions` are all that came, over all connections, in order.

    `answers` maps an action's name to the function that gives its bytes; `silent` swallows everything but the login.
    """

    def __init__(self) -> None:
        self.port = 0
        self.logins = 0
        self.actions: list[Headers] = []
        self.silent = False
        self.answers: dict[str, Answerer] = {
            "Login": self._login,
            "Ping": lambda a: response(a, "Success", Ping="Pong"),
        }
        self._faults: list[str] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    def named(self, action: str) -> list[Headers]:
        """The actions of that name that came so far."""
        return [a for a in self.actions if a["Action"] == action]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds`, which is looked at whenever something comes or a client comes or goes."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(holds)

    async def send(self, *pieces: bytes) -> None:
        """Send to every client, each piece as a read of its own."""
        for piece in pieces:
            for writer in list(self._writers):
                writer.write(piece)
                await writer.drain()
            if len(pieces) > 1:
                # Long enough for the client's loop to read once; nothing is judged by it.
                await asyncio.sleep(0.02)

    def drop(self) -> None:
        """Break every connection at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def clients(self) -> int:
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._take(await reader.readuntil(b"\r\n\r\n"), writer)
        finally:
            self._writers.discard(writer)
            writer.close()
            await self._tell()

    async def _take(self, block: bytes, writer: asyncio.StreamWriter) -> None:
        action = self._parsed(block)
        self.actions.append(action)
        name = action["Action"]
        answer = self.answers.get(name)
        if answer is None:
            self._faults.append(f"unknown action {name}")
        elif name == "Login" or not self.silent:
            writer.write(answer(action))
        await self._tell()

    def _parsed(self, block: bytes) -> Headers:
        pairs = [line.decode().partition(": ") for line in block.removesuffix(b"\r\n\r\n").split(b"\r\n")]
        headers = {name: value for name, _, value in pairs}
        if len(headers) != len(pairs) or not all(name and colon for name, colon, _ in pairs):
            self._faults.append("a malformed action")
        if not {"Action", "ActionID"} <= headers.keys():
            self._faults.append("an action without a name or an id")
        if any(len(name) + 2 + len(value.encode()) + 2 > _LINE for name, _, value in pairs):
            self._faults.append("a line that Asterisk would drop")
        return headers

    def _login(self, action: Headers) -> bytes:
        if action["Secret"] != SECRET:
            return response(action, "Error", Message="Authentication failed")
        self.logins += 1
        return response(action, "Success", Message="Authentication accepted")

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@contextlib.asynccontextmanager
async def ami_peer(port: int = 0) -> AsyncIterator[AmiPeer]:
    """A peer on 127.0.0.1, on any free port unless `port` is given."""
    peer = AmiPeer()
    server = await asyncio.start_server(peer._serve, "127.0.0.1", port)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        peer.drop()
        await server.wait_closed()
    assert not peer._faults, peer._faults


def response(action: Headers, kind: str, **fields: str) -> bytes:
    """A response to `action`."""
    return message(Response=kind, ActionID=action["ActionID"], **fields)


def listing(action: Headers, items: list[Headers], complete: bool = True) -> bytes:
    """A list as the answer to `action`; cut off before its end unless `complete`."""
    start = response(action, "Success", EventList="start", Message="will follow")
    body = b"".join(message(**item, ActionID=action["ActionID"]) for item in items)
    end = message(Event=f"{action['Action']}Complete", ActionID=action["ActionID"], EventList="Complete")
    return start + body + (end if complete else b"")


def message(**fields: str) -> bytes:
    """A message as Asterisk writes it."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


def call_ended(call: object) -> bytes:
    """The user event of the dialplan's hang-up handler."""
    return message(Event="UserEvent", Privilege="user,all", UserEvent="SecondlineCallEnded", Call=str(call))
