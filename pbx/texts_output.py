"""Texts as they are printed: tables and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from pbx.domain.numbers import for_people, parse_caller
from pbx.domain.policy import Policy
from pbx.domain.texting import Consent, ConsentRecord, State, TextRecord
from pbx.domain.texting_rules import TextDecision
from pbx.output import named_caller, rfc3339


def text_json(text: TextRecord) -> dict[str, Any]:
    """One text."""
    return {
        "id": str(text.id),
        "direction": "inbound" if text.inbound else "outbound",
        "line": text.line,
        "patient": text.patient,
        "body": text.body,
        "at": rfc3339(text.at),
        "cause": text.cause.value,
        "state": text.state.value,
        "failure": text.failure or None,
        "person": text.person or None,
        "phone": text.phone or None,
        "account": text.account or None,
        "shown_on": list(text.delivered_to),
        "pictures": text.pictures,
        "reason": text.reason or None,
        "why": list(text.why),
        "settled_at": rfc3339(text.settled_at) if text.settled_at else None,
    }


def consent_json(said: ConsentRecord) -> dict[str, Any]:
    """One entry of the record."""
    return {
        "at": rfc3339(said.at),
        "consent": said.consent.value,
        "how": said.how.value,
        "line": said.line or None,
        "by": said.by,
        "note": said.note or None,
    }


def decision_json(decision: TextDecision) -> dict[str, Any]:
    """What would be done with a text."""
    return {
        "people": list(decision.people),
        "reply": decision.reply.body if decision.reply else None,
        "reason": decision.reason.value,
        "consent": decision.consent.consent.value if decision.consent else None,
        "why": list(decision.why),
    }


def text_table(texts: Sequence[TextRecord], policy: Policy) -> Table:
    """The texts as people read them."""
    table = Table("When", "Line", "Patient", "", "Text", "What became of it")
    for text in texts:
        when = f"{text.at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %H:%M}"
        line = policy.numbers[text.line].label if text.line in policy.numbers else text.line
        patient = named_caller(parse_caller(text.patient, policy.country), policy)
        table.add_row(when, Text(line), Text(patient), _from(text, policy), Text(text.body), Text(_became(text)))
    return table


def consent_in_words(said: Sequence[ConsentRecord], policy: Policy) -> Iterator[str]:
    """The record of a number."""
    words = {Consent.GIVEN: "wants texts", Consent.REVOKED: "wants no texts", Consent.NONE: "said nothing"}
    for one in said:
        when = f"{one.at.astimezone(ZoneInfo(policy.timezone)):%a %d %b %Y %H:%M}"
        line = f" to {for_people(one.line, policy.country)}" if one.line else ""
        note = f": {one.note}" if one.note else ""
        yield f"{when}: {words[one.consent]} ({one.how}{line}, written down by {one.by}{note})"
    if not said:
        yield "Nothing is on record of whether this number wants texts."


def _from(text: TextRecord, policy: Policy) -> Text:
    if text.inbound:
        return Text("<-")
    who = policy.people[text.person].name if text.person in policy.people else text.account or text.cause.value
    return Text(f"-> {who}")


def _became(text: TextRecord) -> str:
    if text.inbound:
        return f"shown on {', '.join(text.delivered_to)}" if text.delivered_to else "no phone has shown it yet"
    return text.state.in_words if text.state is State.DELIVERED else f"{text.state.in_words}. {text.failure}".strip()
