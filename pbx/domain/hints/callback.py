"""Telephone numbers that a caller says: which is to be called back, and whether it is the one that was called from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from pbx.domain.hints.heard import Heard, Token
from pbx.domain.hints.hint import Hint, HintKind, Span
from pbx.domain.hints.numerals import Piece, pieces
from pbx.domain.numbers import Caller, NumberKind

FEWEST_DIGITS = 7
MOST_DIGITS = 15
"""ITU-T E.164, section 6.1."""

_BETWEEN = frozenset({"area", "code", "dash", "hyphen", "dot", "um", "uh", "er", "erm", "then", "plus", "is", "okay"})
_CORRECTIONS = frozenset({"sorry", "no", "correction", "actually", "rather", "mean", "wait", "oops"})
_AROUND_CORRECTIONS = frozenset({"i", "that", "that's", "it's", "make", "it", "sorry", "was", "not"})
_EXTENSIONS = frozenset({"extension", "ext"})
_CALL_BACK = frozenset(
    {"call", "reach", "phone", "cell", "mobile", "number", "back", "callback", "telephone", "home", "me"}
)
_ELSEWHERE = frozenset({"pharmacy", "fax", "hospital", "lab", "insurance", "pharmacy's", "store"})
_NO_TELEPHONE = frozenset(
    {"prescription", "rx", "member", "policy", "order", "id", "account", "social", "security", "reference", "group"}
)
_LOOK_BACK = 10
_LONGEST_CORRECTION = 4
"""Words between what is taken back and what holds."""

_SHORTEST_CORRECTION = 3
"""Digits: `717 555 0123, no, 2 pills` corrects nothing."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits said one after the other, and the run `before` that the caller took back with `no, sorry` or the like."""

    pieces: tuple[Piece, ...]
    before: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class _Number:
    """What a run comes to: E.164 if it is `whole`, else its digits. `corrects`: it replaces what was said before.

    `crowded`: more digits stand right beside it, so one may have been heard twice.
    """

    value: str
    words: tuple[int, int]
    whole: bool
    corrects: bool = False
    crowded: bool = False


def number_hints(heard: Heard, caller: Caller, country: str, taken: Sequence[Span]) -> Iterator[Hint]:
    """The call-back number first, then other numbers. Words in `taken` (a birth date) are no telephone number."""
    numbers = [number for run in _runs(heard, taken) for number in _numbers(run, country)]
    numbers = [number for number in numbers if not _is_something_else(heard, number)]
    if not numbers:
        return
    numbers = [one for one, after in zip(numbers, [*numbers[1:], None], strict=True) if not _taken_back(one, after)]
    best = max(enumerate(numbers), key=lambda item: (item[1].whole, _fitness(heard, item[1]), item[0]))[1]
    told: set[str] = set()
    for number in [best, *(other for other in numbers if other is not best)]:
        part_of_best = number is not best and not number.whole and number.value in best.value
        if number.value in told or part_of_best:
            continue  # said again
        told.add(number.value)
        kind = HintKind.CALL_BACK if number is best and _fitness(heard, number) >= 0 else HintKind.OTHER_NUMBER
        words, extension = _with_extension(heard, number.words)
        times = sum(other.value == number.value for other in numbers)
        yield heard.hint(kind, number.value, words, _note(number, caller, extension, times))


def _runs(heard: Heard, taken: Sequence[Span]) -> Iterator[_Run]:
    """Digits that belong together: nothing but a few words that people put into numbers stands between them."""
    run: list[Piece] = []
    before: tuple[Piece, ...] = ()
    for piece in pieces(heard):
        if any(heard.tokens[piece.first].span.overlaps(span) for span in taken):
            continue
        gap = heard.tokens[run[-1].end : piece.first] if run else ()
        words = {token.key for token in gap}
        if not run or words <= _BETWEEN:
            run.append(piece)
        else:
            yield _Run(tuple(run), before)
            before, run = (tuple(run) if _corrects(gap) else ()), [piece]
    if run:
        yield _Run(tuple(run), before)


def _corrects(gap: Sequence[Token]) -> bool:
    words = {token.key for token in gap}
    known = words <= _CORRECTIONS | _AROUND_CORRECTIONS | _BETWEEN
    return known and len(gap) <= _LONGEST_CORRECTION and not words.isdisjoint(_CORRECTIONS)


