"""Make a backup, with a server at work or without one.

The order is what makes it one state. Files come first, then the database as it is at one instant, then the audio that
came in between. Audio is durable before its row is written and goes after its row is gone, so each message of that
instant has its audio here; what waited in the spool at the beginning is here or in the database.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pbx import __version__
from pbx.asterisk.layout import Layout
from pbx.backup.archive import DATABASE, Progress, Writer
from pbx.backup.contents import Item, data_files, kept_apart, name_of, practice_files
from pbx.backup.key import MachineKey
from pbx.backup.manifest import FORMAT, Header, Manifest
from pbx.backup.sealing import sealing
from pbx.config.load import Practice
from pbx.store.dump import Snapshot, dump, snapshot
from voicemail.audio import sync_folder

SUFFIX = ".age"
_STEM = "secondline-"


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up. `dsn` leads to its database, which answers."""

    config: Path
    practice: Practice
    layout: Layout
    dsn: str

    @property
    def apart(self) -> frozenset[Path]:
        """What is not to be in it."""
        return kept_apart(self.practice.settings, self.layout)


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is whole and durable."""

    file: Path
    bytes: int
    manifest: Manifest


def target_in(target: Path, now: datetime) -> Path:
    """The file to write: `target` itself, or a new name with the time (UTC) in it where that is a folder."""
    return target / f"{_STEM}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target


async def take(source: Source, target: Path, key: MachineKey, now: datetime, progress: Progress) -> Taken:
    """Write the backup to the file `target`, which is whole once it is there.

    Raises StoreUnavailable, StoreError, DumpFailed, NotReadable or OSError; then there is no new file.
    """
    external = source.practice.settings.database_url is not None
    header = Header(FORMAT, __version__, now.isoformat(timespec="seconds"), "external" if external else "embedded")
    with _whole_or_nothing(target) as file, sealing(file, key.recipient) as plain:
        writer = Writer(plain, progress)
        writer.add_header(header)
        await asyncio.to_thread(_add, writer, _items(source))
        async with snapshot(source.dsn) as held:
            await asyncio.to_thread(writer.add_stream, DATABASE, dump(source.dsn, held))
        fresh = data_files(source.layout, source.apart, [source.layout.messages.name])
        await asyncio.to_thread(_add, writer, [item for item in fresh if item.name not in writer.names])
        manifest = _manifest(source, header, held, writer)
        await asyncio.to_thread(writer.close, manifest, key.sign)
    return Taken(target, target.stat().st_size, manifest)


def remove_older(folder: Path, days: int, now: datetime) -> list[Path]:
    """Remove the backups in `folder` that are older than so many days; only files that this program named are looked
    at, and the newest always stays. Raises OSError.
    """
    found = {path: _made(path) for path in sorted(folder.glob(f"{_STEM}*{SUFFIX}"))}
    dated = [(path, made) for path, made in found.items() if made is not None]
    old = [path for path, made in dated[:-1] if made < now - timedelta(days=days)]
    for path in old:
        path.unlink()
    if old:
        sync_folder(folder)
    return old


def _made(path: Path) -> datetime | None:
    with suppress(ValueError):
        name = path.name.removeprefix(_STEM).removesuffix(SUFFIX)
        return datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return None


def _items(source: Source) -> Iterable[Item]:
    yield from practice_files(source.config, source.practice.files, source.apart)
    yield from data_files(source.layout, source.apart)


def _add(writer: Writer, items: Iterable[Item]) -> None:
    for item in items:
        if item.name not in writer.names:
            writer.add_file(item.name, item.path)


def _manifest(source: Source, header: Header, held: Snapshot, writer: Writer) -> Manifest:
    config = source.config.absolute()
    return Manifest(
        header=header,
        practice=name_of(config, config.parent),
        schema=held.schema,
        postgres=held.server,
        rows=held.rows,
        roles=held.roles,
        parts=tuple(writer.parts),
    )


@contextmanager
def _whole_or_nothing(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that takes its name when the block is done, and goes when it fails."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
        sync_folder(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
