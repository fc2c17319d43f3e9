"""Put a model into its folder: fetch, check, unpack, and only then move it to its name."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voicemail.models.catalogue import Model, ModelFile
from voicemail.models.fetch import FetchProblem, Progress, fetch

RECORD = "secondline-model.json"
"""Beside the model: what was installed, from where, with which checksums."""

_LARGEST_UNPACKED = 16 << 30
_UNPACKED_PER_PACKED = 2.5
_MEGABYTE = 1_000_000


class InstallProblem(Exception):
    """A model could not be installed. The text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to install where. `source` None is the publisher; `sha256` holds checksums of files that have no pinned one.

    `trust_first`: take a file without a checksum as it comes, and write its checksum down.
    """

    model: Model
    folder: Path
    source: str | None = None
    sha256: Mapping[str, str] | None = None
    trust_first: bool = False


def install(wanted: Wanted, progress: Callable[[str], Progress]) -> Path:
    """Install a model; gives its folder. Doing it again changes nothing. Raises InstallProblem, FetchProblem, OSError.

    `progress` makes the one who is told about a file of the given name.
    """
    model, target = wanted.model, wanted.folder / wanted.model.key
    if not model.files:
        raise InstallProblem(f"{model.key} comes with the program: there is nothing to install.")
    if (target / RECORD).is_file():
        return target
    if target.exists():
        raise InstallProblem(
            f"{target} is there but was not installed by this command: move it away, or use it as it is."
        )
    files = [_vouched(file, wanted) for file in model.files]
    coming = wanted.folder / f".{model.key}.coming"
    coming.mkdir(parents=True, exist_ok=True)
    _must_fit(model, coming)
    known = {file.name: fetch(file, _address(file, wanted), coming / file.name, progress(file.name)) for file in files}
    whole = _unpacked(coming / files[0].name, coming / "unpacked") if model.archive else coming
    _write_record(whole, wanted, known)
    whole.rename(target)
    shutil.rmtree(coming, ignore_errors=True)
    return target


def _vouched(file: ModelFile, wanted: Wanted) -> ModelFile:
    given = (wanted.sha256 or {}).get(file.name)
    if file.sha256 is not None:
        if given is not None and given != file.sha256:
            raise InstallProblem(
                f"{file.name} is known under another SHA-256 here ({file.sha256}): leave --sha256 out."
            )
        return file
    if given is None and not wanted.trust_first:
        raise InstallProblem(
            f"No checksum of {file.name} is known here: give the publisher's with --sha256 {file.name}=…, "
            "or take it as it comes with --trust-first, which writes its checksum down."
        )
    return replace(file, sha256=given)


def _address(file: ModelFile, wanted: Wanted) -> str:
    if wanted.source is None:
        return file.url
    if wanted.source.endswith(file.name):
        return wanted.source
    return f"{wanted.source.rstrip('/')}/{file.name}"


def _must_fit(model: Model, folder: Path) -> None:
    there = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    needed = model.megabytes * _MEGABYTE * (1 + _UNPACKED_PER_PACKED * model.archive) - there
    free = shutil.disk_usage(folder).free
    if free < needed:
        what = f"{model.key} needs {needed / _MEGABYTE:.0f} MB, and {free / _MEGABYTE:.0f} MB are free"
        raise InstallProblem(f"{what}: make room, or choose another folder with --into.")


def _unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a ZIP whose files all lie in one folder; gives that folder. One that would write elsewhere is refused."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            tops = {_safe_top(entry, archive.name) for entry in entries}
            if len(tops) != 1 or sum(entry.file_size for entry in entries) > _LARGEST_UNPACKED:
                raise InstallProblem(f"{archive.name} does not hold one model: it was not unpacked.")
            packed.extractall(folder)
    except zipfile.BadZipFile:
        raise InstallProblem(f"{archive.name} is damaged: run the command again.") from None
    return folder / tops.pop()


def _safe_top(entry: zipfile.ZipInfo, archive: str) -> str:
    parts = Path(entry.filename).parts
    link = stat.S_ISLNK(entry.external_attr >> 16)
    if not parts or ".." in parts or Path(entry.filename).is_absolute() or link:
        raise InstallProblem(f"{archive} would write outside of its folder: it was not unpacked.")
    return parts[0]


def _write_record(folder: Path, wanted: Wanted, known: Mapping[str, str]) -> None:
    record = {"model": wanted.model.key, "engine": wanted.model.engine, "sha256": dict(known)}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


__all__ = ["RECORD", "FetchProblem", "InstallProblem", "Wanted", "install"]
