"""What people do with messages by command: claim, release, done, note, forward, save, delete, undelete."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from uuid import UUID

from pbx.cli.records import inbox_of, message_id, who_of, with_records
from pbx.cli.rules import parse_time
from pbx.config.load import Practice
from pbx.database import Records
from pbx.domain.inbox import Item, Who
from pbx.domain.policy import Policy
from pbx.inbox_output import item_standing_json, standing_in_words
from pbx.output import print_json
from pbx.services.inbox import Inbox

Act = Callable[[Inbox, UUID, Who, Policy], Awaitable[None]]


def claim(options: Namespace) -> int:
    """Take care of a message. Refused, with who it is, if somebody else does."""
    return _do(options, lambda inbox, message, who, _: inbox.claim(message, who))


def release(options: Namespace) -> int:
    """Give a message back to all."""
    return _do(options, lambda inbox, message, who, _: inbox.release(message, who))


def done(options: Namespace) -> int:
    """Finish with a message, or take that back."""

    async def act(inbox: Inbox, message: UUID, who: Who, policy: Policy) -> None:
        called = options.called_back
        if options.undo:
            await inbox.reopen(message, who)
        else:
            await inbox.done(message, who, None if called is None else parse_time(called or None, policy.timezone))

    return _do(options, act)


def note(options: Namespace) -> int:
    """Write something to a message that its readers see."""
    return _do(options, lambda inbox, message, who, _: inbox.note(message, who, options.text))


def forward(options: Namespace) -> int:
    """Move a message to another mailbox."""
    return _do(options, lambda inbox, message, who, _: inbox.forward(message, options.mailbox, who, options.note))


def save(options: Namespace) -> int:
    """Mark a message to keep it apart."""
    return _do(options, lambda inbox, message, who, _: inbox.save(message, who))


def delete(options: Namespace) -> int:
    """Take a message out of sight."""
    return _do(options, lambda inbox, message, who, _: inbox.delete(message, who))


def undelete(options: Namespace) -> int:
    """Take a deletion back."""
    return _do(options, lambda inbox, message, who, _: inbox.undelete(message, who))


def _do(options: Namespace, act: Act) -> int:
    async def use(records: Records, practice: Practice) -> int:
        message = message_id(options.id)
        await act(inbox_of(records, practice), message, who_of(options, practice.policy), practice.policy)
        # As it is now: also where it went into a mailbox that whoever sent it does not see.
        item = await records.inbox.item(message)
        if item is not None:
            _tell(options, item, practice.policy)
        return 0

    return with_records(options, use)


def _tell(options: Namespace, item: Item, policy: Policy) -> None:
    if options.json:
        print_json({"id": str(item.message.id), "mailbox": item.message.mailbox} | item_standing_json(item.standing))
    else:
        box = policy.mailboxes.get(item.message.mailbox, item.message.mailbox)
        print(f"Message {item.message.id} for {box}: {standing_in_words(item.standing)}.")
