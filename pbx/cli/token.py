"""`secondline token`: let programs use the server over HTTP, and take that back."""

from __future__ import annotations

import re
from argparse import Namespace

from pbx.cli.errors import BadOption
from pbx.cli.records import operator, with_records
from pbx.config.load import Practice
from pbx.database import Records
from pbx.domain.ring_oncall import clock
from pbx.domain.token import TokenScope, hash_of, new_token
from pbx.output import print_json, rfc3339

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class NoSuchToken(Exception):
    """No token in use has the name. `secondline token list` shows them."""


def create(options: Namespace) -> int:
    """Make a token and show it, once."""
    if not _NAME.fullmatch(options.name):
        raise BadOption("a token's name has small letters, digits and dashes, at most 40 (such as front-desk)")

    async def use(records: Records, _: Practice) -> int:
        text, scope = new_token(), TokenScope(options.scope)
        if not await records.tokens.add(options.name, scope, hash_of(text), operator()):
            raise BadOption(f"a token {options.name!r} is in use: choose another name, or revoke it first")
        if options.json:
            print_json({"name": options.name, "scope": scope.value, "token": text})
        else:
            print(text)
            print(
                f"This is the token {options.name!r}. It is shown this once: keep it where only the program reads it."
            )
        return 0

    return with_records(options, use)


def show(options: Namespace) -> int:
    """List the tokens, those that were revoked too."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.tokens.tokens()
        if options.json:
            print_json(
                [
                    {
                        "name": token.name,
                        "scope": token.scope.value,
                        "made_at": rfc3339(token.made_at),
                        "made_by": token.made_by,
                        "revoked_at": rfc3339(token.revoked_at),
                    }
                    for token in found
                ]
            )
            return 0
        zone = practice.policy.timezone
        for token in found:
            revoked = f"; revoked {clock(token.revoked_at, zone)}" if token.revoked_at else ""
            made = f"made by {token.made_by} {clock(token.made_at, zone)}"
            print(f"{token.name}: for {token.scope.value}, {made}{revoked}")
        if not found:
            print("There is no token.")
        return 0

    return with_records(options, use)


def revoke(options: Namespace) -> int:
    """Let a token be used no more."""

    async def use(records: Records, _: Practice) -> int:
        if not await records.tokens.revoke(options.name, operator()):
            raise NoSuchToken(f"no token {options.name!r} is in use: `secondline token list` shows them")
        if options.json:
            print_json({"name": options.name, "revoked": True})
        else:
            print(f"The token {options.name!r} is revoked: the server refuses it from now on.")
        return 0

    return with_records(options, use)
