"""How messages stand, as the commands print it: for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from pbx.domain.callback import CallBackReport, Share
from pbx.domain.inbox import Deed, Event, Item, Standing, in_words
from pbx.output import caller_in_words, message_detail_json, message_json, rfc3339, words_in_short

_DEEDS = {
    Deed.LISTED: "read it in a list",
    Deed.READ: "read it",
    Deed.LISTENED: "listened to it",
    Deed.EXPORTED: "took a copy of its sound",
    Deed.SAVED: "saved it",
    Deed.CLAIMED: "claimed it",
    Deed.RELEASED: "released it (it was with {owner})",
    Deed.DONE: "marked it done",
    Deed.REOPENED: "took `done` back",
    Deed.NOTED: "noted",
    Deed.FORWARDED: "forwarded it from {from} to {to}",
    Deed.DELETED: "deleted it",
    Deed.UNDELETED: "took the deletion back",
}


def item_json(item: Item, due: datetime | None) -> dict[str, Any]:
    """A row of `voicemail list --json`: the message and how it stands; `call_back_due` is null where nobody waits."""
    return message_json(item.message) | _stands(item, due)


def item_detail_json(item: Item, due: datetime | None, history: Sequence[Event]) -> dict[str, Any]:
    """`voicemail show --json`: as in the list, with each word and the history; notes are its events with a text."""
    return message_detail_json(item.message) | _stands(item, due) | {"history": [_event(e) for e in history]}


def _stands(item: Item, due: datetime | None) -> dict[str, Any]:
    return item_standing_json(item.standing) | {"call_back_due": rfc3339(due)}


def item_standing_json(standing: Standing) -> dict[str, Any]:
    """How a message stands; `state` is new, heard or saved, whatever else happened to it."""
    done = standing.done
    return {
        "state": standing.state.value,
        "owner": standing.owner,
        "claimed_at": rfc3339(standing.claimed_at),
        "done_at": rfc3339(done.at) if done else None,
        "done_by": done.by if done else None,
        "called_back_at": rfc3339(done.called_back_at) if done else None,
        "deleted_at": rfc3339(standing.deleted_at),
        "deleted_by": standing.deleted_by,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "at": rfc3339(event.at),
        "by": event.by,
        "how": event.how.value,
        "deed": event.deed.value,
        "text": event.text or None,
        "about": dict(event.about),
    }


def item_table(items: Sequence[Item], timezone: str, country: str) -> Table:
    table = Table(title=f"Voicemail (times in {timezone})", title_justify="left")
    for heading in ("id", "when", "mailbox", "from", "length", "stands", "what the caller said"):
        table.add_column(heading, overflow="fold")
    zone = ZoneInfo(timezone)
    for item in items:
        message = item.message
        table.add_row(
            str(message.id),
            f"{message.received_at.astimezone(zone):%a %d %b %H:%M}",
            message.mailbox,
            caller_in_words(message.caller, country),
            f"{message.seconds:.0f} s",
            standing_in_words(item.standing),
            words_in_short(message),
        )
    return table


def standing_in_words(standing: Standing) -> str:
    """`new`, `heard, with rictor`, `called back by rictor`, `deleted by mills`."""
    done = standing.done
    if standing.deleted_at is not None:
        return f"deleted by {in_words(standing.deleted_by or '')}"
    if done is not None:
        return f"{'called back' if done.called_back_at else 'done'} by {in_words(done.by)}"
    owner = f", with {in_words(standing.owner)}" if standing.owner else ""
    return f"{standing.state.value}{owner}"


def story_in_words(standing: Standing, due: datetime | None, history: Sequence[Event], timezone: str) -> Iterator[str]:
    """How a message stands, until when somebody has to call, and all that was done with it."""
    zone = ZoneInfo(timezone)
    by_when = f"; call back by {due.astimezone(zone):%a %d %b %H:%M}" if due else ""
    yield f"Stands: {standing_in_words(standing)}{by_when}"
    for event in history:
        deed = _DEEDS[event.deed].format_map({key: in_words(value) for key, value in event.about.items()})
        when = f"{event.at.astimezone(zone):%a %d %b %H:%M}"
        text = f": {event.text}" if event.text else ""
        yield f"  {when} {in_words(event.by)} {deed}{_called(event, zone)}{text}"


def _called(event: Event, zone: ZoneInfo) -> str:
    called = event.about.get("called_back_at")
    return f", called back {datetime.fromisoformat(called).astimezone(zone):%a %d %b %H:%M}" if called else ""


def callbacks_json(found: CallBackReport, since: datetime | None, at: datetime) -> dict[str, Any]:
    """`report callbacks --json`; `met` is a share (0..1), null where nothing can be judged yet."""
    boxes = {mailbox: _share(share) for mailbox, share in found.mailboxes.items()}
    return {"since": rfc3339(since), "at": rfc3339(at), "total": _share(found.total), "mailboxes": boxes}


def _share(share: Share) -> dict[str, Any]:
    return asdict(share) | {"met": share.met}


def callbacks_table(found: CallBackReport) -> Table:
    table = Table(title="Call-backs", title_justify="left")
    headings = ("mailbox", "messages", "met", "in time", "late", "overdue", "open", "without a call", "median")
    for heading in headings:
        table.add_column(heading)
    for name, share in (*found.mailboxes.items(), ("all", found.total)):
        median = "" if share.median_seconds is None else _span(share.median_seconds)
        met = "" if share.met is None else f"{share.met:.0%}"
        counts = (share.in_time, share.late, share.overdue, share.open, share.without_call)
        table.add_row(name, str(share.messages), met, *(str(count) for count in counts), median)
    return table


def _span(seconds: float) -> str:
    minutes = round(timedelta(seconds=seconds) / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
