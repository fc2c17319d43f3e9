"""The process that recognises speech: `python -m voicemail.transcribe.worker --engine moonshine --memory-mb 3000`.

It loads its model once, says that it is ready, then takes a path a line (as JSON) and answers each with a line. It is a
process of its own because a recogniser may crash, hang or eat the machine's memory, and must take nothing with it.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from voicemail.audio import AudioProblem, read_audio
from voicemail.transcribe.engine import Recogniser, load, recognise
from voicemail.transcribe.problem import EngineProblem
from voicemail.transcribe.wire import READY, Failure, encode_failure, encode_transcript

_NICENESS = 10
_MEGABYTE = 1024 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Serve until the controller goes away. Gives 1 if the engine cannot be loaded."""
    options = _options(arguments)
    answers = _keep_stdout_clean()
    _be_modest(options.memory_mb)
    requests = _requests(sys.stdin.buffer)
    try:
        recogniser = load(options.engine, options.model)
    except (EngineProblem, MemoryError) as problem:
        short = "The recogniser's model needs more memory than allowed: raise memory_mb in the practice's file."
        _say(answers, encode_failure(Failure(str(problem) or short, retry=False)))
        return 1
    _say(answers, READY)
    while True:
        _say(answers, _answer(recogniser, requests.get()))


def _say(answers: BinaryIO, line: bytes) -> None:
    answers.write(line)
    answers.flush()


def _answer(recogniser: Recogniser, request: bytes) -> bytes:
    try:
        audio = read_audio(Path(json.loads(request)))
        return encode_transcript(recognise(recogniser, audio.samples))
    except AudioProblem as problem:
        return encode_failure(Failure(str(problem), retry=False))
    except FileNotFoundError:
        return encode_failure(Failure("The recording is missing from the message folder.", retry=False))
    except MemoryError:
        return encode_failure(Failure("The recogniser needed more memory than it is allowed.", retry=True))
    except Exception as error:  # noqa: BLE001 - the edge of a job; the error's text may hold a patient's words
        return encode_failure(Failure(f"The recogniser failed ({type(error).__name__}).", retry=True))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--memory-mb", type=int, required=True)
    return parser.parse_args(arguments)


def _keep_stdout_clean() -> BinaryIO:
    """Give the standard output for answers alone; what libraries print, a patient's words even, goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def _be_modest(memory_mb: int) -> None:
    # No core dump: it would hold the message's audio.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * _MEGABYTE, memory_mb * _MEGABYTE))
    with suppress(OSError):
        os.nice(_NICENESS)


def _requests(source: BinaryIO) -> queue.SimpleQueue[bytes]:
    """The lines of `source`. At its end the process ends at once, in mid-work too: the controller is gone."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in source:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


if __name__ == "__main__":
    sys.exit(main())
