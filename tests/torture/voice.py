"""A voice of which every twenty milliseconds can be told from all others: what is missing of a recording shows exactly.

Each RTP packet holds µ-law codes (ITU-T G.711) made from the call and the packet's number. Asterisk turns them into
linear samples without loss, so a recording is read back as a list of packet numbers. The samples are so small that the
recording counts as silent: what is tortured here is not the recogniser.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

PACKET = 160
"""Bytes, and samples, of twenty milliseconds at 8 kHz."""

PACKET_SECONDS = 0.02
_SMALLEST = 0x70
"""Of the sixteen codes of the lowest segment those that are not zero stand for ±8 to ±56 here; ±0 has two codes."""


def _linear(code: int) -> int:
    """G.711 µ-law code to a 16 bit sample."""
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84 << ((inverted & 0x70) >> 4)) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


CODES = bytes(code | sign for sign in (0x00, 0x80) for code in range(_SMALLEST + 8, _SMALLEST + 15))
SAMPLE = {code: _linear(code).to_bytes(2, "little", signed=True) for code in range(256)}


def packet(call: str, number: int) -> bytes:
    """The µ-law bytes of one packet."""
    digest = hashlib.shake_128(f"{call}/{number}".encode()).digest(PACKET)
    return bytes(CODES[byte % len(CODES)] for byte in digest)


@dataclass(frozen=True, slots=True)
class Found:
    """What of a voice is in a recording: the first and the last packet, how many, and how often others came between.

    `strange` counts stretches of a packet's length that are none of this voice: another call's, or torn ones.
    """

    first: int
    last: int
    count: int
    jumps: int
    strange: int


def found_in(call: str, sent: int, pcm: bytes) -> Found | None:
    """Look for the first `sent` packets of a call in a recording's samples (16 bit); None if there is none of them."""
    numbers = {b"".join(SAMPLE[code] for code in packet(call, n)): n for n in range(sent)}
    start = _aligned(numbers, pcm)
    if start is None:
        return None
    length = 2 * PACKET
    heard = [numbers.get(pcm[at : at + length]) for at in range(start, len(pcm) - length + 1, length)]
    known = [number for number in heard if number is not None]
    silence = bytes(length)
    quiet = sum(pcm[at : at + length] == silence for at in range(start, len(pcm) - length + 1, length))
    jumps = sum(other != one + 1 for one, other in pairwise(known))
    return Found(known[0], known[-1], len(known), jumps, len(heard) - len(known) - quiet)


def _aligned(numbers: dict[bytes, int], pcm: bytes) -> int | None:
    length = 2 * PACKET
    for start in range(0, max(0, min(len(pcm), 20 * length) - length + 1), 2):
        if pcm[start : start + length] in numbers:
            return start
    return None
