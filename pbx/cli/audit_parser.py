"""The words of `secondline audit`."""

from __future__ import annotations

import argparse

from pbx.cli.inbox_parser import Add
from pbx.cli.lazy import lazily


def add_audit_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`audit verify`, `show`, `export` and `checkpoint`."""
    audit = commands.add_parser("audit", help="who did what, and the proof that it was left alone")
    verbs = audit.add_subparsers(title="audit commands", required=True, metavar="COMMAND")
    doc = "say whether the audit was left alone: 0 yes, 1 no, 2 nobody can tell"
    verify = add(verbs, "verify", lazily("audit:verify"), doc, json=True)
    verify.add_argument(
        "--export", metavar="FILE", help="verify a file that `audit export` wrote, instead of the database"
    )
    checkpoints = "the signed checkpoints to trust, instead of this machine's; may be given several times"
    verify.add_argument("--checkpoints", action="append", default=[], metavar="FILE", help=checkpoints)
    verify.add_argument(
        "--key", metavar="HEX", help="the public key to trust, as you wrote it down (default: this machine's)"
    )
    show = add(verbs, "show", lazily("audit:show"), "the rows, newest first", json=True)
    _add_span(show)
    show.add_argument("--actor", metavar="WHO", help="only what this one did, such as person/rictor")
    show.add_argument("--action", metavar="WHAT", help="only this, such as listened")
    show.add_argument("--about", metavar="THING", help="only about this, such as message/ID")
    show.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (default 100)")
    export = add(verbs, "export", lazily("audit:export"), "write rows to a file that anybody can verify", json=True)
    export.add_argument("target", metavar="FILE")
    _add_span(export)
    about = "show only rows about this; of the others only their hash goes in"
    export.add_argument("--about", metavar="THING", help=about)
    signing = add(verbs, "checkpoint", lazily("audit:checkpoint"), "sign where the audit ends now", json=True)
    restored = "say that rows which were signed are gone because a backup was brought back, and why"
    signing.add_argument("--restored", metavar="TEXT", help=restored)


def _add_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="only from this time on (2026-12-25T10:00)")
    parser.add_argument("--until", metavar="TIME", help="only before this time")
