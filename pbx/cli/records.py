"""Commands that read the call log and the messages: calls, voicemail list/show/export."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from pbx.asterisk.layout import Layout
from pbx.cli.rules import parse_number, parse_time
from pbx.config.load import Practice, load
from pbx.database import Records, open_records
from pbx.domain.call import MessageRecord
from pbx.domain.hints import Urgency
from pbx.domain.urgent import UrgentCase
from pbx.hints import WHAT_THEY_ARE, hint_table, hints_of, urgency_of_message, urgent_first
from pbx.output import (
    call_json,
    call_table,
    console,
    message_detail_json,
    message_json,
    message_table,
    name_of,
    named_caller,
    print_json,
    remarks,
    sureness,
    urgent_json,
    words_in_short,
)
from pbx.urgent_words import urgent_in_words


class NoSuchMessage(Exception):
    """No message has the id. `secondline voicemail list` shows the ids."""


def with_records(options: Namespace, use: Callable[[Records, Practice], Awaitable[int]]) -> int:
    """Run `use` with the practice and its records, with a server beside or without."""
    practice = load(Path(options.config))

    async def run() -> int:
        async with open_records(practice.settings, Layout(Path(options.data))) as records:
            return await use(records, practice)

    return asyncio.run(run())


def calls(options: Namespace) -> int:
    """Print the call log, newest first."""

    async def use(records: Records, practice: Practice) -> int:
        policy = practice.policy
        since = parse_time(options.since, policy.timezone) if options.since else None
        number = parse_number("--number", options.number, policy.country) if options.number else None
        found = await records.calls.calls(since, number, options.limit)
        if options.json:
            print_json([call_json(call) | {"name": name_of(call.caller, policy)} for call in found])
        else:
            console().print(call_table(found, policy))
        return 0

    return with_records(options, use)


def voicemail_list(options: Namespace) -> int:
    """Print the newest messages: urgent ones first, then the newest first."""

    async def use(records: Records, practice: Practice) -> int:
        policy = practice.policy
        both = urgent_first(await records.messages.messages(options.mailbox, options.limit), policy)
        if options.json:
            print_json([message_json(message, hints, policy.country) for message, hints in both])
        else:
            console().print(message_table(both, policy.timezone, policy.country))
        return 0

    return with_records(options, use)


def voicemail_show(options: Namespace) -> int:
    """Print one message with its words; noted in the audit."""

    async def use(records: Records, practice: Practice) -> int:
        message = await _message(records, options.id)
        await records.messages.opened(message.id, operator(), "show")
        urgent = await records.urgent.of_call(message.call_id)
        if options.json:
            hints = hints_of(message, practice.policy)
            document = message_detail_json(message, hints, practice.policy.country)
            print_json(document | {"urgent": urgent_json(urgent) if urgent else None})
        else:
            _tell(message, urgent, practice)
        return 0

    return with_records(options, use)


def voicemail_export(options: Namespace) -> int:
    """Copy a message's WAV to a file that only this account can read; noted in the audit."""

    async def use(records: Records, practice: Practice) -> int:
        message = await _message(records, options.id)
        target = Path(options.target)
        await records.messages.opened(message.id, operator(), "export")
        await asyncio.to_thread(_copy, Layout(Path(options.data)).messages / message.file, target)
        if options.json:
            print_json({"id": str(message.id), "file": str(target), "seconds": round(message.seconds, 3)})
        else:
            print(f"{target}: {message.seconds:.1f} s. It holds patient data: keep it where that is allowed.")
        return 0

    return with_records(options, use)


def operator() -> str:
    """Who is at the keyboard, for the audit: the account's name."""
    return getpass.getuser()


def message_id(text: str) -> UUID:
    """The id that somebody typed. Raises `NoSuchMessage`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NoSuchMessage(f"{text!r} is not the id of a message: `secondline voicemail list` shows them") from error


async def _message(records: Records, text: str) -> MessageRecord:
    message = await records.messages.message(message_id(text))
    if message is None:
        raise NoSuchMessage(f"there is no message {text}: `secondline voicemail list` shows the ids")
    return message


def _copy(source: Path, target: Path) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as audio, os.fdopen(handle, "wb") as out:
        shutil.copyfileobj(audio, out)


def _tell(message: MessageRecord, urgent: UrgentCase | None, practice: Practice) -> None:
    policy = practice.policy
    out = console()
    out.print(f"Message {message.id} for {policy.mailboxes.get(message.mailbox, message.mailbox)}")
    out.print(f"From {named_caller(message.caller, policy)}, {message.seconds:.0f} seconds", markup=False)
    hints = hints_of(message, policy)
    if urgency_of_message(hints) is Urgency.URGENT:
        out.print("URGENT: it holds a red-flag word of the practice.")
    if hints:
        out.print(WHAT_THEY_ARE)
        out.print(hint_table(hints, policy.country), markup=False)
        out.print("The message:")
    out.print(f"  {' '.join([words_in_short(message), *remarks(message)])}", markup=False)
    if message.transcript:
        out.print(f"  ({sureness(message.transcript)})", markup=False)
    for line in urgent_in_words(urgent, policy) if urgent else ():
        out.print(line, markup=False)
