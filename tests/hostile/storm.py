"""Sends hostile SIP to a PBX and sees after it whether all is as before: it answers, runs on, and takes calls."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pbx.demo.softphone import SipServer
from tests.hostile.draft import Place, draft
from tests.hostile.mutations import datagrams
from tests.hostile.rfc4475 import ALL
from tests.kit.network import STRANGER, TRUNK, Request, raw_caller

ANSWER_WITHIN = 1.0
_BURST = 200


class Broken(AssertionError):
    """The PBX is not as it was; the text says after what."""


@dataclass
class Storm:
    """Against the PBX at `server`, whose process `pid` tells, with the number `did`. `sent` counts messages."""

    server: SipServer
    did: str
    pid: Callable[[], int | None]
    sent: int = 0
    slowest: float = 0.0
    _first_pid: int | None = field(init=False)

    def __post_init__(self) -> None:
        self._first_pid = self.pid()

    async def rfc4475(self) -> None:
        """Every message of the RFC, from a stranger over UDP and TCP, and from the carrier over UDP. Raises Broken."""
        for sender, protocol in ((STRANGER, "UDP"), (STRANGER, "TCP"), (TRUNK, "UDP")):
            place = Place(self.server.host, self.did, sender, protocol)
            for make in ALL:
                await asyncio.to_thread(self._send, place, make(place))
                await self.is_well(f"{make.__name__} over {protocol} from {sender}")

    async def mutated(self, count: int, seed: int) -> None:
        """`count` mutated datagrams, half from a stranger and half from the carrier. Raises Broken."""
        for sender in (STRANGER, TRUNK):
            place = Place(self.server.host, self.did, sender, "UDP")
            for number, burst in enumerate(_in_bursts(datagrams(place, count // 2, seed))):
                await asyncio.to_thread(self._send_all, sender, burst)
                await self.is_well(f"burst {number} of seed {seed} from {sender}", calls=number % 10 == 0)
            await self.is_well(f"all of seed {seed} from {sender}")

    async def is_well(self, after: str, *, calls: bool = True) -> None:
        """OPTIONS is answered within a second by the same process, and the carrier's next call is taken."""
        began = time.monotonic()
        if not await asyncio.to_thread(self._answers_options):
            raise Broken(f"OPTIONS was not answered in {ANSWER_WITHIN:g} s after {after}")
        self.slowest = max(self.slowest, time.monotonic() - began)
        if self.pid() != self._first_pid or self._first_pid is None:
            raise Broken(f"Asterisk ended after {after}")
        if calls and not await takes_a_call(self.server, self.did):
            raise Broken(f"the next call was not answered in time after {after}")

    def _send(self, place: Place, message: bytes) -> None:
        self.sent += 1
        if place.protocol == "UDP":
            self._send_all(place.sender, [message], counted=True)
            return
        target = (self.server.host, self.server.port)
        with contextlib.suppress(OSError), socket.create_connection(target, 1, (place.sender, 0)) as connection:
            connection.sendall(message)
            connection.settimeout(0.02)
            connection.recv(4096)

    def _send_all(self, sender: str, messages: Iterable[bytes], *, counted: bool = False) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.bind((sender, 0))
            for message in messages:
                sending.sendto(message, (self.server.host, self.server.port))
                self.sent += not counted

    def _answers_options(self) -> bool:
        """Any answer to it will do. A datagram may be lost in a burst, so it is sent again within the second."""
        place = Place(self.server.host, self.did, STRANGER, "UDP")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((STRANGER, 0))
            asking.settimeout(ANSWER_WITHIN / 4)
            for _ in range(4):
                asking.sendto(draft(place).wire(), (self.server.host, self.server.port))
                with contextlib.suppress(TimeoutError):
                    return asking.recv(4096).startswith(b"SIP/2.0 ")
        return False


async def takes_a_call(server: SipServer, did: str, within: float = ANSWER_WITHIN) -> bool:
    """Whether the carrier's call is answered in `within` seconds."""
    async with raw_caller(TRUNK, server) as caller:
        if await caller.calls(Request(f"sip:{did}@{server.host}"), within) != 200:
            return False
        caller.hangs_up()
    return True


async def flood(server: SipServer, rate: int, seconds: float) -> int:
    """INVITEs of a stranger, `rate` a second; how many were sent."""
    place = Place(server.host, "+17175550100", STRANGER, "UDP")
    sent, began = 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((STRANGER, 0))
        while (gone := time.monotonic() - began) < seconds:
            for _ in range(int(gone * rate) - sent):
                sending.sendto(draft(place, "INVITE", with_sdp=True).wire(), (server.host, server.port))
                sent += 1
            await asyncio.sleep(0.005)
    return sent


def _in_bursts(messages: Iterator[bytes]) -> Iterator[list[bytes]]:
    burst: list[bytes] = []
    for message in messages:
        burst.append(message)
        if len(burst) == _BURST:
            yield burst
            burst = []
    if burst:
        yield burst
