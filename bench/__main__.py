"""`python -m bench`: all figures in one run on one Asterisk; prints a table and writes `var/bench.json`."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from statistics import median

from bench.answering import answer_figures, capacity_figures
from bench.auditing import audit_figures
from bench.changing import check_figure, reload_figure, write_large
from bench.deciding import decision_figure
from bench.figures import Figure, as_json, table
from bench.flooding import flood_figures
from bench.footprint import asterisk_after_overload, machine, memory_figures, start_seconds
from bench.hearing import hearing_figures
from bench.live import live_figures
from bench.messages import transcript_figures
from bench.plain import plain_figure
from bench.practice import BenchFailed, Measured, add_static_number, write
from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import ProgramMissing
from pbx.config.load import load
from pbx.database import open_records
from pbx.demo.baresip import ClientFailed
from pbx.demo.server import ServerFailed, ServerProcess
from pbx.demo.speech import SpeechFailed

STATE = Path(__file__).resolve().parents[1] / "var"
RESULT = STATE / "bench.json"
COLD_STARTS = 3
COLD_START_GOAL = 6.0

_NotMeasured = (BenchFailed, ServerFailed, ClientFailed, SpeechFailed, ProgramMissing)


def main() -> int:
    """Measure everything; 0 when that could be done, whether or not the goals are met."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=STATE))
    try:
        figures = [*asyncio.run(_measure(folder, _teller())), machine()]
    except _NotMeasured as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    RESULT.write_text(json.dumps(as_json(figures), indent=2) + "\n", encoding="utf-8")
    print(f"\n{table(figures)}\n\nThe same in {RESULT.relative_to(STATE.parent)}.")
    return 0


def _teller() -> Callable[[str], None]:
    began = time.monotonic()
    return lambda sentence: print(f"{time.monotonic() - began:5.0f} s  {sentence}", flush=True)


async def _measure(folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    practice = write(folder)
    server = ServerProcess(practice.file, practice.data, practice.web_port)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_stop, server)
        figures = await _start_figures(server, tell)
        figures += await _large_figures(folder / "large", tell)
        figures += await audit_figures(folder / "audit", tell)
        records = await stack.enter_async_context(open_records(load(practice.file).settings, Layout(practice.data)))
        measured = Measured(practice, server, records, folder, tell)
        await add_static_number(measured.console)
        figures += await answer_figures(measured)
        figures += await flood_figures(measured)
        figures += await transcript_figures(measured)
        memory = memory_figures(measured)
        figures += await capacity_figures(measured)
        plain = await plain_figure(measured)
        overload = asterisk_after_overload(measured)
        figures += await live_figures(measured)  # starts the server anew, and so loses the peer's number
        tell("word errors on Asterisk's prompts")
        figures += await hearing_figures()
        return [*figures, *memory, plain, overload]


async def _large_figures(folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    folder.mkdir()
    file = write_large(folder)
    decisions = decision_figure(load(file).policy)
    return [decisions, await check_figure(file, tell), await reload_figure(file, tell)]


async def _start_figures(server: ServerProcess, tell: Callable[[str], None]) -> list[Figure]:
    """The first start makes database, prompts and files; the others find them. The last leaves the server running."""
    first = await start_seconds(server)
    tell(f"first start: ready after {first:.1f} s")
    cold: list[float] = []
    while len(cold) < COLD_STARTS:
        await server.stop()
        cold.append(await start_seconds(server))
        tell(f"start {len(cold) + 1}: ready after {cold[-1]:.1f} s")
    return [Figure("first_start_s", first, "s"), Figure("cold_start_s", median(cold), "s").at_most(COLD_START_GOAL)]


async def _stop(server: ServerProcess) -> None:
    # The start itself may be what failed.
    with suppress(ServerFailed):
        await server.stop()


if __name__ == "__main__":
    sys.exit(main())