def _numbers(run: _Run, country: str) -> Iterator[_Number]:
    """The telephone numbers in a run, or what may be one with a digit lost or added."""
    if found := list(_whole(run.pieces, country)):
        yield from (replace(number, corrects=bool(run.before)) for number in found)
    elif corrected := _corrected(run, country):
        yield corrected
    else:
        sure = tuple(piece for piece in run.pieces if not piece.guess)
        digits = _digits(sure)
        if FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
            yield _Number(digits, (sure[0].first, sure[-1].end), whole=False)


def _corrected(run: _Run, country: str) -> _Number | None:
    """The digits before a correction with their end replaced by the digits after it, where that makes a number."""
    before, after = _digits(run.before), _digits(run.pieces)
    if len(after) < _SHORTEST_CORRECTION:
        return None
    for kept in range(len(before) - 1, 0, -1):
        e164 = _e164(before[:kept] + after, country)
        if e164:
            return _Number(e164, (run.before[0].first, run.pieces[-1].end), whole=True, corrects=True)
    return None


def _whole(said: Sequence[Piece], country: str) -> Iterator[_Number]:
    first, last_end = 0, 0
    while first < len(said):
        number = None
        # The longest first, so that a country's code is not left out.
        for end in range(min(len(said), first + MOST_DIGITS), first, -1):
            e164 = None if said[first].guess or said[end - 1].guess else _e164(_digits(said[first:end]), country)
            if e164:
                crowded = (first > last_end and not said[first - 1].guess) or _left_over(said[end:], country)
                number = _Number(e164, (said[first].first, said[end - 1].end), whole=True, crowded=crowded)
                break
        if number:
            yield number
            last_end = end
        first = end if number else first + 1


def _left_over(rest: Sequence[Piece], country: str) -> bool:
    """Digits after a number that are no number themselves; after a word that only sounds like one they are others."""
    if not rest or rest[0].guess:
        return False
    return not any(_e164(_digits(rest[:end]), country) for end in range(1, len(rest) + 1))


def _digits(said: Sequence[Piece]) -> str:
    return "".join(piece.digits for piece in said)


def _e164(digits: str, country: str) -> str | None:
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    try:
        parsed = phonenumbers.parse(digits, country)
    except NumberParseException:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else None


def _fitness(heard: Heard, number: _Number) -> int:
    """Below 0 the words before a number say that it is somebody else's."""
    before = _before(heard, number, _LOOK_BACK)
    nearest = next((word for word in reversed(before) if word in _CALL_BACK | _ELSEWHERE), "")
    if nearest in _ELSEWHERE or any(word in _ELSEWHERE for word in before[-4:]):
        return -1
    return 2 * number.corrects + (nearest in _CALL_BACK)


def _taken_back(number: _Number, after: _Number | None) -> bool:
    return after is not None and after.corrects and not number.corrects


def _is_something_else(heard: Heard, number: _Number) -> bool:
    return not number.whole and not _NO_TELEPHONE.isdisjoint(_before(heard, number, 5))


def _before(heard: Heard, number: _Number, count: int) -> tuple[str, ...]:
    first = max(0, number.words[0] - count)
    return heard.keys(first, number.words[0] - first)


def _with_extension(heard: Heard, words: tuple[int, int]) -> tuple[tuple[int, int], str]:
    end = words[1]
    if heard.key(end) not in _EXTENSIONS:
        return words, ""
    digits, at = "", end + 1
    for piece in pieces(heard):
        if piece.first == at and len(digits) + len(piece.digits) <= 6 and not piece.guess:
            digits, at = digits + piece.digits, piece.end
    return ((words[0], at), digits) if digits else (words, "")


def _note(number: _Number, caller: Caller, extension: str, times: int) -> str:
    notes = [_against_caller(number, caller)]
    if number.crowded:
        notes.append("more digits were heard beside it")
    if extension:
        notes.append(f"extension {extension}")
    if number.corrects:
        notes.append("the caller corrected it")
    elif times > 1:
        notes.append(f"said {times} times")
    return ", ".join(notes)


def _against_caller(number: _Number, caller: Caller) -> str:
    called_from = caller.number if caller.kind is NumberKind.E164 else None
    if called_from == number.value:
        return "the number called from"
    if not number.whole:
        if called_from and called_from.endswith(number.value):
            return "the end of the number called from"
        return f"no whole number: {len(number.value)} digits were heard"
    return "not the number called from" if called_from else "the call came without a number"
