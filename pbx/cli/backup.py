"""Commands that keep the practice: backup, backup-key, restore."""

from __future__ import annotations

import asyncio
import getpass
import sys
import tempfile
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.backup.archive import Progress
from pbx.backup.escrow import read_escrow, write_escrow
from pbx.backup.examine import Examination
from pbx.backup.key import BackupKey, KeyProblem, MachineKey, make_keys, write_key
from pbx.backup.passphrase import AskPassphrase, PassphraseProblem, checked
from pbx.backup.record import note_made, note_verified
from pbx.backup.restore import Restored, Wanted, complete, restore, try_out
from pbx.backup.take import Source, Taken, remove_older, take, target_in
from pbx.cli.errors import BadOption
from pbx.cli.records import operator, with_records
from pbx.config.load import load
from pbx.database import Records, database_up
from pbx.key_ring import ring_of
from pbx.output import print_json
from pbx.store.chain import PgAudit
from pbx.store.database import Database

TELL_SECONDS = 2.0


def make_key(options: Namespace) -> int:
    """Make a backup key: the secret half into a file, the other into the data folder."""
    layout = Layout(Path(options.data))
    layout.make()
    if layout.backup_key.exists() and not options.replace:
        raise KeyProblem(
            "this server has a backup key already: --replace makes another, and old backups still need the old one"
        )
    key, machine = make_keys()
    wanted = options.passphrase or options.passphrase_file
    passphrase = _new_passphrase("the backup key", options.passphrase_file) if wanted else None
    write_key(key, Path(options.file), passphrase, datetime.now(UTC))
    machine.keep(layout.backup_key)
    print(
        f"The backup key is in {options.file}. Copy it to two places away from this machine, then remove it from here."
    )
    print(f"Backups are encrypted for {key.recipient}; without that file nobody can read them, here neither.")
    return 0


def show_key(options: Namespace) -> int:
    """Say for which key backups are made."""
    key = MachineKey.read(Layout(Path(options.data)).backup_key)
    if options.json:
        print_json({"recipient": key.recipient, "signer": key.signer})
    else:
        print(f"Backups are encrypted for {key.recipient}\nand signed by {key.signer}.")
    return 0


def backup(options: Namespace) -> int:
    """Make a backup; 0 when it is whole and durable."""
    began, now, layout = time.monotonic(), datetime.now(UTC), Layout(Path(options.data))
    key, practice = MachineKey.read(layout.backup_key), load(Path(options.config))
    target = target_in(Path(options.file).absolute(), now)
    if options.with_keys:
        passphrase = _new_passphrase("the file of master keys", options.keys_passphrase_file)
        write_escrow(ring_of(practice.settings, layout), Path(options.with_keys), passphrase)

    async def run() -> Taken:
        async with database_up(practice.settings, layout) as dsn:
            source = Source(Path(options.config), practice, layout, dsn)
            taken = await take(source, target, key, now, _teller("written", options.json))
            async with Database.connect(dsn) as database:
                await PgAudit(database).note(operator(), "backup", "practice", bytes=taken.bytes)
            return taken

    taken = asyncio.run(run())
    note_made(layout.backups, now, target, taken.bytes)
    removed = remove_older(target.parent, options.keep_days, now) if options.keep_days else []
    _tell_taken(taken, removed, time.monotonic() - began, options.json)
    return 0


def restore_backup(options: Namespace) -> int:
    """Restore into an empty data folder, or try a backup out; 0 when all of it is right."""
    began, layout = time.monotonic(), Layout(Path(options.data))
    if not options.verify and complete(layout):
        words = "An earlier restore was cut short in its last step: it is completed now. Nothing else was done."
        print_json({"completed": True}) if options.json else print(words)
        return 0
    if options.key is None:
        raise BadOption("--key FILE is missing: the backup key, which is kept away from the machine")
    key = BackupKey.read(Path(options.key), _asker("the backup key", options.passphrase_file))
    ask = _asker("the file of master keys", options.keys_passphrase_file)
    keys = read_escrow(Path(options.keys), ask) if options.keys else None
    wanted = Wanted(Path(options.file), key, Path(options.config).absolute(), layout.data, operator(), keys)
    if options.verify:
        return _verify(options, wanted, layout, began)
    restored = asyncio.run(restore(wanted, _teller("unpacked", options.json)))
    seconds = round(time.monotonic() - began, 1)
    if options.json:
        print_json(_restored_json(restored, options) | {"restored_in_seconds": seconds})
    else:
        _tell_restored(restored, options, seconds)
    return 0 if restored.examination.good else 1


