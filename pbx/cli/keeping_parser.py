"""The words of what keeps a practice: backups, the look at everything, and the list of what there is."""

from __future__ import annotations

import argparse

from pbx.cli.inbox_parser import Add
from pbx.cli.lazy import lazily


def add_keeping_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`backup`, `backup-key`, `restore`, `doctor` and `inventory`."""
    backup = add(
        commands, "backup", lazily("backup:backup"), "keep all of the practice in an encrypted file", json=True
    )
    backup.add_argument("file", metavar="FILE|DIR", help="the file to write, or a folder for a file with the time")
    older = "in a folder: remove backups that are older, but never the newest"
    backup.add_argument("--keep-days", type=int, metavar="N", help=older)
    with_keys = "write the master keys into a file of their own too, under a passphrase; no backup holds them"
    backup.add_argument("--with-keys", metavar="FILE", help=with_keys)
    backup.add_argument("--keys-passphrase-file", metavar="FILE", help="read that passphrase here instead of asking")
    key = commands.add_parser("backup-key", help="the key that backups are encrypted for")
    verbs = key.add_subparsers(title="commands for the backup key", required=True, metavar="COMMAND")
    create = add(verbs, "create", lazily("backup:make_key"), "make the key; keep its file away from this machine")
    create.add_argument("file", metavar="FILE", help="where the key goes")
    create.add_argument("--passphrase", action="store_true", help="ask for a passphrase that the file is to need")
    _passphrase_file(create)
    create.add_argument("--replace", action="store_true", help="another key in place of the one in use")
    add(verbs, "show", lazily("backup:show_key"), "whom backups are encrypted for", json=True)
    restore = add(commands, "restore", lazily("backup:restore_backup"), "bring a backup back, or try one", json=True)
    restore.add_argument("file", metavar="FILE", help="the backup")
    restore.add_argument("--key", metavar="FILE", help="the backup key")
    _passphrase_file(restore)
    restore.add_argument("--keys", metavar="FILE", help="the master keys, as `backup --with-keys` wrote them")
    restore.add_argument("--keys-passphrase-file", metavar="FILE", help="read their passphrase here instead of asking")
    restore.add_argument("--verify", action="store_true", help="restore to a scratch place, look at all, throw it away")
    restore.add_argument("--scratch", metavar="DIR", help="where that is (default: the machine's temporary folder)")
    doctor = add(commands, "doctor", lazily("doctor:doctor"), "look at everything that calls depend on", json=True)
    doctor.add_argument("--all", action="store_true", help="tell what is in order too")
    what = "what there is, what listens, who talks to whom, what leaves the building"
    inventory = add(commands, "inventory", lazily("inventory:inventory"), what, json=True)
    inventory.add_argument("--diagram", metavar="FILE", help="draw it: .svg a picture, .mmd or .md Mermaid text")


def _passphrase_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passphrase-file", metavar="FILE", help="read the key's passphrase here instead of asking")
