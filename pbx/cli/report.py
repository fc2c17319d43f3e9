"""`secondline report`: figures that name no patient and no message."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from pbx.cli.errors import BadOption
from pbx.cli.records import inbox_of, with_records
from pbx.cli.rules import parse_time
from pbx.config.load import Practice
from pbx.config.problems import did_you_mean
from pbx.database import Records
from pbx.inbox_output import callbacks_json, callbacks_table
from pbx.output import console, print_json


def callbacks(options: Namespace) -> int:
    """Print which share of patients was called back in time, by mailbox."""

    async def use(records: Records, practice: Practice) -> int:
        policy, now = practice.policy, datetime.now(UTC)
        if options.mailbox is not None and options.mailbox not in policy.mailboxes:
            advice = did_you_mean(options.mailbox, list(policy.mailboxes))
            raise BadOption(f"there is no mailbox {options.mailbox!r} in the practice's file ({advice})")
        since = parse_time(options.since, policy.timezone) if options.since else None
        found = await inbox_of(records, practice).callbacks(since, options.mailbox, now)
        if options.json:
            print_json(callbacks_json(found, since, now))
        else:
            console().print(callbacks_table(found))
        return 0

    return with_records(options, use)
