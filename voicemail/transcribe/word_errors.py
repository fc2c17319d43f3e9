"""Word errors of a recogniser: how many words of a text must be changed, added or taken out. Pure.

Numbers are compared by their digits, however they are written: `press 1`, `press one`; `500`, `five hundred`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbx.domain.hints.heard import heard
from pbx.domain.hints.numerals import pieces
from pbx.domain.transcript import Transcript, TranscriptState

_SIGNS = {"#": " pound ", "*": " star ", "&": " and ", "%": " percent "}
_LETTER_OS = frozenset({"o", "oh"})


def comparable(text: str) -> list[str]:
    """The words of a text without case and punctuation, each digit of a number as a word of its own."""
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    words = heard(Transcript(TranscriptState.DONE, re.sub(r"(?<=\d)[.,](?=\d)", " point ", text), "", ""))
    digits = {p.first: p for p in pieces(words) if not p.guess and words.key(p.first) not in _LETTER_OS}
    result: list[str] = []
    at = 0
    while at < len(words.tokens):
        piece = digits.get(at)
        result += list(piece.digits) if piece else [words.key(at).replace("'", "")]
        at = piece.end if piece else at + 1
    return result


def errors(wanted: Sequence[str], found: Sequence[str]) -> int:
    """The fewest words to change, add and take out that make `wanted` of `found` (Levenshtein)."""
    row = list(range(len(found) + 1))
    for at, word in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], at
        for place, other in enumerate(found, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
    return row[-1]
