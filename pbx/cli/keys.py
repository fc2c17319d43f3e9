"""The keys that patients' data are sealed with: keys list, rotate, destroy, copy, new."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.records import operator, with_records
from pbx.config.load import Practice, load
from pbx.database import Records
from pbx.key_keeper import ended
from pbx.key_ring import ring_of
from pbx.output import print_json, rfc3339
from pbx.sealing.keys import KeyRing, new_kek, write_key_file

_PUT_AWAY = "Renew your copy of the keys now (`secondline keys copy FILE`) and keep it away from this machine."


def show(options: Namespace) -> int:
    """List the master keys, how much is under each, and until when those that were replaced are kept."""

    async def use(records: Records, practice: Practice) -> int:
        ring, days = records.keys.vault.ring, practice.settings.keys.retired_days
        rows = _rows(ring, days, await records.keys.counts())
        if options.json:
            print_json(rows)
            return 0
        print(f"Keys in {ring.credential or ring.folder}:")
        for row in rows:
            print(f"{row['id']}: {_state(row)}, {row['data_keys']} data keys under it")
        return 0 if all(row["here"] for row in rows) else 1

    return with_records(options, use)


def rotate(options: Namespace) -> int:
    """Make a new master key and bring every data key under it; one that was cut short is finished instead."""

    async def use(records: Records, practice: Practice) -> int:
        book, ring = records.keys, records.keys.vault.ring
        current = ring.current().id
        unfinished = any(kek != current for kek in await book.counts())
        if not unfinished:
            current = ring.add().id
            await book.made(current, operator())
        done = await book.rewrap(lambda count: _progress(options, count))
        if options.json:
            document = {"key": current, "new": not unfinished, "rewrapped": done.keys, "damaged": done.damaged}
            print_json(document)
        else:
            what = "An earlier rotation is finished" if unfinished else "A new key is in force"
            print(f"{what}: {current}, {done.keys} keys are under it. No recording was touched.")
            print(_PUT_AWAY)
            if done.damaged:
                print(f"{done.damaged} keys are damaged: restore them from a backup of the database.")
        return 1 if done.damaged else 0

    return with_records(options, use)


def destroy(options: Namespace) -> int:
    """Destroy a replaced master key before its time: backups of before can be read by nobody any more."""

    async def use(records: Records, practice: Practice) -> int:
        ring = records.keys.vault.ring
        if options.id not in ring.ids():
            raise BadOption(f"there is no key {options.id!r}: `secondline keys list` shows them")
        await records.keys.destroy(options.id, operator())
        if options.json:
            print_json({"key": options.id, "destroyed": True})
        else:
            print(f"Key {options.id} is destroyed. Destroy it in your copies too.")
        return 0

    return with_records(options, use)


def copy(options: Namespace) -> int:
    """Write all master keys into a file that only this account can read."""
    practice, target = load(Path(options.config)), Path(options.target)
    ring = ring_of(practice.settings, Layout(Path(options.data)))
    ring.current()
    if target.exists():
        raise BadOption(f"{target} is there already: choose another name")
    write_key_file(target, ring.lines())
    if options.json:
        print_json({"file": str(target), "keys": list(ring.ids())})
    else:
        print(f"{target} opens everything that is sealed: keep it away from this machine, under lock and key.")
        print("To put the keys back, copy it into the folder of the keys; its name has to end in .key.")
    return 0


def new(options: Namespace) -> int:
    """Print the line of a new key, for a credential of the system."""
    practice = load(Path(options.config))
    ring = ring_of(practice.settings, Layout(Path(options.data)))
    print(new_kek(datetime.now(UTC), ring.ids()).line, end="")
    return 0


def _rows(ring: KeyRing, retired_days: int, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    ends = {one.kek: one for one in ended(ring, retired_days)}
    current = ring.current().id
    return [
        {
            "id": kek,
            "in_force": kek == current,
            "here": kek in ring.ids(),
            "data_keys": counts.get(kek, 0),
            "destroyed_after": rfc3339(ends[kek].goes_at) if kek in ends else None,
        }
        for kek in sorted({*ring.ids(), *counts})
    ]


def _state(row: dict[str, Any]) -> str:
    if not row["here"]:
        return "LOST (put it back from your copy)"
    return "in force" if row["in_force"] else f"replaced, destroyed after {row['destroyed_after'][:10]}"


def _progress(options: Namespace, count: int) -> None:
    if not options.json and sys.stderr.isatty():
        print(f"{count} keys", end="\r", file=sys.stderr)
