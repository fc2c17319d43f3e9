"""How long the practice's people wait when they change the file of a large practice: for its check, for its reload."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.large import large_file
from bench.practice import BenchFailed, write
from pbx.asterisk.layout import Layout
from pbx.asterisk.programs import find_flite
from pbx.config.load import load
from pbx.demo.server import ServerProcess
from pbx.domain.policy import Policy
from voicemail.greetings import MANIFEST, RENDERING, prompts_of, render_prompts
from voicemail.prompt_audio import source_of

GOAL = 2.0
RUNS = 3
_DONE_WITHIN = 120.0


def write_large(folder: Path) -> Path:
    """Write the large practice's file into `folder`, with the ports of a practice that may run here."""
    small = write(folder)
    text = small.file.read_text(encoding="utf-8")
    file = folder / "large.toml"
    file.write_text(large_file(text[text.index("[server]") :]), encoding="utf-8")
    return file


async def check_figure(file: Path, tell: Callable[[str], None]) -> Figure:
    """`secondline check` from its start to its end, on a machine that has made none of the greetings yet."""
    waits = [await _command("check", file, file.parent / "none") for _ in range(RUNS)]
    tell(f"a check of the large practice: {', '.join(f'{wait:.1f} s' for wait in waits)}")
    return Figure("check_large_s", median(waits), "s").at_most(GOAL)


async def reload_figure(file: Path, tell: Callable[[str], None]) -> Figure:
    """`secondline reload` from its start until it has said that new calls follow the new file.

    Before each one a greeting, a phone and how long somebody rings have changed.
    """
    data = file.parent / "large"
    policy = load(file).policy
    await asyncio.to_thread(_made_long_ago, policy, Layout(data))
    server = ServerProcess(file, data, load(file).settings.web.port)
    async with server:
        waits = []
        for run in range(RUNS):
            _change(file, run)
            waits.append(await _command("reload", file, data))
            tell(f"a reload of the large practice: {waits[-1]:.1f} s")
    return Figure("reload_large_s", median(waits), "s").at_most(GOAL)


def _change(file: Path, run: int) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in (
        (f"You have reached line {run} of", f"This is line {run} of"),
        (f'phones = ["p{2 * run}-desk"]', f'phones = ["p{2 * run}-desk", "p{2 * run}-new"]'),
        (f'{{ ring = "p{210 + run}", seconds = 20 }}', f'{{ ring = "p{210 + run}", seconds = 30 }}'),
    ):
        if old not in text:
            raise BenchFailed("The large practice has nothing that could be changed.")
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


async def _command(name: str, file: Path, data: Path) -> float:
    words = (sys.executable, "-m", "pbx.cli", name, "--config", str(file), "--data", str(data), "--json")
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(_DONE_WITHIN):
        said, complained = await process.communicate()
    waited = time.monotonic() - began
    if process.returncode:
        raise BenchFailed(f"`secondline {name}` failed: {(said + complained).decode(errors='replace')[-500:]}")
    if name == "reload" and "new calls follow the new file" not in json.loads(said)["changed"]:
        raise BenchFailed("A reload did not take the changed file.")
    return waited


def _made_long_ago(policy: Policy, layout: Layout) -> None:
    """Put a sound for every prompt where the server keeps them, as if it had made them at an earlier start.

    Speaking a thousand greetings takes minutes, and what is measured here begins after that.
    """
    layout.make()
    few = Policy("", policy.practice, policy.country, policy.timezone, policy.emergency_sentence, {})
    render_prompts(few, layout.greetings, find_flite())
    sound = layout.greetings / "default.wav"
    made = {}
    for name, greeting in prompts_of(policy).items():
        if name != "default":
            shutil.copyfile(sound, layout.greetings / f"{name}.wav")
        result = hashlib.sha256(sound.read_bytes()).hexdigest()
        made[name] = {"source": f"{RENDERING}:{source_of(greeting)}", "result": result}
    (layout.greetings / MANIFEST).write_text(json.dumps(made), encoding="utf-8")
    if render_prompts(policy, layout.greetings, None):
        raise BenchFailed("The prompts of the large practice are not taken as made.")
