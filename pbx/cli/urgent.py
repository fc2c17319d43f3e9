"""`secondline urgent`: the urgent messages, who was asked about them, and who took them."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from uuid import UUID

from pbx.cli.errors import BadOption
from pbx.cli.records import operator, with_records
from pbx.config.load import Practice
from pbx.database import Records
from pbx.output import console, print_json, urgent_json
from pbx.urgent_words import urgent_in_words


def show(options: Namespace) -> int:
    """Print the urgent messages, newest first; noted in the audit as a reading."""

    async def use(records: Records, practice: Practice) -> int:
        found = await records.urgent.requests(options.limit, unsettled=options.open)
        await records.audit.note(operator(), "listed", "urgent", calls=len(found))
        if options.json:
            print_json([urgent_json(case) for case in found])
            return 0
        for case in found:
            for line in urgent_in_words(case, practice.policy):
                console().print(line, markup=False)
        if not found:
            print("There is no urgent message.")
        return 0

    return with_records(options, use)


def close(options: Namespace) -> int:
    """Say that somebody took care of an urgent message, so that nobody is asked any more; noted in the audit."""

    async def use(records: Records, _: Practice) -> int:
        by = options.by or operator()
        if not await records.urgent.close(_call(options.call), by, operator(), datetime.now(UTC)):
            raise BadOption(
                f"call {options.call} has no open urgent message: `secondline urgent list --open` shows them"
            )
        print(f"Taken care of by {by}. Nobody is asked about it any more.")
        return 0

    return with_records(options, use)


def _call(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadOption(f"{text!r} is not the id of a call: `secondline urgent list` shows them") from error
