"""`secondline demo`: the main job on a throw-away practice, with real calls, told as a story."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import takewhile
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import ProgramMissing
from pbx.config.check import in_plain_words
from pbx.config.load import Practice, load
from pbx.database import open_records
from pbx.demo.baresip import ClientFailed
from pbx.demo.command import CommandFailed
from pbx.demo.practice import DemoPractice, write_practice
from pbx.demo.scenes import SCENES, Scene
from pbx.demo.server import ServerFailed, ServerProcess
from pbx.demo.speech import SpeechFailed
from pbx.demo.stage import SceneFailed, Stage
from pbx.output import call_table, console
from voicemail.transcribe.recogniser import RecogniserProcess, RecognitionFailed, WorkerOptions

STATE = Path(__file__).resolve().parents[2] / "var"
"""Where the practice lies while it lives: in the checkout, so that nothing is left elsewhere."""

NotAsItShould = (SceneFailed, CommandFailed, ClientFailed, SpeechFailed, RecognitionFailed, TimeoutError)


def demo(*, keep: bool) -> int:
    """Play all scenes; 0 if every call went as it should. `keep` leaves the practice's folder to look at."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=STATE))
    out = console()
    try:
        return asyncio.run(_play(folder, out))
    except (ServerFailed, ProgramMissing) as error:
        out.print(f"[red]{escape(str(error))}[/red]")
        return 1
    finally:
        if keep:
            out.print(f"The practice's folder is {folder}.")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _play(folder: Path, out: Console) -> int:
    began = time.monotonic()
    written = write_practice(folder, ring_seconds=5)
    practice = load(written.file)
    _introduce(practice, out)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(ServerProcess(written.file, written.data, written.web_port))
        out.print(f"The server is ready after {time.monotonic() - began:.1f} s: Asterisk, PostgreSQL, recogniser.")
        records = await stack.enter_async_context(open_records(practice.settings, Layout(written.data)))
        listener = await stack.enter_async_context(RecogniserProcess(WorkerOptions("moonshine")))
        stage = Stage(written, folder, records, listener, out)
        failed = [scene.title for scene in SCENES if not await _went_well(scene, stage)]
        calls = await records.calls.calls(None, None, 100)
        out.print()
        out.print(call_table(calls, practice.policy))
        if len(calls) != (wanted := sum(scene.calls for scene in SCENES)):
            failed.append(f"the log has {len(calls)} calls instead of {wanted}")
    return _conclude(failed, written, time.monotonic() - began, out)


def _introduce(practice: Practice, out: Console) -> None:
    out.print(f"[bold]{escape(practice.policy.practice)}[/bold], a throw-away practice on this machine. Its file says:")
    for line in _about_numbers(practice):
        out.print(Padding(Text(line.lstrip()), (0, 0, 0, 2 + len(line) - len(line.lstrip()))))


def _about_numbers(practice: Practice) -> Iterator[str]:
    """What the file says of each number; the rest would be too long for the beginning of a story."""
    _, *lines = in_plain_words(practice)
    yield from takewhile(lambda line: line.startswith(("(", " ")), lines)
    yield "(`secondline check` says the rest: menus, people, phones, rules by caller, the machine.)"


async def _went_well(scene: Scene, stage: Stage) -> bool:
    stage.begin(scene.title)
    try:
        await scene.play(stage)
    except NotAsItShould as error:
        stage.console.print(f"  [red]Not as it should be: {escape(str(error) or type(error).__name__)}[/red]")
        return False
    stage.tell("All as it should be.")
    return True


def _conclude(failed: list[str], practice: DemoPractice, seconds: float, out: Console) -> int:
    out.print()
    if failed:
        out.print(f"[red]{len(failed)} of {len(SCENES)} did not go as they should: {escape('; '.join(failed))}[/red]")
        return 1
    out.print(f"All {len(SCENES)} scenes went as they should, in {seconds:.0f} s. Nothing left this machine.")
    out.print("Your own practice: copy docs/examples/solo.toml to practice.toml, then `secondline check`.")
    return 0
