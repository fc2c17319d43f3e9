"""How a list of messages looks with its hints."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from rich.console import Console

from pbx.domain.call import MessageRecord
from pbx.domain.hints import Reading
from pbx.domain.inbox import Item, Standing
from pbx.domain.numbers import Caller, NumberKind
from pbx.domain.policy import Policy
from pbx.domain.transcript import Transcript, TranscriptState
from pbx.hints import hint_line, hints_of
from pbx.inbox_output import item_table, urgent_first

POLICY = Policy("", "Practice", "US", "America/New_York", "", {}, reading=Reading("US", ("metoprolol",)))
MORNING = datetime(2026, 11, 23, 15, tzinfo=UTC)


def an_item(text: str, minute: int) -> Item:
    transcript = Transcript(TranscriptState.DONE, text, "moonshine", "tiny-en")
    caller = Caller(NumberKind.E164, "+12155550143")
    at = MORNING + timedelta(minutes=minute)
    message = MessageRecord(
        uuid4(), uuid4(), "rictor", caller, "+17175550100", at, 9.0, "a.wav", TranscriptState.DONE, transcript, None
    )
    return Item(message, Standing())


def test_urgent_messages_stand_first_and_the_others_stay_in_their_order() -> None:
    late, urgent, early = an_item("I need a refill.", 9), an_item("I have chest pain.", 5), an_item("Hello.", 1)
    assert urgent_first([late, urgent, early], POLICY) == [urgent, late, early]


def test_the_table_shows_hints_over_the_words_and_takes_no_word_for_markup() -> None:
    item = an_item("[red]I have chest pain.[/red] Call 717 555 0123.", 0)
    out = io.StringIO()
    Console(file=out, width=300).print(item_table([item], POLICY))
    urgent = "URGENT: “chest pain”; call back (717) 555-0123 [“717 555 0123”, not the number called from]"
    assert urgent in out.getvalue()
    assert "[red]I have chest pain.[/red]" in out.getvalue()


def test_a_message_without_hints_has_no_line() -> None:
    assert hint_line(hints_of(an_item("Hello.", 0).message, POLICY), "US") == ""
