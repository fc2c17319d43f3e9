"""The parts of `make torture` that look for what is wrong find it where it is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.torture.plain import has_a_voice, in_text
from tests.torture.summary import in_words, report_of
from tests.torture.voice import SAMPLE, packet
from tests.torture.wire import Duplicated, Lost, Shuffled, Way, Wire, wire

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
ANSWER = b"Response: Success\r\nActionID: 7\r\n\r\n"
LISTED = b"Event: Status\r\nActionID: 7\r\n\r\n"
EVENTS = [b"Event: UserEvent\r\nCall: %d\r\n\r\n" % n for n in range(12)]
CALLERS = frozenset({b"2152000001"})

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def link(peer: Peer) -> AsyncIterator[tuple[Wire, asyncio.StreamReader]]:
    """A wire to a manager port where `peer` answers, with the controller's end of it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, wire(lambda: port) as made:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        try:
            yield made, reader
        finally:
            writer.close()


def says(*pieces: bytes) -> Peer:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    return peer


async def test_a_wire_passes_everything_as_it_is() -> None:
    said = GREETING + ANSWER + b"".join(EVENTS) + LISTED
    halves = [said[at : at + 17] for at in range(0, len(said), 17)]
    async with link(says(*halves)) as (_, reader):
        async with asyncio.timeout(5):
            assert await reader.read(-1) == said


@pytest.mark.parametrize(("way", "least", "most"), [(Duplicated, 2, 2), (Shuffled, 1, 1), (Lost, 0, 1)])
async def test_events_are_tampered_with_and_answers_are_not(
    way: Callable[[random.Random], Way], least: int, most: int
) -> None:
    begin = asyncio.Event()

    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await begin.wait()
        await says(GREETING, *EVENTS[:6], ANSWER, *EVENTS[6:], LISTED)(_, writer)
        await asyncio.sleep(0.5)

    async with link(peer) as (made, reader):
        failing = asyncio.create_task(made.fails(way(random.Random(3)), 0.4, 5))
        await asyncio.sleep(0)
        begin.set()
        async with asyncio.timeout(5):
            got, met = await reader.read(-1), await failing
    assert met == len(EVENTS)
    assert got.count(ANSWER) == got.count(LISTED) == 1
    assert all(least <= got.count(event) <= most for event in EVENTS)
    assert b"".join(EVENTS) not in got.replace(ANSWER, b"")
    assert got.index(ANSWER) < got.index(LISTED)


async def test_a_cut_ends_in_the_middle_of_an_event_and_lets_nobody_in() -> None:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await says(GREETING, ANSWER)(_, writer)
        await asyncio.sleep(0.1)
        await says(*EVENTS)(_, writer)

    async with link(peer) as (made, reader):
        assert await reader.readuntil(b"\r\n\r\n") == GREETING + ANSWER
        cutting = asyncio.create_task(made.is_cut(5, 0.5))
        async with asyncio.timeout(5):
            assert await reader.read(-1) == EVENTS[0][: len(EVENTS[0]) // 2]
            other, writer = await asyncio.open_connection("127.0.0.1", made.port)
            assert await other.read(-1) == b""
            writer.close()
            assert await cutting


@pytest.mark.parametrize(
    "text", [b"+12152000001", b"(215) 200-0001", b"215.200.0001", b'"Quillfeather" <sip:', b"name=Quillfeather"]
)
def test_a_number_or_a_name_is_found(text: bytes) -> None:
    assert len(in_text(b"\0\xff" * 9 + text + b"\n", CALLERS)) == 1


@pytest.mark.parametrize("text", [b"+12152000002", b"2026-11-28T06:30:00Z 2152", bytes(range(256)) * 9, b""])
def test_what_is_none_of_a_caller_is_not_found(text: bytes) -> None:
    assert in_text(text, CALLERS) == []


@pytest.mark.parametrize("before", [0, 1, 44, 4001])
def test_a_piece_of_a_voice_is_found_however_it_lies(before: int) -> None:
    came = packet("+12152000001", 3)
    linear = b"".join(SAMPLE[code] for code in came)
    noise = random.Random(1).randbytes(before)
    assert has_a_voice(noise + came) and has_a_voice(noise + linear)
    assert not has_a_voice(noise + random.Random(2).randbytes(100_000) + linear[:64])


def test_a_report_of_nothing_wrong_says_how_much_that_is_worth() -> None:
    run = {
        "seed": 3, "calls": 20, "kills": 10, "messages": 9, "seconds": 90.0, "wrong": {}, "longest_tail_s": 1.0,
        "greeting_p99_s": 0.5, "faults": {"controller killed": 10}, "next_call_served_s": {"controller killed": 0.4},
        "attempts_of_thieves": {"phone, controller up": 4}, "audit_rows_verified": 80, "mails": 5,
        "mails_that_came_again_with_the_same_id": 0,
    }  # fmt: skip
    report = report_of([run], {"datagrams": 5, "seed": 3, "wrong": [], "seconds": 1.0})
    said = in_words(report, __file__)
    assert "Nothing was found in 10 kills: the true rate is below 30.0%" in said
    assert report["findings"] == 0
    worse = report_of([run | {"wrong": {"I1": ["a call is missing"]}}], None)
    assert worse["findings"] == 1
    assert "I1, seed 3: a call is missing" in in_words(worse, __file__)
    assert len(said.splitlines()) < 24
