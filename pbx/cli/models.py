"""Recognisers and their models: secondline model list, check, install."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from pbx.cli.errors import BadOption
from pbx.config.load import load
from pbx.config.settings import Recognizer
from pbx.output import console, print_json
from voicemail.models.catalogue import MODELS, Model, model_named
from voicemail.models.fetch import Progress
from voicemail.models.install import RECORD, Wanted, install
from voicemail.models.trial import try_model
from voicemail.transcribe.recogniser import WorkerOptions

FOLDER = "models"
"""In the data folder, where `install` puts models unless told otherwise."""

_LIBRARIES = {"moonshine": "moonshine_voice", "vosk": "vosk", "whisper": "faster_whisper"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STEP = 0.05


def model_list(options: Namespace) -> int:
    """Print engines and models, what each needs, and which are here."""
    rows = [_row(model, Path(options.data) / FOLDER) for model in MODELS]
    if options.json:
        print_json(rows)
        return 0
    table = Table(title="Recognisers and their models", title_justify="left")
    for heading in ("model", "engine", "fetches", "memory_mb", "here", "checksum", "what"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        size = f"{row['megabytes']:.0f} MB" if row["megabytes"] else "nothing"
        cells = (row["model"], row["engine"], size, row["memory_mb"], row["here"], row["checksum"], row["what"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    console().print(table)
    return 0


def model_check(options: Namespace) -> int:
    """Try a recogniser with the built-in recording; 1 if it does not hear the words."""
    worker = _worker(options)
    trial = asyncio.run(try_model(worker))
    if options.json:
        print_json(asdict(trial) | {"engine": worker.engine, "good": trial.good})
        return 0 if trial.good else 1
    print(f"{worker.engine} was ready after {trial.start_seconds:.1f} s and took {trial.work_seconds:.1f} s "
          f"for a recording of {trial.recording_seconds:.1f} s.")  # fmt: skip
    print(f"It heard: “{trial.heard}”")
    sure = f"{trial.confidence:.0%} sure" if trial.confidence is not None else "it does not say how sure it is"
    print(f"{trial.wrong} of {trial.words} words differ; {sure}.")
    if not trial.good:
        print("That is too many: is it a model for English, and whole?")
    return 0 if trial.good else 1


def model_install(options: Namespace) -> int:
    """Fetch a model from its publisher, check it, and say what to write into the practice's file."""
    model = model_named(options.model)
    if model is None:
        raise BadOption(f"there is no model {options.model!r}: `secondline model list` shows them")
    folder = Path(options.into) if options.into else Path(options.data) / FOLDER
    sums = dict(_checksum(text, model) for text in options.sha256)
    wanted = Wanted(model, folder.absolute(), options.source, sums, options.trust_first)
    target = install(wanted, lambda name: _teller(name, quiet=options.json))
    lines = [f'engine = "{model.engine}"', f'{model.engine}_model = "{target}"', f"memory_mb = {model.memory_mb}"]
    if options.json:
        print_json({"model": model.key, "folder": str(target), "settings": lines})
        return 0
    print("\n".join([f"{model.key} is in {target}. For the practice's file:", "", "[voicemail]", *lines, ""]))
    if not _has_library(model.engine):
        print("Its engine is missing yet: install the extra secondline[whisper].")
    print("Then: secondline model check")
    return 0


def _row(model: Model, folder: Path) -> dict[str, Any]:
    pinned = all(file.sha256 for file in model.files)
    if not _has_library(model.engine):
        here = "engine missing: install secondline[whisper]"
    else:
        here = "yes" if not model.files or (folder / model.key / RECORD).is_file() else "no"
    return {
        "model": model.key,
        "engine": model.engine,
        "megabytes": model.megabytes,
        "memory_mb": model.memory_mb,
        "here": here,
        "checksum": "" if not model.files else "pinned" if pinned else "yours to give",
        "what": f"{model.what} ({model.licence})",
        "from": [file.url for file in model.files],
    }


def _worker(options: Namespace) -> WorkerOptions:
    """The recogniser of the options, or else of the practice's file."""
    if options.engine is None:
        if options.model:
            raise BadOption("--model needs --engine, which says what kind of model it is")
        recognizer: Recognizer = load(Path(options.config)).settings.recognizer
        return WorkerOptions(recognizer.engine.value, recognizer.model, recognizer.memory_mb)
    return WorkerOptions(options.engine, Path(options.model) if options.model else None, options.memory_mb)


def _has_library(engine: str) -> bool:
    return importlib.util.find_spec(_LIBRARIES[engine]) is not None


def _checksum(text: str, model: Model) -> tuple[str, str]:
    name, _, digest = text.rpartition("=")
    digest = digest.lower()
    if not _SHA256.fullmatch(digest) or (not name and len(model.files) > 1):
        raise BadOption("--sha256 takes 64 hexadecimal digits, for a model of several files as FILE=DIGITS")
    return name or model.files[0].name, digest


def _teller(name: str, quiet: bool) -> Progress:
    """Tells on stderr how far a file has come, in steps that a log can bear."""
    say: Callable[[str], Any] = sys.stderr.write
    told = -1.0

    def tell(done: int, total: int | None) -> None:
        nonlocal told
        share = done / total if total else 0.0
        if quiet or (told >= 0 and share < min(told + _STEP, 1.0)) or share == told:
            return
        told = share
        of = f" of {total / 1e6:.1f} MB ({share:.0%})" if total else " MB"
        say(f"{name}: {done / 1e6:.1f}{of}\n")

    return tell
