"""What the commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.domain.call import CallRecord, Direction, MessageRecord
from pbx.domain.hints import UNSURE_BELOW, Hint
from pbx.domain.numbers import Caller, NumberKind, for_people
from pbx.domain.oncall import OnCall
from pbx.domain.override import Override
from pbx.domain.override_end import zone_of
from pbx.domain.override_words import target_in_words
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision
from pbx.domain.serial import choices_to_list, decision_to_dict
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.domain.urgent import UrgentCase
from pbx.hints import reading_json

if TYPE_CHECKING:  # it takes longer to import than most commands run
    from rich.console import Console
    from rich.table import Table


def print_json(document: Any) -> None:
    """One JSON document on stdout and nothing else."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def rfc3339(at: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC, to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def caller_in_words(caller: Caller, country: str) -> str:
    if caller.kind is NumberKind.E164 and caller.number:
        return for_people(caller.number, country)
    return caller.number or ("number withheld" if caller.kind is NumberKind.WITHHELD else "number not known")


def name_of(caller: Caller, policy: Policy) -> str | None:
    """The name of a contact."""
    contact = policy.contacts.get(caller.number or "") if caller.kind is NumberKind.E164 else None
    return contact.name or None if contact else None


def named_caller(caller: Caller, policy: Policy) -> str:
    """The number as people read it, with the name of a contact."""
    number, name = caller_in_words(caller, policy.country), name_of(caller, policy)
    return f"{name}, {number}" if name else number


def call_json(call: CallRecord) -> dict[str, Any]:
    """A row of `calls --json`; `from` is null where the number is withheld or unusable, `from_kind` says which.

    Of a call that goes out `from` is the practice number that was shown, `made_by` the person's key. Of a part of
    a call that was passed on, `transferred_from` is the part before, `transferred_by` the person's key.
    """
    return {
        "id": str(call.id),
        "direction": call.direction,
        "from": call.caller.number,
        "from_kind": call.caller.kind,
        "to": call.dialled,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "outcome": call.outcome,
        "reason": call.reason,
        "why": list(call.why),
        "answered_by": call.answered_by,
        "message_id": str(call.message_id) if call.message_id else None,
        "choices": choices_to_list(call.choices),
        "urgent": call.urgent,
        "made_by": call.made_by,
        "device": call.device,
        "transferred_from": str(call.moved_from) if call.moved_from else None,
        "transferred_by": call.moved_by,
    }


def message_json(message: MessageRecord, hints: Sequence[Hint], country: str) -> dict[str, Any]:
    """A row of `voicemail list --json`; `seconds` is the length of the recording.

    `label` tells a short, silent or noise-only one; `read_at` is null until somebody opens it.
    """
    return reading_json(hints, country) | {
        "id": str(message.id),
        "call_id": str(message.call_id),
        "mailbox": message.mailbox,
        "from": message.caller.number,
        "from_kind": message.caller.kind,
        "to": message.dialled,
        "received_at": rfc3339(message.received_at),
        "seconds": round(message.seconds, 3),
        "label": message.label,
        "read_at": rfc3339(message.read_at),
        "held_at": rfc3339(message.held_at),
        "transcript": _transcript_json(message),
    }


def message_detail_json(message: MessageRecord, hints: Sequence[Hint], country: str) -> dict[str, Any]:
    """`voicemail show --json`: as in the list, with each word, its times in seconds and its confidence (or null)."""
    words = message.transcript.words if message.transcript else ()
    detail = message_json(message, hints, country)
    detail["transcript"]["words"] = [
        {"text": w.text, "start": w.start, "end": w.end, "confidence": w.confidence} for w in words
    ]
    return detail


def _transcript_json(message: MessageRecord) -> dict[str, Any]:
    done = message.transcript
    return {
        "state": message.state,
        "text": done.text if done else None,
        "confidence": done.confidence if done else None,
        "engine": done.engine if done else None,
        "model": done.model if done else None,
        "failure": message.failure,
        "made_at": rfc3339(message.transcribed_at),
    }


