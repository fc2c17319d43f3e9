"""`secondline token`: let programs use the server over HTTP, for a person or by themselves, and take that back."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import Any

from pbx.cli.errors import BadOption
from pbx.cli.records import operator, with_records
from pbx.cli.rules import parse_number
from pbx.config.load import Practice
from pbx.config.problems import did_you_mean
from pbx.database import Records
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.domain.token import OVERRIDES, NewToken, Token, TokenScope, hash_of, new_token
from pbx.output import print_json, rfc3339

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class NoSuchToken(Exception):
    """No token in use has the name. `secondline token list` shows them."""


def create(options: Namespace) -> int:
    """Make a token and show it, once."""
    name = options.name or options.person
    if name is None:
        raise BadOption("name the program that the token is for, or whose it is with --person")
    if not _NAME.fullmatch(name):
        raise BadOption("a token's name has small letters, digits and dashes, at most 40 (such as front-desk)")

    async def use(records: Records, practice: Practice) -> int:
        text = new_token()
        new = _new(options, name, practice.policy, hash_of(text))
        if not await records.tokens.add(new, operator()):
            raise BadOption(f"a token {name!r} is in use: choose another name, or revoke it first")
        if options.json:
            print_json(_json(new) | {"token": text})
        else:
            print(text)
            print(f"This is the token {name!r}. It is shown this once: keep it where only the program reads it.")
            print(_in_words(new, practice.policy))
        return 0

    return with_records(options, use)


def show(options: Namespace) -> int:
    """List the tokens, those that were revoked too."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.tokens.tokens()
        if options.json:
            print_json([_json(token) | _record_json(token) for token in found])
            return 0
        zone = practice.policy.timezone
        for token in found:
            revoked = f"; revoked {clock(token.revoked_at, zone)}" if token.revoked_at else ""
            made = f"made by {token.made_by} {clock(token.made_at, zone)}"
            print(f"{token.name}: {_in_words(token, practice.policy)} {made[0].upper()}{made[1:]}{revoked}.")
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


def _new(options: Namespace, name: str, policy: Policy, sha256: bytes) -> NewToken:
    scopes = _scopes(options.scope)
    person: str | None = options.person
    if person is not None and person not in policy.people:
        raise BadOption(f"--person {person!r} is not in [people] ({did_you_mean(person, list(policy.people))})")
    boxes, numbers = _mailboxes(options, policy), _numbers(options, policy)
    if person is None and boxes is None and numbers is None and not options.all:
        wide = sorted(scope.value for scope in scopes if scope.of_patients)
        if wide:
            remedy = "name whose with --person, which with --mailbox and --number, or say --all"
            raise BadOption(f"a program's token for {', '.join(wide)} needs to know what it may see: {remedy}")
    if boxes is None and numbers is not None and person is None:
        boxes = ()
    ends = None if options.days is None else datetime.now(UTC) + timedelta(days=options.days)
    return NewToken(name, scopes, sha256, person, boxes, numbers, ends)


def _scopes(words: list[str]) -> frozenset[TokenScope]:
    found: set[TokenScope] = set()
    for word in (part.strip() for given in words for part in given.split(",")):
        known = [scope.value for scope in TokenScope]
        if word == "overrides":
            found |= OVERRIDES
        elif word in known:
            found.add(TokenScope(word))
        else:
            raise BadOption(f"--scope {word!r} is no scope (there are: {', '.join(known)})")
    return frozenset(found)


def _mailboxes(options: Namespace, policy: Policy) -> tuple[str, ...] | None:
    for box in options.mailbox or ():
        if box not in policy.mailboxes:
            raise BadOption(f"--mailbox {box!r} is not in the file ({did_you_mean(box, list(policy.mailboxes))})")
    return tuple(options.mailbox) if options.mailbox else None


def _numbers(options: Namespace, policy: Policy) -> tuple[str, ...] | None:
    found = [parse_number("--number", number, policy.country) for number in options.number or ()]
    for number in found:
        if number not in policy.numbers:
            raise BadOption(f"--number {number!r} is not a number of this practice")
    return tuple(found) if found else None


def _json(token: Token | NewToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "person": token.person,
        "scopes": sorted(scope.value for scope in token.scopes),
        "mailboxes": None if token.mailboxes is None else list(token.mailboxes),
        "numbers": None if token.numbers is None else list(token.numbers),
        "expires_at": rfc3339(token.expires_at),
    }


def _record_json(token: Token) -> dict[str, Any]:
    made = {"made_at": rfc3339(token.made_at), "made_by": token.made_by}
    return made | {"revoked_at": rfc3339(token.revoked_at), "usable": token.usable(datetime.now(UTC))}


def _in_words(token: Token | NewToken, policy: Policy) -> str:
    """What it is for, in sentences."""
    who = f"of {token.person}" if token.person else "of a program"
    limits = [f"the mailbox {box}" for box in token.mailboxes or ()] + [f"{number}" for number in token.numbers or ()]
    sees = f"; sees {', '.join(limits)} alone" if limits else ""
    until = f"until {clock(token.expires_at, policy.timezone)}" if token.expires_at else "until it is revoked"
    return f"For {', '.join(sorted(token.scopes))}, {who}{sees}, {until}."
