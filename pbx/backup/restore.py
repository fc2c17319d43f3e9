"""Bring a backup back: into an empty data folder, all or nothing, or to a scratch place to see that it would do."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.layout import PRIVATE_DIR, Layout
from pbx.asterisk.state import write_private
from pbx.backup.archive import Progress
from pbx.backup.contents import ELSEWHERE, PRACTICE
from pbx.backup.escrow import put_keys, ring_in_memory, vault_on
from pbx.backup.examine import Examination, examine
from pbx.backup.key import BackupKey
from pbx.backup.unpacked import Unpacked, database_of, fill, finish, open_backup, put_right
from pbx.config.load import ConfigProblems, load
from pbx.config.settings import Settings
from pbx.database import dsn_of
from pbx.key_ring import ring_of
from pbx.sealing.keys import KeyRing, KeysRefused
from pbx.store.chain import PgAudit
from pbx.store.database import Addresses, Database
from pbx.store.dump import is_empty
from voicemail.audio import sync_folder

WHOLE = "whole"
"""While a file of this name is in the folder of a restore, all is ready and only names are changed any more."""

_NOT_OURS = ("lost+found",)
"""What may lie in an empty data folder that is a disk of its own."""


class NotRestored(Exception):
    """A backup is not restored; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be restored, where and by whom: the practice's file goes to `config` unless there is one.

    `keys` are the lines of master keys that are to go with it; None: they are there, or will be put back by hand.
    """

    file: Path
    key: BackupKey
    config: Path
    data: Path
    by: str
    keys: str | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """`config_kept`: there was a practice's file, which stays. `elsewhere` holds files that the practice's file names
    by other paths, to be put there by hand; None where there are none. `audit_elsewhere`: there is a second file of
    checkpoints, which may know of rows that are not here.
    """

    made_at: str
    examination: Examination
    config_kept: bool
    elsewhere: Path | None
    audit_elsewhere: bool


async def try_out(wanted: Wanted, scratch: Path, progress: Progress) -> tuple[str, Examination]:
    """Restore to a folder in `scratch`, look at everything, and throw it away; gives when it was made too.

    What is sealed is opened with the wanted keys or with those of the practice in `config` and `data`. Raises what
    `restore` raises.
    """
    folder = Path(tempfile.mkdtemp(prefix="secondline-verify-", dir=scratch))
    try:
        unpacked = await open_backup(wanted.file, wanted.key, folder / "backup", progress)
        vault = vault_on(_ring(wanted, unpacked))
        async with database_of(unpacked) as database:
            await put_right(unpacked, database)
            return unpacked.manifest.header.made_at, await examine(unpacked, database, vault)
    finally:
        shutil.rmtree(folder)


async def restore(wanted: Wanted, progress: Progress) -> Restored:
    """Restore into the data folder, which has to be empty.

    Raises NotRestored, NotReadable, KeyProblem, ManifestProblem, ConfigProblems, StoreUnavailable, StoreError,
    DumpFailed, DatabaseDown or OSError; then nothing is there.
    """
    layout = Layout(wanted.data)
    _refuse_what_is_there(layout)
    wanted.data.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    shutil.rmtree(layout.restoring, ignore_errors=True)
    try:
        unpacked = await open_backup(wanted.file, wanted.key, layout.restoring, progress)
        kept = wanted.config.exists()
        examination = await _put_up(wanted, unpacked)
        _put_keys(wanted, unpacked)
        finish(unpacked)
        witness = _has_witness(wanted, unpacked)
        elsewhere = None if kept else _put_practice(unpacked, wanted.config)
    except BaseException:
        shutil.rmtree(layout.restoring, ignore_errors=True)
        raise
    write_private(layout.restoring / WHOLE, unpacked.manifest.header.made_at + "\n")
    complete(layout)
    return Restored(unpacked.manifest.header.made_at, examination, kept, elsewhere, witness)


def complete(layout: Layout) -> bool:
    """Do the last step of a restore, or of one that was cut short in it: the names. False where there is none to do."""
    if not (layout.restoring / WHOLE).exists():
        return False
    unpacked = layout.restoring / "data"
    for path in sorted(unpacked.iterdir()) if unpacked.is_dir() else ():
        path.rename(layout.data / path.name)
    sync_folder(layout.data)
    shutil.rmtree(layout.restoring)
    sync_folder(layout.data)
    return True


def _refuse_what_is_there(layout: Layout) -> None:
    there = [p.name for p in layout.data.iterdir() if p != layout.restoring] if layout.data.is_dir() else []
    if [name for name in there if name not in _NOT_OURS]:
        raise NotRestored(
            f"{layout.data} is not empty: stop the server that runs on it and move the folder away, or give another "
            "--data folder"
        )


async def _put_up(wanted: Wanted, unpacked: Unpacked) -> Examination:
    """The database goes where the practice's file says, wherever it came from."""
    where = _outside(wanted, unpacked)
    if where is None:
        async with database_of(unpacked) as database:
            return await _settle(wanted, unpacked, database)
    if not await is_empty(where.owner):
        raise NotRestored("the database that the practice's file names is not empty: name an empty one, then try again")
    await fill(where.owner, unpacked)
    async with Database.connect(where) as database:
        return await _settle(wanted, unpacked, database)


