"""A patient without a telephone: SIP and RTP from one socket each, so that many of them fit on two cores."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import struct
from dataclasses import dataclass, field

import numpy as np

from pbx.demo.hearing import BEEP_HERTZ
from pbx.demo.softphone import SipServer
from tests.kit.network import TRUNK, RawCaller, Request
from tests.torture.voice import PACKET, PACKET_SECONDS, packet

ANSWER_WITHIN = 12.0
EARLY = "early"
"""The plan of a caller who hangs up in the greeting."""

NAME = "Quillfeather"
"""Of every caller, as the carrier tells it: it stands nowhere else."""

TONE_WITHIN = 20.0
DEAD_SECONDS = 10.0
"""Twice the longest that a controller that hangs makes a caller wait for the next word."""

_LOUD = 200.0
_TONE_PACKETS = 8
_DECODED = np.array(
    [
        (-1 if ~code & 0x80 else 1) * (((((~code & 0x0F) << 3) + 0x84) << ((~code & 0x70) >> 4)) - 0x84)
        for code in range(256)
    ],
    dtype=np.float64,
)
_TURN = np.exp(-2j * np.pi * BEEP_HERTZ / 8000 * np.arange(PACKET))


@dataclass
class Account:
    """What a caller did and heard; times are of the loop's clock, seconds. `number` is the caller's own, E.164."""

    number: str
    dialled: str
    plan: str
    dialled_at: float = 0.0
    answered_at: float | None = None
    heard_at: float | None = None
    tone_at: float | None = None
    tone_packet: int = 0
    ended_at: float = 0.0
    by_server: bool = False
    sent: int = 0
    sent_at: list[float] = field(default_factory=list)
    status: int = 0

    @property
    def spoke(self) -> float:
        """Seconds after the tone."""
        return (self.sent - self.tone_packet) * PACKET_SECONDS if self.tone_at is not None else 0.0


@dataclass
class Line(RawCaller):
    """The signalling of one call. Requests are sent again until they are answered (RFC 3261 section 17.1.1.2)."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    media: tuple[str, int] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith("BYE "):
            self.ended.set()
        if text.startswith("SIP/2.0 200") and " INVITE" in text and (port := re.search(r"m=audio (\d+)", text)):
            self.media = (self.server.host, int(port[1]))
        super().datagram_received(data, addr)

    async def invite(self, request: Request, within: float, longest_pause: float = 4.0) -> int:
        """Send it until something comes back, then wait for the final status; 0 where none comes."""
        self.dials(request)
        sent, loop = self._sent + "\r\n\r\n" + self._body, asyncio.get_running_loop()
        until, pause = loop.time() + within, 0.5
        while loop.time() < until:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(pause, max(0.01, until - loop.time()))):
                    while not any(status >= 200 for status in self.statuses):
                        await asyncio.sleep(0.01)
                    return self.statuses[-1]
            if not self.statuses:
                self._send(sent)
            pause = min(pause * 2, longest_pause)
        return 0


class Ear(asyncio.DatagramProtocol):
    """What comes back: when there was sound, and when a tone was over."""

    def __init__(self) -> None:
        self.sound, self.tone = asyncio.Event(), asyncio.Event()
        self._last = 0.0
        self._tones = self._others = 0

    def begins(self) -> None:
        """The call is answered."""
        self._last = asyncio.get_running_loop().time()

    async def is_dead(self) -> None:
        """Wait until nothing at all came for so long that a person hangs up."""
        loop = asyncio.get_running_loop()
        while (quiet := loop.time() - self._last) < DEAD_SECONDS:
            await asyncio.sleep(DEAD_SECONDS - quiet)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._last = asyncio.get_running_loop().time()
        payload = np.frombuffer(data[12 : 12 + PACKET], np.uint8)
        if len(payload) < PACKET:
            return
        samples = _DECODED[payload]
        power = float(np.sum(samples**2))
        loud = power > PACKET * _LOUD**2
        if loud:
            self.sound.set()
        if loud and 2 * abs(complex(np.dot(samples, _TURN))) ** 2 / PACKET > 0.85 * power:
            self._tones, self._others = self._tones + 1, 0
            return
        self._others += 1
        if self._tones >= _TONE_PACKETS:
            self.tone.set()
        if self._others > 1:
            self._tones = 0


