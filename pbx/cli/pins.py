"""`secondline pin`: give the practice's people a PIN for what they do by phone."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path

from pbx.asterisk.layout import Layout
from pbx.cli.errors import BadOption
from pbx.cli.live import NotRunning, ask
from pbx.cli.records import operator, with_records
from pbx.config.load import Practice
from pbx.config.problems import did_you_mean
from pbx.database import Records
from pbx.domain.pin import PinRecord, weakness
from pbx.domain.policy import Policy
from pbx.domain.ring_oncall import clock
from pbx.kept import KeptFile
from pbx.output import print_json, rfc3339
from pbx.services.pins import Pins


def set_pin(options: Namespace) -> int:
    """Give a person a PIN, typed twice on the terminal or as one line of standard input."""

    async def use(records: Records, practice: Practice) -> int:
        _check_person(practice.policy, options.person)
        pin = sys.stdin.readline().rstrip("\r\n") if options.stdin else _typed_twice()
        if flaw := weakness(pin, _numbers(practice.policy)):
            raise BadOption(flaw)
        pins = _pins(options, records)
        await pins.set(options.person, pin, operator())
        told = await _tell_server(options, pins)
        print(f"{practice.policy.mailboxes[options.person]} has a PIN. {told}")
        return 0

    return with_records(options, use)


def clear(options: Namespace) -> int:
    """Take a person's PIN away."""

    async def use(records: Records, practice: Practice) -> int:
        pins = _pins(options, records)
        if not await pins.clear(options.person, operator()):
            raise BadOption(f"{options.person!r} has no PIN: `secondline pin list` shows who has one")
        print(f"{options.person!r} has no PIN any more. {await _tell_server(options, pins)}")
        return 0

    return with_records(options, use)


def show(options: Namespace) -> int:
    """List who has a PIN, and who is locked out until when."""

    async def use(records: Records, practice: Practice) -> int:
        pins, found = _pins(options, records), await records.pins.pins()
        rows = [(record, pins.locked_until(record.person)) for record in found]
        if options.json:
            print_json([_json(record, locked) for record, locked in rows])
            return 0
        for record, locked in rows:
            print(_in_words(record, locked, practice.policy))
        if not rows:
            print("Nobody has a PIN: `secondline pin set PERSON` gives one.")
        return 0

    return with_records(options, use)


def _pins(options: Namespace, records: Records) -> Pins:
    return Pins(records.pins, KeptFile(Layout(Path(options.data)).pins))


def _check_person(policy: Policy, person: str) -> None:
    if person not in policy.people:
        raise BadOption(
            f"nobody in the practice's file is called {person!r} ({did_you_mean(person, list(policy.people))})"
        )


def _numbers(policy: Policy) -> list[str]:
    cells = (person.cell for person in policy.people.values() if person.cell)
    return [*policy.numbers, *cells, *(phone.name for phone in policy.phones)]


def _typed_twice() -> str:
    if not sys.stdin.isatty():
        raise BadOption("there is no terminal to type the PIN on: pipe it in as one line with --stdin")
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("Once more: ") != pin:
        raise BadOption("the two entries differ: try again")
    return pin


async def _tell_server(options: Namespace, pins: Pins) -> str:
    try:
        answer = await ask(Layout(Path(options.data)), "POST", "/pins")
    except NotRunning:
        await pins.refresh()
        return "No server is running: it holds from its next start on."
    return "The server knows." if answer["ok"] else "The server knows in a few seconds."


def _json(record: PinRecord, locked: datetime | None) -> dict[str, str | None]:
    return {
        "person": record.person,
        "set_at": rfc3339(record.set_at),
        "set_by": record.set_by,
        "locked_until": rfc3339(locked),
    }


def _in_words(record: PinRecord, locked: datetime | None, policy: Policy) -> str:
    name = policy.mailboxes.get(record.person, "not in the practice's file any more")
    state = f"; LOCKED until {clock(locked, policy.timezone)} after wrong tries" if locked else ""
    return f"{record.person} ({name}): set by {record.set_by} {clock(record.set_at, policy.timezone)}{state}"
