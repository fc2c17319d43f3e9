"""The words of what is for programs: the interface's description, and webhooks."""

from __future__ import annotations

import argparse

from pbx.cli.inbox_parser import Add
from pbx.cli.lazy import lazily


def add_program_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: Add) -> None:
    """`api` and `webhooks`."""
    api = commands.add_parser("api", help="what the HTTP interface offers to programs, and with which scope")
    api.add_argument("--openapi", action="store_true", help="print the OpenAPI document")
    api.set_defaults(command=lazily("api:api"), config="", data="-")
    webhooks = commands.add_parser("webhooks", help="programs that are told of what happens")
    verbs = webhooks.add_subparsers(title="webhook commands", required=True, metavar="COMMAND")
    add(verbs, "list", lazily("webhooks:show"), "the webhooks of the file, what waits and what failed", json=True)
    log = add(verbs, "deliveries", lazily("webhooks:deliveries"), "what was sent within 30 days, and how", json=True)
    log.add_argument("hook", nargs="?", metavar="WEBHOOK", help="only to this one")
    log.add_argument("--state", choices=("waiting", "sent", "failed"), help="only those that stand so")
    log.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N (default 50)")
    retry = add(verbs, "retry", lazily("webhooks:retry"), "send again now what failed or waits", json=True)
    what = retry.add_mutually_exclusive_group(required=True)
    what.add_argument("id", nargs="?", metavar="DELIVERY")
    what.add_argument("--webhook", dest="hook", metavar="WEBHOOK", help="everything for this one")
    test = add(verbs, "test", lazily("webhooks:test"), "send an event that says nothing, now", json=True)
    test.add_argument("hook", metavar="WEBHOOK")
    secret = add(verbs, "secret", lazily("webhooks:secret"), "make the secret that signs, and show it once", json=True)
    secret.add_argument("hook", metavar="WEBHOOK")
    secret.add_argument("--new", action="store_true", help="another one instead of the one there is")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count