@dataclass
class Caller:
    """Dials `dialled`, and either hangs up in the greeting or speaks for `seconds` after the tone."""

    server: SipServer
    number: str
    dialled: str
    patience: random.Random
    seconds: float

    async def call(self, early: bool, within: float = ANSWER_WITHIN, longest_pause: float = 4.0) -> Account:
        """One call from the first packet to the last; it is given up where nobody answers it `within` seconds."""
        account = Account(self.number, self.dialled, EARLY if early else "message")
        loop = asyncio.get_running_loop()
        signalling, line = await loop.create_datagram_endpoint(lambda: Line(TRUNK, self.server), local_addr=(TRUNK, 0))
        speech, ear = await loop.create_datagram_endpoint(Ear, local_addr=(TRUNK, 0))
        line.starts(signalling)
        line.media_port = speech.get_extra_info("sockname")[1]
        try:
            account.dialled_at = loop.time()
            account.status = await line.invite(self._request(), within, longest_pause)
            if account.status == 200 and line.media is not None:
                account.answered_at = loop.time()
                await self._talk(account, line, speech, ear)
            else:
                await self._give_up(account, line)
        finally:
            account.ended_at = loop.time()
            signalling.close()
            speech.close()
        return account

    async def _give_up(self, account: Account, line: Line) -> None:
        """Take the INVITE back; where it was answered all the same in that moment, hang up."""
        line.gives_up()
        await asyncio.sleep(0.5)
        if 200 in line.statuses and line.media is not None:
            account.answered_at = asyncio.get_running_loop().time()
            line.hangs_up()

    def _request(self) -> Request:
        return Request(f"sip:{self.dialled}@{self.server.host}", f'"{NAME}" <sip:{self.number}@carrier.example>')

    async def _talk(self, account: Account, line: Line, speech: asyncio.DatagramTransport, ear: Ear) -> None:
        assert line.media is not None
        speaking = asyncio.create_task(self._speak(account, speech, line.media))
        try:
            if account.plan == EARLY:
                await self._wait(line, self.patience.uniform(0.2, 1.2))
            else:
                await self._until_message(account, line, ear)
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
        account.by_server = line.ended.is_set()
        if not account.by_server:
            line.hangs_up()
            await self._wait(line, 0.2)

    async def _until_message(self, account: Account, line: Line, ear: Ear) -> None:
        loop = asyncio.get_running_loop()
        ear.begins()
        if await self._first(line, ear, ear.sound):
            account.heard_at = loop.time()
        if await self._first(line, ear, ear.tone):
            account.tone_at, account.tone_packet = loop.time(), account.sent
            await self._wait(line, self.seconds)

    @staticmethod
    async def _first(line: Line, ear: Ear, event: asyncio.Event) -> bool:
        """Whether `event` comes before the call ends, the line is dead or the time is over."""
        waits = [asyncio.ensure_future(what) for what in (event.wait(), line.ended.wait(), ear.is_dead())]
        await asyncio.wait(waits, timeout=TONE_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return event.is_set()

    @staticmethod
    async def _wait(line: Line, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await line.ended.wait()

    async def _speak(self, account: Account, speech: asyncio.DatagramTransport, to: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            number = account.sent
            header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * PACKET, 0x5EC0D11E)
            speech.sendto(header + packet(self.number, number), to)
            account.sent_at.append(loop.time())
            account.sent += 1
            await asyncio.sleep(max(0.0, began + account.sent * PACKET_SECONDS - loop.time()))
