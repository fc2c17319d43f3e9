"""What the commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from pbx.domain.call import CallRecord, MessageRecord
from pbx.domain.numbers import Caller, NumberKind, for_people
from pbx.domain.oncall import OnCall
from pbx.domain.override import Override
from pbx.domain.override_end import zone_of
from pbx.domain.override_words import target_in_words
from pbx.domain.policy import Policy
from pbx.domain.routing import Decision
from pbx.domain.serial import choices_to_list, decision_to_dict
from pbx.domain.transcript import Transcript, TranscriptState

UNSURE_BELOW = 0.6
"""Words under this confidence are marked for the reader."""


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
    """A row of `calls --json`; `from` is null where the number is withheld or unusable, `from_kind` says which."""
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
    }


def message_json(message: MessageRecord) -> dict[str, Any]:
    """A row of `voicemail list --json`; `seconds` is the length of the recording."""
    return {
        "id": str(message.id),
        "call_id": str(message.call_id),
        "mailbox": message.mailbox,
        "from": message.caller.number,
        "from_kind": message.caller.kind,
        "to": message.dialled,
        "received_at": rfc3339(message.received_at),
        "seconds": round(message.seconds, 3),
        "transcript": _transcript_json(message),
    }


def message_detail_json(message: MessageRecord) -> dict[str, Any]:
    """`voicemail show --json`: as in the list, with each word, its times in seconds and its confidence (or null)."""
    words = message.transcript.words if message.transcript else ()
    detail = message_json(message)
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
    timezone, country = policy.timezone, policy.country
    table = Table(title=f"Call log (times in {timezone})", title_justify="left")
    for heading in ("when", "from", "to", "chose", "what happened", "why", "length"):
        table.add_column(heading)
    zone = ZoneInfo(timezone)
    for call in calls:
        outcome = call.outcome.in_words + (f" by {call.answered_by}" if call.answered_by else "")
        table.add_row(
            f"{call.started_at.astimezone(zone):%a %d %b %H:%M:%S}",
            named_caller(call.caller, policy),
            for_people(call.dialled, country),
            ", ".join(f"{choice.key} ({choice.to})" for choice in call.choices),
            outcome,
            call.reason or "",
            f"{(call.ended_at - call.started_at).total_seconds():.0f} s" if call.ended_at else "",
        )
    return table


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


def sureness(transcript: Transcript) -> str:
    """How sure the recogniser is, in words; it says so where the engine gives no figure."""
    if transcript.confidence is None:
        return f"{transcript.engine} does not say how sure it is: listen where it matters"
    unsure = [w.text for w in transcript.words if w.confidence is not None and w.confidence < UNSURE_BELOW]
    marked = f"; least sure of: {', '.join(unsure)}" if unsure else ""
    return f"{transcript.engine} is {transcript.confidence:.0%} sure{marked}"


def console() -> Console:
    """Where tables go: as wide as the terminal, or wide enough not to fold where there is none."""
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)
