"""Commands that read the call log and the messages: calls, voicemail list/show/export. Each reading is noted."""

from __future__ import annotations

import asyncio
import getpass
import os
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

from pbx.asterisk.layout import Layout
from pbx.cli.rules import parse_number, parse_time
from pbx.config.load import Practice, load
from pbx.database import Records, open_records
from pbx.domain.hints import Urgency
from pbx.domain.inbox import How, Item, Who
from pbx.domain.policy import Policy
from pbx.domain.urgent import UrgentCase
from pbx.hints import WHAT_THEY_ARE, hint_table, hints_of, urgency_of_message
from pbx.inbox_output import item_detail_json, item_json, item_table, story_in_words, urgent_first
from pbx.key_ring import vault_of
from pbx.output import (
    call_json,
    call_table,
    console,
    name_of,
    named_caller,
    print_json,
    remarks,
    sureness,
    urgent_json,
    words_in_short,
)
from pbx.services.inbox import Inbox, Look
from pbx.urgent_words import urgent_in_words
from voicemail.audio import Audio, wav_bytes
from voicemail.shelf import Shelf

MOST_SEARCHED = 100_000
"""Messages that a search looks through, the newest ones."""


class NoSuchMessage(Exception):
    """What was typed is no id. `secondline voicemail list` shows the ids."""


def with_records(options: Namespace, use: Callable[[Records, Practice], Awaitable[int]]) -> int:
    """Run `use` with the practice and its records, with a server beside or without."""
    practice = load(Path(options.config))

    async def run() -> int:
        async with open_records(practice.settings, Layout(Path(options.data))) as records:
            return await use(records, practice)

    return asyncio.run(run())


def calls(options: Namespace) -> int:
    """Print the call log, newest first; noted in the audit as a reading."""

    async def use(records: Records, practice: Practice) -> int:
        policy = practice.policy
        since = parse_time(options.since, policy.timezone) if options.since else None
        number = parse_number("--number", options.number, policy.country) if options.number else None
        found = await records.calls.calls(since, number, options.limit)
        await records.audit.note(operator(), "listed", "calls", calls=len(found))
        if options.json:
            print_json([call_json(call) | {"name": name_of(call.caller, policy)} for call in found])
        else:
            console().print(call_table(found, policy))
        return 0

    return with_records(options, use)


def voicemail_list(options: Namespace) -> int:
    """Print the messages with their words, urgent ones first; noted in the audit as one reading of all of them."""

    async def use(records: Records, practice: Practice) -> int:
        service, who, policy = inbox_of(records, practice), who_of(options, practice.policy), practice.policy
        # Words are sealed: to search is to open each message and look.
        most = MOST_SEARCHED if options.search else options.limit
        look = Look(options.mine, options.open, options.deleted, most)
        found = matching(await service.messages(options.mailbox, who, look), options.search)[: options.limit]
        await service.listed(found, who)
        if options.json:
            print_json([item_json(item, service.due(item), policy) for item in urgent_first(found, policy)])
        else:
            console().print(item_table(urgent_first(found, policy), policy))
        return 0

    return with_records(options, use)


def voicemail_show(options: Namespace) -> int:
    """Print one message with its words, its notes and its history; noted as a reading."""

    async def use(records: Records, practice: Practice) -> int:
        service, who, message = inbox_of(records, practice), who_of(options, practice.policy), message_id(options.id)
        await service.read(message, who)
        item, history = await service.message(message, who), await service.history(message, who)
        urgent = await records.urgent.of_call(item.message.call_id)
        if options.json:
            shown = item_detail_json(item, service.due(item), history, practice.policy)
            print_json(shown | {"urgent": urgent_json(urgent) if urgent else None})
        else:
            _tell(item, urgent, practice)
            for line in story_in_words(item.standing, service.due(item), history, practice.policy.timezone):
                console().print(line, markup=False)
        return 0

    return with_records(options, use)


def voicemail_export(options: Namespace) -> int:
    """Copy a message's WAV to a file that only this account can read; noted in the audit."""

    async def use(records: Records, practice: Practice) -> int:
        service, who = inbox_of(records, practice), who_of(options, practice.policy)
        message, target = (await service.message(message_id(options.id), who)).message, Path(options.target)
        audio = await asyncio.to_thread(shelf_of(practice, Layout(Path(options.data))).read, message)
        await service.exported(message.id, who)
        await asyncio.to_thread(_copy, audio, target)
        if options.json:
            print_json({"id": str(message.id), "file": str(target), "seconds": round(message.seconds, 3)})
        else:
            print(f"{target}: {message.seconds:.1f} s. It holds patient data: keep it where that is allowed.")
        return 0

    return with_records(options, use)


def matching(items: Sequence[Item], words: str | None) -> Sequence[Item]:
    """Those in whose transcript all of `words` stand, whatever their case; all of them without words."""
    wanted = (words or "").casefold().split()
    return [item for item in items if all(word in _text(item) for word in wanted)]


def _text(item: Item) -> str:
    transcript = item.message.transcript
    return transcript.text.casefold() if transcript else ""


def inbox_of(records: Records, practice: Practice) -> Inbox:
    """The mailboxes as people use them."""
    return Inbox(records.inbox, lambda: practice.policy)


def who_of(options: Namespace, policy: Policy) -> Who:
    """Who is meant by `--by`: a person of the file by key or name, else an operator; left out, the account."""
    account = operator()
    people = {person.name: key for key, person in policy.people.items()}
    key = people.get(options.by, options.by)
    if key in policy.people:
        return Who.person(key, How.COMMAND, account)
    return Who(options.by or account, account, How.COMMAND)


def operator() -> str:
    """Who is at the keyboard, for the audit: the account's name."""
    return getpass.getuser()


def message_id(text: str) -> UUID:
    """The id that somebody typed. Raises `NoSuchMessage`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NoSuchMessage(f"{text!r} is not the id of a message: `secondline voicemail list` shows them") from error


def shelf_of(practice: Practice, layout: Layout) -> Shelf:
    """Where the recordings are. Raises KeysMissing."""
    return Shelf(layout.messages, vault_of(practice.settings, layout))


def _copy(audio: Audio, target: Path) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(wav_bytes(audio.pcm))


def _tell(item: Item, urgent: UrgentCase | None, practice: Practice) -> None:
    message, policy = item.message, practice.policy
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
