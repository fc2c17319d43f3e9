"""I4: whatever lies on the disk or was handed to others after a run is looked through for callers.

A caller can be told by a number that is dialled from in no other place, by a name, and by a voice whose samples are all
alike small (tests/torture/voice.py), so that a piece of any recording shows without knowing which.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import aiohttp
import numpy as np
from numpy.typing import NDArray

from tests.kit.server import secondline
from tests.torture.caller import NAME
from tests.torture.voice import CODES, SAMPLE, packet
from tests.torture.world import EXPORTED, World

_PORTION = 1 << 22
_OVERLAP = 1 << 10
_RUN = 64
"""So many samples of a voice in a row are one: by chance it is one in 10 to the 180."""

ALL = NUMBER, NAMED, VOICE = "a caller's number", "a caller's name", "a piece of a recording"
_PLANTED, _NOBODYS = "planted", "+12159999999"
"""A file with all of it, which must be found, and the number in it."""

_NUMBER = re.compile(rb"2[0-9]{2}[-. )]{0,2}[0-9]{3}[-. ]?[0-9]{4}")
_SAMPLES = np.zeros(1 << 16, bool)
_SAMPLES[[int.from_bytes(SAMPLE[code], "little") for code in CODES]] = True
_BYTES = np.zeros(1 << 8, bool)
_BYTES[list(CODES)] = True


async def leaks(world: World, numbers: Collection[str]) -> list[str]:
    """Where something of a caller is; `numbers` are all that were dialled from. What is found is not repeated."""
    callers = frozenset(number.removeprefix("+1").encode() for number in (*numbers, _NOBODYS))
    found = await asyncio.to_thread(_on_the_disk, world, callers)
    found = [f"{what} was planted and not found" for what in ALL if f"{what} is in {_PLANTED}" not in found] + [
        text for text in found if not text.endswith(_PLANTED)
    ]
    told = [("a request to a program", text) for text in world.hook.taken]
    told += [("a request's headers", repr(headers).encode()) for headers in world.hook.headers]
    told += [("a mail", text) for text in world.post.boxes.raw]
    told += [("the figures", await _figures(world)), ("the status", await _status(world))]
    found += [f"{what} is in {where}" for where, text in told for what in in_text(text, callers)]
    return sorted(set(found))


def _on_the_disk(world: World, callers: frozenset[bytes]) -> list[str]:
    folder, run = world.practice.data.parent, world.layout.run
    (folder / _PLANTED).write_bytes(b"\0".join((_NOBODYS.encode(), NAME.encode(), packet(_NOBODYS, 1))))
    found = []
    for path in {*folder.rglob("*"), *run.rglob("*")}:
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        shown = name.with_name(f"(a file {name.suffix})") if in_text(str(name).encode(), callers) else name
        if shown != name:
            found.append(f"a number or a name is in the name of {shown}")
        if path.is_file() and not path.is_symlink() and path.name != EXPORTED:
            found += [f"{what} is in {shown}" for portion in _portions(path) for what in in_text(portion, callers)]
    return found


def _portions(path: Path) -> Iterator[bytes]:
    """A file in pieces that overlap; one that went away meanwhile has none."""
    try:
        with path.open("rb") as file:
            kept = b""
            while data := file.read(_PORTION):
                yield kept + data
                kept = data[-_OVERLAP:]
    except FileNotFoundError:
        return


def in_text(text: bytes, callers: frozenset[bytes]) -> list[str]:
    found = []
    if any(re.sub(rb"[^0-9]", b"", number) in callers for number in _NUMBER.findall(text)):
        found.append(NUMBER)
    if NAME.encode() in text:
        found.append(NAMED)
    if has_a_voice(text):
        found.append(VOICE)
    return found


def has_a_voice(data: bytes) -> bool:
    """Whether a stretch of a caller's voice is in `data`, as linear samples or as it came."""
    if _longest(_BYTES[np.frombuffer(data, np.uint8)]) >= _RUN:
        return True
    halves = (data[start : start + (len(data) - start) // 2 * 2] for start in (0, 1))
    return any(_longest(_SAMPLES[np.frombuffer(half, "<u2")]) >= _RUN for half in halves)


def _longest(good: NDArray[np.bool_]) -> int:
    """The longest row of what is true."""
    ends = np.flatnonzero(~good)
    return int(np.diff(np.concatenate(([-1], ends, [len(good)]))).max()) - 1


async def _figures(world: World) -> bytes:
    url = f"http://127.0.0.1:{world.practice.web_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.read()


async def _status(world: World) -> bytes:
    return (await secondline("status", "--json", *world.files)).out.encode()
