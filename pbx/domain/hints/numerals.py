"""Numbers as people say them and recognisers write them: `seven one seven`, `double five`, `fifty five`, `717`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pbx.domain.hints.heard import Heard

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: value for value, word in enumerate(_UNITS)} | {"oh": 0, "o": 0, "nought": 0, "niner": 9}
TEENS = {word: value for value, word in enumerate(_TEENS, start=10)}
TENS = {word: 10 * value for value, word in enumerate(_TENS, start=2)} | {"fourty": 40}
SOUND_ALIKES = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1", "tree": "3", "sex": "6"}
"""What recognisers write for a digit in the middle of a number."""

_TIMES = {"double": 2, "triple": 3, "treble": 3}
_SCALES = {"hundred": "00", "thousand": "000"}
_DIGITS = re.compile(r"[0-9]+")
_WITH_LETTER_O = re.compile(r"[0-9o]*[0-9][0-9o]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Digits that the words `first` up to `end` say. `guess`: the word sounds like a digit and may be none."""

    digits: str
    first: int
    end: int
    guess: bool = False


def piece_at(heard: Heard, at: int) -> Piece | None:
    """The digits that begin with the word at `at`."""
    key = heard.key(at)
    if key in _TIMES:
        repeated = _single(heard.key(at + 1))
        return Piece(repeated * _TIMES[key], at, at + 2) if repeated else None
    if written := _written(key):
        return _scaled(heard, Piece(written, at, at + 1))
    if key in UNITS:
        return _scaled(heard, Piece(str(UNITS[key]), at, at + 1))
    if key in TEENS:
        return _scaled(heard, Piece(str(TEENS[key]), at, at + 1))
    if key in TENS:
        unit = UNITS.get(heard.key(at + 1), 0)
        return Piece(str(TENS[key] + unit), at, at + 2) if unit else Piece(str(TENS[key]), at, at + 1)
    return Piece(SOUND_ALIKES[key], at, at + 1, guess=True) if key in SOUND_ALIKES else None


def pieces(heard: Heard) -> Iterator[Piece]:
    """All digits of a text, in order, sound-alikes too."""
    at = 0
    while at < len(heard.tokens):
        piece = piece_at(heard, at)
        if piece:
            yield piece
        at = piece.end if piece else at + 1


def small_number(heard: Heard, at: int) -> tuple[int, int] | None:
    """A number from 0 to 99 at `at` and the place after it; `oh five` is 5."""
    if heard.key(at) in ("oh", "o", "zero") and UNITS.get(heard.key(at + 1), 0) > 0:
        return UNITS[heard.key(at + 1)], at + 2
    piece = piece_at(heard, at)
    if piece is None or piece.guess or len(piece.digits) > 2 or heard.key(at) in _TIMES:
        return None
    return int(piece.digits), piece.end


def _scaled(heard: Heard, piece: Piece) -> Piece:
    """`eight hundred` is 800."""
    scale = _SCALES.get(heard.key(piece.end))
    return Piece(piece.digits + scale, piece.first, piece.end + 1) if scale and len(piece.digits) <= 2 else piece


def _single(key: str) -> str:
    if key in UNITS:
        return str(UNITS[key])
    return key if len(key) == 1 and _DIGITS.fullmatch(key) else ""


def _written(key: str) -> str:
    return key.replace("o", "0") if _WITH_LETTER_O.fullmatch(key) else ""
