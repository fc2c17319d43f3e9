"""What a backup holds besides the database: the practice's files, and of the data folder all that is not made anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pbx.asterisk.layout import Layout
from pbx.config.settings import Settings

PRACTICE, ELSEWHERE, DATA = "practice", "elsewhere", "data"
"""Folders of the archive: beside the practice's file, named by it by another path, and the data folder."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file, and its name in the archive."""

    name: str
    path: Path


def kept_apart(settings: Settings, layout: Layout) -> frozenset[Path]:
    """What is never in a backup: the master keys, and the second file of checkpoints, which is a witness elsewhere."""
    found = (layout.keys, settings.keys.folder, settings.audit.copy)
    return frozenset(Path(os.path.normpath(path)) for path in found if path is not None)


def practice_files(config: Path, files: Iterable[Path], apart: AbstractSet[Path]) -> Iterator[Item]:
    """The practice's file and what it names, as far as those are files: a recogniser's model is not kept."""
    home = config.absolute().parent
    for path in dict.fromkeys([config.absolute(), *files]):
        if path.is_file() and not _is_apart(path, apart):
            yield Item(name_of(path, home), path.resolve())  # a certificate is often a link to the newest


def name_of(path: Path, home: Path) -> str:
    """The name in the archive of a file that the practice names; `home` is the folder of its main file."""
    plain = Path(os.path.normpath(path))
    if plain.is_relative_to(home):
        return str(PurePosixPath(PRACTICE, *plain.relative_to(home).parts))
    return str(PurePosixPath(ELSEWHERE, *plain.parts[1:]))


def data_files(layout: Layout, apart: AbstractSet[Path], names: Iterable[str] = ()) -> Iterator[Item]:
    """Files of the data folder that a new machine needs, or those in the folders `names` of it."""
    tops = [layout.data / name for name in names] or _tops(layout)
    for path in (path for top in tops for path in _below(top)):
        if not _is_apart(path, apart):
            yield Item(str(PurePosixPath(DATA, *path.relative_to(layout.data).parts)), path)


def _is_apart(path: Path, apart: AbstractSet[Path]) -> bool:
    plain = Path(os.path.normpath(path))
    return plain in apart or any(parent in apart for parent in plain.parents)


def _tops(layout: Layout) -> list[Path]:
    # What waits in the spool is read first: what it holds at the beginning of a backup is in it either way, here or, if
    # it is taken in meanwhile, in the database.
    first = [layout.spool, layout.spare]
    rest = [path for path in sorted(layout.data.iterdir()) if path not in first and path not in _made_anew(layout)]
    return [path for path in (*first, *rest) if path.exists()]


def _made_anew(layout: Layout) -> frozenset[Path]:
    """The cluster is dumped; the others are made by every start, hold a moment of a talk, or can be fetched again."""
    asterisk = layout.etc.parent
    models = layout.data / "models"
    made = (layout.postgres, layout.greetings, layout.private, asterisk, models, layout.lock, layout.ports)
    return frozenset({*made, layout.backups, layout.restoring})


def _below(top: Path) -> Iterator[Path]:
    """Plain files without a dot before their name, in order; links are not followed."""
    if top.name.startswith("."):
        return
    if top.is_symlink() or not top.is_dir():
        if top.is_file() and not top.is_symlink():
            yield top
        return
    try:
        entries = sorted(top.iterdir())
    except FileNotFoundError:
        return
    for path in entries:
        yield from _below(path)
