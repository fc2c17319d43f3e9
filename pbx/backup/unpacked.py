"""A backup that was unpacked into a folder: its database is put up, what does not belong together is put right."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.layout import MARKER, PRIVATE_DIR, Layout
from pbx.backup.archive import DATABASE, PIECE, Progress, unpack
from pbx.backup.contents import DATA
from pbx.backup.key import BackupKey
from pbx.backup.manifest import Manifest, ManifestProblem
from pbx.backup.sealing import unsealing
from pbx.store.database import Database
from pbx.store.dump import load, make_roles, rows_of
from pbx.store.embedded import EmbeddedPostgres
from pbx.store.migrate import migrations
from pbx.store.restored import finished, kept_audio
from voicemail.audio import sync_folder
from voicemail.spool import read_spool


@dataclass(frozen=True, slots=True)
class Unpacked:
    """`folder` holds the archive's folders; all parts are as `manifest` says, and the key's machine signed that."""

    folder: Path
    manifest: Manifest

    @property
    def data(self) -> Layout:
        """The data folder as it will be."""
        return Layout(self.folder / DATA)

    def pieces(self) -> Iterator[bytes]:
        """The dump of the database."""
        for path in sorted((self.folder / DATABASE).iterdir()):
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece


async def open_backup(file: Path, key: BackupKey, into: Path, progress: Progress) -> Unpacked:
    """Unpack `file` into the folder `into`, which is made.

    Raises NotReadable, KeyProblem, ManifestProblem or OSError.
    """
    into.mkdir(mode=PRIVATE_DIR)

    def work() -> Manifest:
        with file.open("rb") as source, unsealing(source, key.identity) as plain:
            return unpack(plain, key, into, progress)

    manifest = await asyncio.to_thread(work)
    newest = max(migration.version for migration in migrations())
    if manifest.schema > newest:
        raise ManifestProblem(
            f"this backup was made by Secondline {manifest.header.version}, whose database this older program does not "
            "know: restore it with that version or a newer one"
        )
    return Unpacked(into, manifest)


@asynccontextmanager
async def database_of(unpacked: Unpacked) -> AsyncIterator[Database]:
    """The embedded database with the dump in it, in the data folder to be; up to date, and stopped at the end."""
    cluster = EmbeddedPostgres(unpacked.data.postgres)
    try:
        dsn = await cluster.start()
        await fill(dsn, unpacked)
        async with Database.connect(cluster.addresses) as database:
            yield database
    finally:
        await cluster.stop()


async def fill(dsn: str, unpacked: Unpacked) -> None:
    """Put the dump into an empty database, hold its rows against the list, and bring it up to date.

    Raises StoreUnavailable, StoreError, DumpFailed or ManifestProblem.
    """
    await make_roles(dsn, unpacked.manifest.roles)
    await asyncio.to_thread(load, dsn, unpacked.pieces())
    if await rows_of(dsn) != unpacked.manifest.rows:
        raise ManifestProblem("the database of the backup does not have the rows that its list names: use an older one")
    async with Database.connect(dsn) as database:
        await database.migrate()


async def put_right(unpacked: Unpacked, database: Database) -> None:
    """Take out what is not of the state that was dumped: audio that no message names (it was erased, or came later),
    and calls in the spool that the log knows as over.
    """
    layout = unpacked.data
    known = {kept.file for kept in await kept_audio(database)}
    for path in layout.messages.iterdir() if layout.messages.is_dir() else ():
        if path.is_file() and path.name not in known:
            path.unlink()
    spooled = read_spool(layout.spool, layout.spare).calls
    over = await finished(database, [call.id for call in spooled])
    for call in spooled:
        for file in call.files if call.id in over else ():
            file.path.unlink()


def finish(unpacked: Unpacked) -> None:
    """Make the data folder one that a server starts on, and durable as a whole."""
    layout = unpacked.data
    for folder in (layout.spool, layout.spare):
        folder.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        (folder / MARKER).touch(mode=0o600)
    layout.messages.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    shutil.rmtree(unpacked.folder / DATABASE)
    for name, _, _ in os.walk(layout.data):
        folder = Path(name)
        if folder != layout.postgres and layout.postgres not in folder.parents:
            sync_folder(folder)
    sync_folder(unpacked.folder)
