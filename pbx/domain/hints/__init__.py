"""Hints for the reader of a message: whom to call back, who it is, why, and how soon.

They are derived from the transcript whenever it is read, so a better list or rule is there for old messages too, and
nothing that a program guessed is ever kept beside what a patient said. Each stands beside the words that it came from.
Nothing here is medical advice, and no absence of a hint says anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from pbx.domain.hints.birth import birth_hints
from pbx.domain.hints.callback import number_hints
from pbx.domain.hints.flags import DEFAULT_RED_FLAGS, red_flag_hints
from pbx.domain.hints.heard import heard
from pbx.domain.hints.hint import UNSURE_BELOW, Hint, HintKind, Span, Urgency
from pbx.domain.hints.name import name_hints
from pbx.domain.hints.practice_words import name_words, practice_word_hints
from pbx.domain.hints.reason import reason_hint
from pbx.domain.numbers import Caller
from pbx.domain.transcript import Transcript, TranscriptState

__all__ = [
    "DEFAULT_RED_FLAGS",
    "UNSURE_BELOW",
    "Hint",
    "HintKind",
    "Reading",
    "Span",
    "Urgency",
    "hints_in",
    "urgency_of",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the practice knows of its messages: words that occur in them (drugs, places), its people and red flags.

    `country` (ISO 3166-1) completes telephone numbers and says how dates are written. `people` are whole names.
    """

    country: str = "US"
    words: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = DEFAULT_RED_FLAGS


def hints_in(transcript: Transcript | None, caller: Caller, day: date, reading: Reading) -> tuple[Hint, ...]:
    """All hints in what `caller` said on `day`, in the order in which a reader wants them. Never raises."""
    if transcript is None or transcript.state is not TranscriptState.DONE:
        return ()
    words = heard(transcript)
    flags = tuple(red_flag_hints(words, reading.red_flags))
    births = tuple(birth_hints(words, reading.country, day))
    numbers = tuple(number_hints(words, caller, reading.country, [hint.span for hint in births]))
    names = tuple(name_hints(words))
    known = tuple(practice_word_hints(words, tuple(dict.fromkeys((*reading.words, *name_words(reading.people))))))
    matters = [hint.span for hint in (*flags, *(hint for hint in known if hint.value in reading.words))]
    reason = reason_hint(words, matters, {word.lower() for word in reading.words})
    return _in_order(chain(flags, births, numbers, names, known, (reason,) if reason else ()))


def urgency_of(said_otherwise: Urgency, hints: Sequence[Hint]) -> Urgency:
    """The urgency of a message: what is known otherwise (a key pressed, a mark by hand), raised by red flags."""
    flagged = any(hint.kind is HintKind.RED_FLAG for hint in hints)
    return max(said_otherwise, Urgency.URGENT if flagged else Urgency.ROUTINE)


def _in_order(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    order = list(HintKind)
    return tuple(sorted(hints, key=lambda hint: (order.index(hint.kind), hint.span.start)))
