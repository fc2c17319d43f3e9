"""From the hang-up to the words, with four calls recording at once: followed while recorded, and taken as a whole."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp

from bench.figures import Figure, percentile
from bench.messages import TEXT, cut, must_be_all_there, transcribed
from bench.practice import ROUTED, BenchFailed, Measured
from pbx.config.load import load
from pbx.database import open_records
from pbx.demo.patient import Patient
from pbx.demo.speech import speak
from pbx.domain.call import MessageRecord

LINES: tuple[tuple[int, ...], ...] = ((180,), (180,), (60,) * 3, (15,) * 8)
"""What is said on each of four lines, one message after the other: all of them talk for about three minutes."""

GOAL_SECONDS = 1.5
_GREETED_WITHIN = 60.0
_WRITTEN = re.compile(r'^secondline_head_starts_total\{result="written"\} (\S+)$', re.MULTILINE)


async def live_figures(measured: Measured) -> list[Figure]:
    """`transcript_live_p95_s_…` beside `transcript_batch_p95_s_…`: the same messages on the same machine, twice.

    A wait is what the database says: from the end of the call to the writing of the words.
    """
    wav = measured.folder / "long-speech.wav"
    if await speak(" ".join(TEXT * 5), wav) < max(map(max, LINES)):
        raise BenchFailed("The voice spoke too little.")
    before = await _followed(measured)
    live = await _all_lines(measured, wav, "live")
    share = (await _followed(measured) - before) / sum(map(len, LINES))
    await _restart(measured, "live = false")
    batch = await _all_lines(measured, wav, "batch")
    await _restart(measured, "live = true")
    figures = [Figure("transcript_live_share", share, "").at_least(1.0)]
    for length in sorted(live):
        slow, quick = percentile(batch[length], 95), percentile(live[length], 95)
        figures.append(Figure(f"transcript_live_p95_s_{length}", quick, "s").beside(slow).at_most(GOAL_SECONDS))
        figures.append(Figure(f"transcript_batch_p95_s_{length}", slow, "s").beside(float(length)))
    return figures


async def _all_lines(measured: Measured, speech: Path, how: str) -> dict[int, list[float]]:
    """The waits by the length of the message."""
    # Opened anew, because a server that was started anew has started its database anew.
    settings = load(measured.practice.file).settings
    async with open_records(settings, measured.layout) as records:
        return await _waits(replace(measured, records=records), speech, how)


async def _waits(measured: Measured, speech: Path, how: str) -> dict[int, list[float]]:
    prefix = {"live": "+121555", "batch": "+121556"}[how]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_one_line(measured, speech, f"{prefix}5{line}", lengths))
                for line, lengths in enumerate(LINES)
            ]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    waits: dict[int, list[float]] = {}
    for lengths, task in zip(LINES, tasks, strict=True):
        for length, waited in zip(lengths, task.result(), strict=True):
            measured.tell(f"{how}: the words of {length} s were there {waited:.2f} s after the hang-up")
            waits.setdefault(length, []).append(waited)
    return waits


async def _one_line(measured: Measured, speech: Path, prefix: str, lengths: Sequence[int]) -> list[float]:
    waits = []
    for run, seconds in enumerate(lengths):
        number = f"{prefix}{run:03d}"
        wav = measured.folder / f"{number}.wav"
        cut(speech, wav, seconds)
        await _leaves_a_message(measured, number, wav, seconds)
        message = await transcribed(measured, number)
        must_be_all_there(message, seconds)
        waits.append(_wait(message))
    return waits


async def _leaves_a_message(measured: Measured, number: str, wav: Path, seconds: int) -> None:
    practice = measured.practice
    async with Patient(measured.folder / number, number, f"{practice.trunk}:0") as patient:
        await patient.dial(practice.sip, ROUTED)
        await patient.is_answered(within=10)
        await patient.hears_beep(within=_GREETED_WITHIN)
        await patient.says(wav)
        await patient.call_ends(within=seconds + 15)


def _wait(message: MessageRecord) -> float:
    """`received_at` is the end of the call as the PBX wrote it down."""
    if message.transcribed_at is None:
        raise BenchFailed("A message was not transcribed.")
    return (message.transcribed_at - message.received_at).total_seconds()


async def _followed(measured: Measured) -> float:
    """How many messages were transcribed while they were recorded since the server's start."""
    url = f"http://127.0.0.1:{measured.practice.web_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        found = _WRITTEN.search(await answer.text())
    return float(found[1]) if found else 0.0


async def _restart(measured: Measured, setting: str) -> None:
    file = measured.practice.file
    text = file.read_text(encoding="utf-8")
    before, _, _ = text.partition("\n[voicemail]\n")
    file.write_text(f"{before}\n[voicemail]\n{setting}\n", encoding="utf-8")
    await measured.taken_in()
    await measured.server.stop()
    await measured.server.start()