def _verify(options: Namespace, wanted: Wanted, layout: Layout, began: float) -> int:
    scratch = Path(options.scratch or tempfile.gettempdir())
    made_at, found = asyncio.run(try_out(wanted, scratch, _teller("unpacked", options.json)))
    seconds = round(time.monotonic() - began, 1)
    if found.good and layout.data.is_dir():
        note_verified(layout.backups, datetime.now(UTC))
        with_records(options, lambda records, _: _note_trial(records, made_at))
    if options.json:
        print_json({"file": options.file, "made_at": made_at, "restored_in_seconds": seconds} | found.to_json())
        return 0 if found.good else 1
    print(f"The backup of {made_at} was restored to a scratch place in {seconds:.1f} s, looked at and thrown away.")
    print(f"{found.messages} messages ({found.seconds_of_audio / 60:.0f} minutes of audio), {found.rows} rows.")
    for line in (*found.problems, *found.remarks):
        print(f"  {line}")
    print(_verdict(found))
    return 0 if found.good else 1


def _verdict(found: Examination) -> str:
    if not found.good:
        return "IT IS NOT WHOLE: use another backup, and find out why."
    return "What could be looked at is right." if found.remarks else "All of it is right."


async def _note_trial(records: Records, made_at: str) -> int:
    await records.audit.note(operator(), "backup-tried", "practice", made_at=made_at)
    return 0


def _tell_taken(taken: Taken, removed: list[Path], seconds: float, json: bool) -> None:
    manifest = taken.manifest
    if json:
        print_json(
            {
                "file": str(taken.file),
                "bytes": taken.bytes,
                "made_at": manifest.header.made_at,
                "seconds": round(seconds, 1),
                "parts": len(manifest.parts),
                "messages": manifest.rows.get("public.message", 0),
                "calls": manifest.rows.get("public.call", 0),
                "schema": manifest.schema,
                "removed": [str(path) for path in removed],
            }
        )
        return
    counts = f"{manifest.rows.get('public.call', 0)} calls, {manifest.rows.get('public.message', 0)} messages"
    print(f"{taken.file}: {taken.bytes / 1e6:.1f} MB, {counts}, in {seconds:.1f} s.")
    if removed:
        print(f"{len(removed)} older ones were removed.")


def _restored_json(restored: Restored, options: Namespace) -> dict[str, object]:
    return {
        "file": options.file,
        "made_at": restored.made_at,
        "data": options.data,
        "config_kept": restored.config_kept,
        "elsewhere": str(restored.elsewhere) if restored.elsewhere else None,
    } | restored.examination.to_json()


def _tell_restored(restored: Restored, options: Namespace, seconds: float) -> None:
    found = restored.examination
    print(f"The backup of {restored.made_at} is in {options.data} ({seconds:.1f} s): {found.messages} messages.")
    if restored.config_kept:
        print(f"{options.config} was there and stays as it is.")
    if restored.elsewhere:
        print(f"Files that the practice's file names by other paths are in {restored.elsewhere}: put them in place.")
    for line in (*found.problems, *found.remarks):
        print(f"  {line}")
    if restored.audit_elsewhere:
        print('There is a second file of checkpoints: say why with secondline audit checkpoint --restored "…".')
    print("Next: secondline check, then secondline run.")


def _asker(what: str, file: str | None) -> AskPassphrase:
    def ask() -> str:
        if file:
            return Path(file).read_text(encoding="utf-8").rstrip("\n")
        return getpass.getpass(f"Passphrase of {what}: ")

    return ask


def _new_passphrase(what: str, file: str | None) -> str:
    first = checked(_asker(what, file)())
    if not file and getpass.getpass("The same again: ") != first:
        raise PassphraseProblem("the two are not the same: nothing was made")
    return first


def _teller(what: str, quiet: bool) -> Progress:
    """Tells on stderr how far it has come, every two seconds."""
    done, told = 0, time.monotonic()

    def tell(more: int) -> None:
        nonlocal done, told
        done += more
        if not quiet and time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            sys.stderr.write(f"{done / 1e6:.0f} MB {what}\n")

    return tell
