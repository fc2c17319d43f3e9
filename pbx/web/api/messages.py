"""The messages: reading them, hearing them, and what people do with them. As `secondline voicemail`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from pbx.domain.inbox import Who
from pbx.domain.token import TokenScope
from pbx.inbox_output import item_detail_json, item_json, item_standing_json
from pbx.output import urgent_json
from pbx.services.inbox import Inbox, Look, Refused, Why
from pbx.web.api.fields import Model
from pbx.web.api.ids import id_in
from pbx.web.api.message_models import (
    DoneWanted,
    ForwardWanted,
    Mailbox,
    Mailboxes,
    Message,
    MessageDetail,
    Messages,
    MessagesQuery,
    NoteWanted,
    Stands,
)
from pbx.web.api.paging import cursor_of, place_of
from pbx.web.api.parts import Parts
from pbx.web.api.problems import Wrong, nothing_there, without_values
from pbx.web.api.table import Asked, Handler, NoFields, Route, Sound

CLOCKS_APART = timedelta(minutes=1)

_NOT_UNDERSTOOD = (Why.BAD_NOTE, Why.BAD_TIME, Why.NO_MAILBOX)


@contextmanager
def refusals() -> Iterator[None]:
    """What the mailbox refuses, as a status and its sentence."""
    try:
        yield
    except Refused as refused:
        if refused.why is Why.UNKNOWN:
            raise nothing_there("message") from refused
        wrong = refused.why in _NOT_UNDERSTOOD
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.CONFLICT
        raise Wrong(status, str(refused)) from refused


async def list_mailboxes(parts: Parts, asked: Asked) -> Mailboxes:
    names = parts.practice.policy.mailboxes
    seen = sorted(box for box in names if asked.access.sees_mailbox(box))
    return Mailboxes(mailboxes=[Mailbox(key=box, name=names[box]) for box in seen])


async def list_messages(parts: Parts, asked: Asked) -> Messages:
    query, who, policy = asked.query(MessagesQuery), asked.access.who, parts.practice.policy
    look = Look(query.mine, query.open, query.deleted, query.limit + 1, place_of(query.cursor))
    found = await parts.inbox.messages(query.mailbox, who, look)
    page = found[: query.limit]
    await parts.inbox.listed(page, who)
    shown = [Message.model_validate(item_json(item, parts.inbox.due(item), policy)) for item in page]
    last = page[-1].message if len(found) > len(page) else None
    return Messages(messages=shown, next=cursor_of(last.received_at, last.id) if last else None)


async def show_message(parts: Parts, asked: Asked) -> MessageDetail:
    message, who, policy = id_in(asked, "message"), asked.access.who, parts.practice.policy
    with refusals():
        await parts.inbox.read(message, who)
        item, history = await parts.inbox.message(message, who), await parts.inbox.history(message, who)
    urgent = await parts.urgent.of_call(item.message.call_id)
    shown = item_detail_json(item, parts.inbox.due(item), history, policy)
    return MessageDetail.model_validate(shown | {"urgent": urgent_json(urgent) if urgent else None})


async def hear_message(parts: Parts, asked: Asked) -> Sound:
    message, who = id_in(asked, "message"), asked.access.who
    with refusals():
        found = (await parts.inbox.message(message, who)).message
        try:
            wav = await parts.wav(found)
        except OSError as error:
            raise Wrong(HTTPStatus.SERVICE_UNAVAILABLE, "the recording cannot be read now") from error
        if not parts.listening.goes_on(who.account, message, asked.at):
            await parts.inbox.heard(message, who)
            parts.listening.began(who.account, message, asked.at)
    return Sound(wav)


Deed = Callable[[Inbox, UUID, Who, Asked], Awaitable[None]]


def _doing(name: str, deed: Deed) -> Handler:
    """An answer that does something with a message, and says how it stands then; it tells nothing of the patient."""

    async def handle(parts: Parts, asked: Asked) -> Stands:
        message = id_in(asked, "message")
        with refusals():
            await deed(parts.inbox, message, asked.access.who, asked)
        # As it is now: also where it went into a mailbox that whoever sent it does not see.
        item = await parts.inbox_book.item(message)
        if item is None:
            raise nothing_there("message")
        stands = item_standing_json(item.standing) | {"id": message, "mailbox": item.message.mailbox}
        return Stands.model_validate(stands)

    handle.__name__ = name
    return handle


async def _done(inbox: Inbox, message: UUID, who: Who, asked: Asked) -> None:
    called = asked.body(DoneWanted).called_back_at
    await inbox.done(message, who, None if called is None else _by_our_clock(called))


def _by_our_clock(called: datetime) -> datetime:
    """The clock of whoever asks may be a moment ahead of ours."""
    now = datetime.now(UTC)
    return now if now < called < now + CLOCKS_APART else called


async def _note(inbox: Inbox, message: UUID, who: Who, asked: Asked) -> None:
    await inbox.note(message, who, asked.body(NoteWanted).text)


async def _forward(inbox: Inbox, message: UUID, who: Who, asked: Asked) -> None:
    body = asked.body(ForwardWanted)
    try:
        await inbox.forward(message, body.mailbox, who, body.note or "")
    except Refused as refused:
        raise Refused(refused.why, without_values(str(refused), {"mailbox": body.mailbox})) from refused


def _read(path: str, summary: str, handler: Handler, answer: type[Model], query: type[Model] = NoFields) -> Route:
    return Route("GET", path, TokenScope.MESSAGES_READ, summary, handler, answer, query=query)


def _write(verb: str, summary: str, deed: Deed, body: type[Model] = NoFields) -> Route:
    handler = _doing(f"{verb}_message", deed)
    return Route("POST", f"{_ONE}/{verb}", TokenScope.MESSAGES_WRITE, summary, handler, Stands, body=body)


_ALL, _ONE = "/api/messages", "/api/messages/{id}"

ROUTES = (
    _read("/api/mailboxes", "The mailboxes that the token sees", list_mailboxes, Mailboxes),
    _read(_ALL, "The messages with their words, newest first", list_messages, Messages, MessagesQuery),
    _read(_ONE, "One message with each word and its history", show_message, MessageDetail),
    Route("GET", f"{_ONE}/audio", TokenScope.AUDIO_READ, "Its sound as a WAV file, or a part", hear_message, Sound),
    _write("claim", "Take care of it; one owner at a time", lambda inbox, id_, who, _: inbox.claim(id_, who)),
    _write("release", "Give it back to all", lambda inbox, id_, who, _: inbox.release(id_, who)),
    _write("done", "Finish with it", _done, DoneWanted),
    _write("reopen", "Take `done` back", lambda inbox, id_, who, _: inbox.reopen(id_, who)),
    _write("note", "Write something to it that its readers see", _note, NoteWanted),
    _write("forward", "Move it to another mailbox", _forward, ForwardWanted),
    _write("save", "Keep it apart from what was only heard", lambda inbox, id_, who, _: inbox.save(id_, who)),
    _write("delete", "Take it out of sight; nothing is erased", lambda inbox, id_, who, _: inbox.delete(id_, who)),
    _write("undelete", "Take a deletion back", lambda inbox, id_, who, _: inbox.undelete(id_, who)),
)