def _outside(wanted: Wanted, unpacked: Unpacked) -> Addresses | None:
    """The practice's own database; None: the embedded one. Raises ConfigProblems where nobody can tell."""
    try:
        settings = _settings(wanted, unpacked)
    except ConfigProblems:
        if unpacked.manifest.header.database == "embedded":
            return None
        raise
    return dsn_of(settings, None) if settings.database_url else None


async def _settle(wanted: Wanted, unpacked: Unpacked, database: Database) -> Examination:
    await put_right(unpacked, database)
    found = await examine(unpacked, database, vault_on(_ring(wanted, unpacked)))
    await PgAudit(database).note(wanted.by, "restore", "practice", made_at=unpacked.manifest.header.made_at)
    return found


def _ring(wanted: Wanted, unpacked: Unpacked) -> KeyRing | None:
    """The master keys that open what was unpacked, as far as they are here."""
    if wanted.keys is not None:
        return ring_in_memory(wanted.keys)
    try:
        return ring_of(_settings(wanted, unpacked), Layout(wanted.data))
    except (ConfigProblems, KeysRefused):
        return None


def _settings(wanted: Wanted, unpacked: Unpacked) -> Settings:
    """Of the practice's file that will hold: that which is there, or else the backup's. Raises ConfigProblems."""
    return load(wanted.config if wanted.config.exists() else unpacked.folder / unpacked.manifest.practice).settings


def _has_witness(wanted: Wanted, unpacked: Unpacked) -> bool:
    try:
        copy = _settings(wanted, unpacked).audit.copy
    except ConfigProblems:
        return False
    return copy is not None and copy.exists()


def _put_keys(wanted: Wanted, unpacked: Unpacked) -> None:
    """The master keys go where the practice's file looks for them."""
    if wanted.keys is None:
        return
    try:
        folder = _settings(wanted, unpacked).keys.folder
    except ConfigProblems:
        folder = None
    put_keys(wanted.keys, folder or unpacked.data.keys)


def _put_practice(unpacked: Unpacked, config: Path) -> Path | None:
    """The practice's files, each where it was beside the main one; what is there already stays."""
    home, source = config.absolute().parent, unpacked.folder / PRACTICE
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        is_main = path == unpacked.folder / unpacked.manifest.practice
        target = config if is_main else home / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(path, target)
            target.chmod(0o600)
    if not (unpacked.folder / ELSEWHERE).is_dir():
        return None
    aside = home / "restored-elsewhere"
    shutil.copytree(unpacked.folder / ELSEWHERE, aside, dirs_exist_ok=True)
    return aside
