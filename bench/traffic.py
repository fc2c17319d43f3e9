"""Many calls at a steady rate: sipp plays the carrier and says how long each answer took."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.programs import find_sipp
from pbx.demo.softphone import SipServer

_SCENARIO = Path(__file__).with_name("call.xml")
_GRACE_SECONDS = 4.0
_LATE = 1.15
_LONGEST_ANSWER_MS = 2000.0
_MOST_AT_ONCE = 3000


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` to `number`, `rate` a second; each hangs up as soon as it is answered."""

    number: str
    rate: int
    calls: int


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of a load: from INVITE to 200 OK in milliseconds for each call that was answered."""

    load: Load
    answers_ms: tuple[float, ...]
    seconds: float
    all_went_well: bool

    @property
    def held(self) -> bool:
        """Whether no call failed, none waited too long, and the rate was really reached."""
        in_time = self.seconds <= self.load.calls / self.load.rate * _LATE + 1
        all_answered = len(self.answers_ms) == self.load.calls and max(self.answers_ms) <= _LONGEST_ANSWER_MS
        return self.all_went_well and all_answered and in_time


async def burst(load: Load, server: SipServer, carrier: str) -> Burst:
    """Send `load` to `server` from the address `carrier`; takes at most a few seconds longer than planned."""
    with tempfile.TemporaryDirectory(prefix="sipp-") as folder:
        began = time.monotonic()
        status = await _run(_words(load, server, carrier), folder, load.calls / load.rate + _GRACE_SECONDS)
        seconds = time.monotonic() - began
        return Burst(load, _answers(Path(folder)), seconds, status == 0)


def _words(load: Load, server: SipServer, carrier: str) -> tuple[str, ...]:
    return (
        *("-sf", str(_SCENARIO), "-i", carrier, "-s", load.number, f"{server.host}:{server.port}"),
        *("-r", str(load.rate), "-m", str(load.calls), "-l", str(_MOST_AT_ONCE)),
        *("-trace_rtt", "-rtt_freq", "200", "-nostdin"),
    )


async def _run(words: tuple[str, ...], folder: str, within: float) -> int | None:
    """sipp's exit status: 0 when every call went well; None when it had to be stopped."""
    program = find_sipp()
    process = await asyncio.create_subprocess_exec(
        *program.command(*words),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **program.env},
    )
    try:
        async with asyncio.timeout(within):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _answers(folder: Path) -> tuple[float, ...]:
    """The answer times out of sipp's own file: `Date_ms;response_time_ms;rtd_no`, under a heading."""
    lines = [line for path in folder.glob("*_rtt.csv") for line in path.read_text().splitlines()[1:]]
    return tuple(float(line.split(";")[1]) for line in lines)
