"""The real command line, run as the practice's IT would beside the server."""

from __future__ import annotations

import asyncio
import sys

from pbx.demo.practice import DemoPractice


class CommandFailed(Exception):
    """A command of the practice's IT was refused; the text is what it said."""


async def secondline(practice: DemoPractice, *words: str, types: str = "") -> str:
    """Run `secondline WORDS` on `practice` with `types` as its standard input; what it prints. Raises CommandFailed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pbx.cli", *words, "--config", str(practice.file), "--data", str(practice.data)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, complaint = await process.communicate(types.encode())
    if process.returncode:
        raise CommandFailed(f"secondline {words[0]}: {complaint.decode().strip()}")
    return out.decode()
