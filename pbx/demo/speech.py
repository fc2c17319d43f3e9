"""A voice for people who are not there: flite speaks, sox makes it telephone audio."""

from __future__ import annotations

import asyncio
import os
import subprocess
import wave
from pathlib import Path

from pbx.asterisk.programs import Program, find_flite, find_sox

RATE = 8000
"""Samples a second of all audio here; always one channel of 16 bits."""

SPEAK_WITHIN = 60.0


class SpeechFailed(Exception):
    """The voice could not speak; the text is a sentence that says what to do."""


async def speak(text: str, wav: Path, voice: str = "slt", stay: float = 0.0) -> float:
    """Speak `text` into `wav` and return its length in seconds.

    `voice` is one of flite's (slt, rms, awb, kal16); `stay` seconds of silence follow the words.
    """
    wide = wav.with_suffix(".wide.wav")
    try:
        await _run(find_flite(), "-voice", voice, "-t", text, "-o", wide)
        await _run(find_sox(), wide, "-r", RATE, "-c", 1, "-b", 16, wav, "pad", 0, stay)
    finally:
        wide.unlink(missing_ok=True)
    return seconds_of(wav)


async def tone(hertz: float, seconds: float, wav: Path) -> None:
    """Put a pure tone into `wav`, so that a recording can be compared with what was sent."""
    await _run(find_sox(), "-n", "-r", RATE, "-c", 1, "-b", 16, wav, "synth", seconds, "sine", hertz, "vol", 0.5)


def silence(seconds: float, wav: Path) -> None:
    """Put silence into `wav`."""
    with wave.open(str(wav), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        out.writeframes(bytes(2 * int(seconds * RATE)))


def seconds_of(wav: Path) -> float:
    """The length of `wav` in seconds."""
    with wave.open(str(wav), "rb") as audio:
        return audio.getnframes() / audio.getframerate()


async def _run(program: Program, *arguments: str | Path | float) -> None:
    process = await asyncio.create_subprocess_exec(
        *program.command(*(a if isinstance(a, str | Path) else str(a) for a in arguments)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **program.env},
    )
    try:
        async with asyncio.timeout(SPEAK_WITHIN):
            _, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise SpeechFailed(f"{program.name} did not finish within {SPEAK_WITHIN:.0f} seconds: try again.") from None
    if process.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        raise SpeechFailed(f"{program.name} failed: {''.join(last) or 'run `make setup` again'}")