def urgent_json(case: UrgentCase) -> dict[str, Any]:
    """A row of `urgent list --json`, and `urgent` of a message; `callback` is null for the number called from."""
    request = case.request
    return {
        "call_id": str(request.call),
        "rota": request.rota,
        "mailbox": request.mailbox,
        "from": case.caller.number,
        "callback": request.callback,
        "opened_at": rfc3339(request.opened),
        "state": request.state,
        "settled_by": request.settled_by,
        "settled_at": rfc3339(request.settled_at),
        "attempts": [
            {
                "person": attempt.person,
                "begun_at": rfc3339(attempt.begun),
                "ended_at": rfc3339(attempt.ended),
                "result": attempt.result,
                "caller_waited": attempt.live,
            }
            for attempt in request.attempts
        ],
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """`explain --json`."""
    return decision_to_dict(decision) | {"at": rfc3339(decision.at), "until": rfc3339(decision.until)}


def on_call_json(policy: Policy, now: OnCall) -> dict[str, Any]:
    """Who is on call at an instant; `until` is null where no change is in sight."""
    people = [
        {"key": person, "name": policy.mailboxes.get(person, person), "phones": list(policy.phones_of(person))}
        for person in now.people
    ]
    return {"people": people, "until": rfc3339(now.until), "because": now.because}


def override_json(policy: Policy, one: Override) -> dict[str, Any]:
    """An override; `target` is a number (E.164), a person's key, or null for the practice."""
    return {
        "id": one.id,
        "mode": one.mode.value,
        "scope": one.scope.value,
        "target": one.target or None,
        "for": target_in_words(policy, one.scope, one.target),
        "start": rfc3339(one.starts),
        "end": rfc3339(one.ends),
        "timezone": zone_of(policy, one.scope, one.target),
        "by": one.by,
        "reason": one.reason,
    }


def call_table(calls: Sequence[CallRecord], policy: Policy) -> Table:
    """The call log for people; a contact's name is looked up now, and is kept with no call."""
    from rich.table import Table

    timezone = policy.timezone
    table = Table(title=f"Call log (times in {timezone})", title_justify="left")
    for heading in ("when", "from", "to", "chose", "what happened", "why", "length"):
        table.add_column(heading)
    zone = ZoneInfo(timezone)
    for call in calls:
        outcome = (
            call.outcome.in_words + (f" by {call.answered_by}" if call.answered_by else "") + _moved_by(call, policy)
        )
        table.add_row(
            on_the_wall(call.started_at, zone),
            _made_by(call, policy) or named_caller(call.caller, policy),
            named_dialled(call, policy),
            ", ".join(f"{choice.key} ({choice.to})" for choice in call.choices),
            outcome,
            call.reason or "",
            f"{(call.ended_at - call.started_at).total_seconds():.0f} s" if call.ended_at else "",
        )
    return table


def on_the_wall(at: datetime, zone: ZoneInfo) -> str:
    """The time on the wall; in the hour that comes twice with the name of the time, so that they can be told apart."""
    wall = at.astimezone(zone)
    twice = wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()
    return f"{wall:%a %d %b %H:%M:%S}{f' {wall:%Z}' if twice else ''}"


def _made_by(call: CallRecord, policy: Policy) -> str:
    """Of a call that goes out, who made it, showing what."""
    if call.direction is Direction.INBOUND:
        return ""
    person = policy.people.get(call.made_by or "")
    shown = f" as {for_people(call.caller.number, policy.country)}" if call.caller.number else ""
    return f"{person.name if person else call.made_by or 'nobody known'}{shown}"


def _moved_by(call: CallRecord, policy: Policy) -> str:
    """Of a part of a call that was passed on, by whom."""
    if call.moved_by is None and call.moved_from is None:
        return ""
    person = policy.people.get(call.moved_by or "")
    return f", passed on by {person.name if person else call.moved_by or 'nobody known'}"


def named_dialled(call: CallRecord, policy: Policy) -> str:
    """The number as people read it; of a call that goes out with the name of a contact."""
    number = for_people(call.dialled, policy.country)
    contact = policy.contacts.get(call.dialled) if call.direction is Direction.OUTBOUND else None
    return f"{contact.name}, {number}" if contact and contact.name else number


def words_in_short(message: MessageRecord) -> str:
    """The transcript as one text for people, or why there is none."""
    if message.state is TranscriptState.DONE and message.transcript:
        return message.transcript.text
    return {
        TranscriptState.PENDING: "(being transcribed)",
        TranscriptState.NO_SPEECH: "(no speech was heard)",
        TranscriptState.FAILED: f"(not transcribed: {message.failure})",
        TranscriptState.DONE: "",
    }[message.state]


def remarks(message: MessageRecord) -> list[str]:
    """What is unusual about a message: its label, a legal hold."""
    found = [message.label.in_words] if message.label else []
    if message.held_at:
        found.append("on legal hold")
    return [f"[{remark}]" for remark in found]


def sureness(transcript: Transcript) -> str:
    """How sure the recogniser is, in words; it says so where the engine gives no figure."""
    if transcript.confidence is None:
        return f"{transcript.engine} does not say how sure it is: listen where it matters"
    unsure = [w.text for w in transcript.words if w.confidence is not None and w.confidence < UNSURE_BELOW]
    marked = f"; least sure of: {', '.join(unsure)}" if unsure else ""
    return f"{transcript.engine} is {transcript.confidence:.0%} sure{marked}"


def console() -> Console:
    """Where tables go: as wide as the terminal, or wide enough not to fold where there is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)
