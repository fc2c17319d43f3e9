"""The words of what people do with messages, and of reports."""

from __future__ import annotations

import argparse
from typing import Protocol

from pbx.cli.lazy import Command, lazily


class Add(Protocol):
    """Adds a command with the options that all have."""

    def __call__(
        self,
        commands: argparse._SubParsersAction[argparse.ArgumentParser],
        name: str,
        command: Command,
        doc: str,
        *,
        json: bool = False,
    ) -> argparse.ArgumentParser: ...


_DEEDS = {
    "claim": "take care of a message; one owner at a time",
    "release": "give a message back to all, also one that somebody else took",
    "done": "finish with a message",
    "note": "write something to a message that its readers see",
    "forward": "move a message to another mailbox",
    "save": "mark a message to keep it apart",
    "delete": "take a message out of sight; nothing is erased",
    "undelete": "take a deletion back",
}


def add_inbox_commands(verbs: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`voicemail claim` and its like."""
    made = {name: add(verbs, name, lazily(f"inbox:{name}"), doc, json=True) for name, doc in _DEEDS.items()}
    for parser in made.values():
        parser.add_argument("id", metavar="ID")
    called = made["done"].add_mutually_exclusive_group()
    called.add_argument(
        "--called-back",
        nargs="?",
        const="",
        metavar="TIME",
        help="the patient was called (at TIME, such as 2026-12-25T10:00; default: now)",
    )
    called.add_argument("--undo", action="store_true", help="take an earlier `done` back")
    made["note"].add_argument("text", metavar="TEXT")
    made["forward"].add_argument("mailbox", metavar="MAILBOX", help="of a person or a team")
    made["forward"].add_argument("--note", default="", metavar="TEXT", help="what its new readers should know")
    for parser in made.values():
        add_by(parser)


def add_looks(listing: argparse.ArgumentParser) -> None:
    """Which messages `voicemail list` shows."""
    listing.add_argument("--mine", action="store_true", help="only what you (or NAME) claimed")
    listing.add_argument("--open", action="store_true", help="only what is not done")
    listing.add_argument("--deleted", action="store_true", help="what is deleted instead")
    add_by(listing)


def add_by(parser: argparse.ArgumentParser) -> None:
    """Who does it."""
    doc = "who does it; a person of the file sees the own mailboxes only (default: your account)"
    parser.add_argument("--by", metavar="NAME", help=doc)


def add_report_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`report callbacks`."""
    report = commands.add_parser("report", help="figures without patient data")
    verbs = report.add_subparsers(title="reports", required=True, metavar="REPORT")
    callbacks = add(
        verbs, "callbacks", lazily("report:callbacks"), "how many patients were called back in time", json=True
    )
    callbacks.add_argument("--since", metavar="TIME", help="only messages from this time on (default: all)")
    callbacks.add_argument("--mailbox", help="only this mailbox")
