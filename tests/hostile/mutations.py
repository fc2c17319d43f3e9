"""Mutated datagrams: out of good and bad messages, by a seed, so that what was found can be sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from tests.hostile.draft import Place, draft
from tests.hostile.rfc4475 import ALL

LONGEST = 8000
"""Bytes of a datagram that loopback and Asterisk take without fragments of ours."""

_TEXTS = (
    *(b"\x00", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"%00", b"%0d%0aEvent: x", b"\xff\xfe", b"\xc3\x28", b" ", b"\t"),
    *(b'"', b"<", b">", b";", b",", b"=", b"\\", b"@", b"[", b"[::1]", b"sip:", b"sips:", b"tel:", b"A" * 300),
    *(b"-1", b"0", b"4294967296", b"99999999999999999999", b"${SHELL(id)}", b"%s%n%x", b"Content-Length: 0\r\n"),
    b"Via: SIP/2.0/UDP 127.0.0.9\r\n",
)
_METHODS = ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "BYE", "CANCEL", "ACK", "REFER")

Mutation = Callable[[Random, bytes], bytes]


def _flip(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


def _put(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(_TEXTS) + data[place:]


def _cut(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + data[place + random.randrange(1, 60) :]


def _end(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(1, len(data) + 1)]


def _repeat(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    piece = data[place : place + random.randrange(1, 80)]
    return data[:place] + piece * random.randrange(2, 40) + data[place:]


def _swap_lines(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _noise(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + random.randbytes(random.randrange(1, 40)) + data[place:]


_MUTATIONS: tuple[Mutation, ...] = (_flip, _put, _cut, _end, _repeat, _swap_lines, _noise)


def datagrams(place: Place, count: int, seed: int) -> Iterator[bytes]:
    """`count` of them. The same seed gives the same changes (ids within the messages are random)."""
    random = Random(seed)
    corpus = [*(make(place) for make in ALL), *(draft(place, m, with_sdp=m == "INVITE").wire() for m in _METHODS)]
    for _ in range(count):
        data = random.choice(corpus)
        for _ in range(random.randrange(1, 7)):
            data = random.choice(_MUTATIONS)(random, data) or b"\r\n"
        yield data[:LONGEST]
