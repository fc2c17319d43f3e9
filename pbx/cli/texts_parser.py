"""The words of `secondline texts`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pbx.cli.lazy import lazily

Add = Callable[..., argparse.ArgumentParser]
TEXTS_VERBS = ("list", "show", "send", "consent", "explain")


def add_texts_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`secondline texts` with its verbs; without one it lists."""
    texts = commands.add_parser("texts", help="texts with patients")
    verbs = texts.add_subparsers(title="commands for texts", required=True, metavar="COMMAND")
    listing = add(verbs, "list", lazily("texts:show_list"), "the newest texts (the word may be left out)", json=True)
    listing.add_argument("--line", metavar="NUMBER", help="only those of this practice number")
    _add_limit(listing)
    show = add(verbs, "show", lazily("texts:show"), "a conversation, and what the number said about texts", json=True)
    show.add_argument("number", metavar="NUMBER", help="the patient's number")
    _add_limit(show)
    send = add(verbs, "send", lazily("texts:send"), "send a text, which is read from standard input", json=True)
    send.add_argument("number", metavar="NUMBER", help="the patient's number")
    send.add_argument("--from", dest="line", metavar="NUMBER", help="the practice number (default: the one that fits)")
    send.add_argument("--secure", action="store_true", help="as a link and a code, for what is not to be in a text")
    consent = add(verbs, "consent", lazily("texts:consent"), "write down what a number said about texts", json=True)
    consent.add_argument("number", metavar="NUMBER", help="the patient's number")
    consent.add_argument("said", choices=["yes", "no"], help="whether they want texts")
    consent.add_argument("--note", required=True, metavar="TEXT", help="how they said it; nothing else about a patient")
    explain = add(verbs, "explain", lazily("texts:explain"), "what would happen to a text, and why", json=True)
    explain.add_argument("--to", required=True, metavar="NUMBER", help="the practice number")
    explain.add_argument("--from", dest="patient", metavar="NUMBER", help="the sender (default: somebody new)")
    explain.add_argument("--says", default="Hello", metavar="TEXT", help='the text, such as STOP (default: "Hello")')
    explain.add_argument("--at", metavar="TIME", help="when (2026-12-25T10:00; default: now)")
    for command in (listing, show, send, consent):
        command.add_argument(
            "--by", metavar="NAME", help="who it is: a key or name of the file (default: your account)"
        )


def _add_limit(command: argparse.ArgumentParser) -> None:
    command.add_argument("--limit", type=_positive, default=100, metavar="N", help="at most N texts (default 100)")


def _positive(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
