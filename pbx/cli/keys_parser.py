"""The words of `secondline keys`."""

from __future__ import annotations

import argparse

from pbx.cli.inbox_parser import Add
from pbx.cli.lazy import lazily


def add_key_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`keys list` and its like."""
    keys = commands.add_parser("keys", help="the keys that patients' data are sealed with")
    verbs = keys.add_subparsers(title="key commands", required=True, metavar="COMMAND")
    add(verbs, "list", lazily("keys:show"), "the master keys, and how much is under each", json=True)
    add(verbs, "rotate", lazily("keys:rotate"), "make a new master key; no recording is written anew", json=True)
    destroy = add(verbs, "destroy", lazily("keys:destroy"), "destroy a replaced key before its time", json=True)
    destroy.add_argument("id", metavar="ID")
    copy = add(verbs, "copy", lazily("keys:copy"), "write all master keys into a file, to keep it elsewhere", json=True)
    copy.add_argument("target", metavar="FILE")
    add(verbs, "new", lazily("keys:new"), "print a new key, for a credential of the system")
