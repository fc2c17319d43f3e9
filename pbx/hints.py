"""How hints look: for people, always with the words that they came from, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from pbx.domain.call import MessageRecord
from pbx.domain.hints import Hint, HintKind, Urgency, hints_in, urgency_of
from pbx.domain.numbers import for_people
from pbx.domain.policy import Policy

WHAT_THEY_ARE = "Hints, made by a program from the words in quotation marks; listen before you rely on them:"

_LABELS = {
    HintKind.RED_FLAG: "red flag",
    HintKind.CALL_BACK: "call back",
    HintKind.NAME: "name",
    HintKind.BIRTH_DATE: "born",
    HintKind.REASON: "why",
    HintKind.OTHER_NUMBER: "number",
    HintKind.WORD: "word",
}
_IN_LINE = (HintKind.CALL_BACK, HintKind.NAME, HintKind.BIRTH_DATE, HintKind.REASON)


def hints_of(message: MessageRecord, policy: Policy) -> tuple[Hint, ...]:
    """The hints in a message's words, by the practice's present lists."""
    day = message.received_at.astimezone(ZoneInfo(policy.timezone)).date()
    return hints_in(message.transcript, message.caller, day, policy.reading)


def urgency_of_message(hints: Sequence[Hint]) -> Urgency:
    """How soon a message is to be read. Nothing but its words says so yet: routine, unless they hold a red flag."""
    return urgency_of(Urgency.ROUTINE, hints)


def reading_json(hints: Sequence[Hint], country: str) -> dict[str, Any]:
    """What is added to a message's JSON. `start` and `end` are characters of the transcript's text."""
    return {
        "urgency": urgency_of_message(hints).word,
        "hints_line": hint_line(hints, country),
        "hints": [_json(hint) for hint in hints],
    }


def hint_line(hints: Sequence[Hint], country: str) -> str:
    """The essence in one line, empty where there is none; each hint with its words."""
    flags = [f"“{hint.said}”" for hint in hints if hint.kind is HintKind.RED_FLAG]
    chosen = [hint for kind in _IN_LINE for hint in hints if hint.kind is kind]
    parts = [f"URGENT: {', '.join(flags)}"] if flags else []
    return "; ".join([*parts, *(_part(hint, country) for hint in chosen)])


def hint_table(hints: Sequence[Hint], country: str) -> Table:
    """All hints, a row each: what, its meaning, the words, what to know."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(overflow="fold")
    for hint in hints:
        value = "" if hint.value == hint.said else _value(hint, country)
        notes = [hint.note, "the recogniser was not sure" if hint.unsure else ""]
        cells = (f"  {_LABELS[hint.kind]}", value, f"“{hint.said}”", ", ".join(filter(None, notes)))
        table.add_row(*(Text(cell) for cell in cells))  # a patient's words are no markup
    return table


def _part(hint: Hint, country: str) -> str:
    mark = " (unsure)" if hint.unsure else ""
    if hint.value == hint.said:
        return f"{_LABELS[hint.kind]}: “{hint.said}”{mark}"
    note = f", {hint.note}" if hint.note else ""
    return f"{_LABELS[hint.kind]} {_value(hint, country)}{mark} [“{hint.said}”{note}]"


def _value(hint: Hint, country: str) -> str:
    match hint.kind:
        case HintKind.CALL_BACK | HintKind.OTHER_NUMBER if hint.value.startswith("+"):
            return for_people(hint.value, country)
        case HintKind.BIRTH_DATE:
            return f"{date.fromisoformat(hint.value):%d %b %Y}".lstrip("0")
        case HintKind.WORD:
            return f"{hint.value}?"
        case _:
            return hint.value


def _json(hint: Hint) -> dict[str, Any]:
    return {
        "kind": hint.kind.value,
        "value": hint.value,
        "said": hint.said,
        "start": hint.span.start,
        "end": hint.span.end,
        "note": hint.note,
        "confidence": hint.sure,
        "unsure": hint.unsure,
    }
