"""Legal holds: voicemail hold, unhold, holds."""

from __future__ import annotations

from argparse import Namespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.table import Table

from pbx.cli.records import NoSuchMessage, message_id, operator, with_records
from pbx.config.load import Practice
from pbx.database import Records
from pbx.output import console, print_json, rfc3339
from pbx.store.keeping import Hold


class HoldRefused(Exception):
    """A hold cannot be placed or ended; the text says why."""


def hold(options: Namespace) -> int:
    """Put a message on legal hold, with a reason that is no patient's."""

    async def use(records: Records, practice: Practice) -> int:
        message = message_id(options.id)
        reason = options.reason.strip()
        if not reason:
            raise HoldRefused("a hold needs a reason: --reason TEXT")
        placed = await records.keeping.hold(message, reason, operator())
        _must_be(placed, message, "is on legal hold already: `secondline voicemail holds` shows why")
        _done(options, message, "is on legal hold: it is kept until it is released")
        return 0

    return with_records(options, use)


def release(options: Namespace) -> int:
    """End a legal hold; from then on the usual rule holds for the message."""

    async def use(records: Records, practice: Practice) -> int:
        message = message_id(options.id)
        _must_be(await records.keeping.release(message, operator()), message, "is not on legal hold")
        _done(options, message, "is released: it is kept as long as the rule of its mailbox says")
        return 0

    return with_records(options, use)


def holds(options: Namespace) -> int:
    """Show the holds in force, or all there ever were."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.keeping.holds(message_id(options.id) if options.id else None)
        shown = [hold for hold in found if options.all or hold.released_at is None]
        if options.json:
            print_json([_json(hold) for hold in shown])
        else:
            console().print(_table(shown, practice.policy.timezone))
        return 0

    return with_records(options, use)


def _must_be(done: bool | None, message: UUID, otherwise: str) -> None:
    if done is None:
        raise NoSuchMessage(f"there is no message {message}: `secondline voicemail list` shows the ids")
    if not done:
        raise HoldRefused(f"message {message} {otherwise}")


def _done(options: Namespace, message: UUID, what: str) -> None:
    if options.json:
        print_json({"id": str(message), "done": True})
    else:
        print(f"Message {message} {what}.")


def _json(hold: Hold) -> dict[str, Any]:
    return {
        "message": str(hold.message),
        "placed_at": rfc3339(hold.placed_at),
        "placed_by": hold.placed_by,
        "reason": hold.reason,
        "released_at": rfc3339(hold.released_at),
        "released_by": hold.released_by,
    }


def _table(holds: list[Hold], timezone: str) -> Table:
    table = Table(title=f"Legal holds (times in {timezone})", title_justify="left")
    for heading in ("message", "since", "by", "why", "released"):
        table.add_column(heading, overflow="fold")
    zone = ZoneInfo(timezone)
    for hold in holds:
        ended = f"{hold.released_at.astimezone(zone):%d %b %Y} by {hold.released_by}" if hold.released_at else ""
        since = f"{hold.placed_at.astimezone(zone):%d %b %Y %H:%M}"
        table.add_row(str(hold.message), since, hold.placed_by, hold.reason, ended)
    return table
