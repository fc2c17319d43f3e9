"""A date of birth: month, day and year after the words that announce one, and nothing where one of them is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pbx.domain.hints.heard import Heard
from pbx.domain.hints.hint import Hint, HintKind
from pbx.domain.hints.numerals import TEENS, TENS, UNITS, piece_at, small_number

OLDEST_YEARS = 120

_ANNOUNCED = (
    ("date", "of", "birth"),
    ("birth", "date"),
    ("birthdate",),
    ("birthday",),
    ("born",),
    ("dob",),
    ("d", "o", "b"),
)
_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_FILLERS = frozenset({"is", "was", "on", "the", "of", "a", "um", "uh", "it's", "my", "in", "day", "slash", "dash"})
_FARTHEST = 6
_MONTH_FIRST = frozenset({"US", "CA", "PH", "PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW"})

_Read = tuple[int, int]
"""A value and the place after it."""

_Found = tuple[date, int, str]
"""A date, the place after it, and what to know about it."""


@dataclass(frozen=True, slots=True)
class _Custom:
    """How dates are written where the practice is, and the day of the message: nobody is born later."""

    month_first: bool
    today: date


def birth_hints(heard: Heard, country: str, today: date) -> Iterator[Hint]:
    """Each date of birth that is announced as one; `today` is the day of the message."""
    custom = _Custom(country in _MONTH_FIRST, today)
    at = 0
    while at < len(heard.tokens):
        announced = next((words for words in _ANNOUNCED if heard.keys(at, len(words)) == words), None)
        if announced is None:
            at += 1
            continue
        first, at = at, at + len(announced)
        for start in range(at, min(at + _FARTHEST, len(heard.tokens))):
            found = _date_at(heard, start, custom)
            if found:
                born, end, note = found
                yield heard.hint(HintKind.BIRTH_DATE, born.isoformat(), (first, end), note)
                at = end
                break


def _date_at(heard: Heard, at: int, custom: _Custom) -> _Found | None:
    return _month_by_name(heard, at, custom) or _all_digits(heard, at, custom) or _numbers(heard, at, custom)


def _month_by_name(heard: Heard, at: int, custom: _Custom) -> _Found | None:
    """`May the twelfth nineteen sixty two`, `twelfth of May 1962`."""
    month = MONTHS.get(heard.key(at))
    if month:
        day = _day(heard, _skip(heard, at + 1))
        return _whole(heard, (day[0], month), day[1], custom) if day else None
    day = _day(heard, at)
    if day is None:
        return None
    month_at = _skip(heard, day[1])
    month = MONTHS.get(heard.key(month_at))
    return _whole(heard, (day[0], month), month_at + 1, custom) if month else None


def _all_digits(heard: Heard, at: int, custom: _Custom) -> _Found | None:
    """`05121962`, `051262`."""
    key = heard.key(at)
    if not (key.isascii() and key.isdigit() and len(key) in (6, 8)):
        return None
    year = _full_year(int(key[4:]), len(key) - 4, custom.today)
    return _dated((int(key[:2]), int(key[2:4])), year, at + 1, custom)


def _numbers(heard: Heard, at: int, custom: _Custom) -> _Found | None:
    """`5/12/1962`, `five twelve sixty two`, `oh five twelve nineteen sixty two`."""
    first = small_number(heard, at)
    second = small_number(heard, _skip(heard, first[1])) if first else None
    if first is None or second is None:
        return None
    year = _year(heard, _skip(heard, second[1]), custom)
    return _dated((first[0], second[0]), year[0], year[1], custom) if year else None


def _dated(first_second: tuple[int, int], year: tuple[int, str], end: int, custom: _Custom) -> _Found | None:
    month, day = first_second if custom.month_first else first_second[::-1]
    if month > 12 >= day:
        month, day = day, month
    elif month <= 12 and day <= 12 and month != day:
        order = "read as month, day, year" if custom.month_first else "read as day, month, year"
        year = (year[0], ", ".join(filter(None, (order, year[1]))))
    return _checked(year, (day, month), end, custom)


def _whole(heard: Heard, day_month: tuple[int, int], at: int, custom: _Custom) -> _Found | None:
    year = _year(heard, _skip(heard, at), custom)
    return _checked(year[0], day_month, year[1], custom) if year else None


def _checked(year: tuple[int, str], day_month: tuple[int, int], end: int, custom: _Custom) -> _Found | None:
    day, month = day_month
    try:
        born = date(year[0], month, day)
    except ValueError:
        return None
    return (born, end, year[1]) if born <= custom.today and custom.today.year - born.year <= OLDEST_YEARS else None


def _day(heard: Heard, at: int) -> _Read | None:
    key = heard.key(at)
    if key in _ORDINALS:
        return _ORDINALS[key], at + 1
    if key in TENS and _ORDINALS.get(heard.key(at + 1), 10) < 10:
        return TENS[key] + _ORDINALS[heard.key(at + 1)], at + 2
    if key[:-2].isascii() and key[:-2].isdigit() and key[-2:] in ("st", "nd", "rd", "th"):
        return int(key[:-2]), at + 1
    number = small_number(heard, at)
    # `May twenty nineteen sixty two` is the twentieth.
    return number if number and 1 <= number[0] <= 31 else None


def _year(heard: Heard, at: int, custom: _Custom) -> tuple[tuple[int, str], int] | None:
    key = heard.key(at)
    if key.isascii() and key.isdigit() and len(key) == 4:
        return (int(key), ""), at + 1
    if key in ("nineteen", "twenty", "19", "20"):
        century = 1900 if key in ("nineteen", "19") else 2000
        rest = _rest_of_century(heard, at + 1)
        if rest and (key != "twenty" or rest[0] >= 10 or heard.key(at + 1) in ("oh", "o", "zero")):
            return (century + rest[0], ""), rest[1]
    if heard.keys(at, 2) == ("two", "thousand"):
        after = at + 2 + (heard.key(at + 2) == "and")
        rest = small_number(heard, after)
        return ((2000 + rest[0], ""), rest[1]) if rest else ((2000, ""), at + 2)
    short = small_number(heard, at)
    return (_full_year(short[0], 2, custom.today), short[1]) if short and _two_digits(heard, at) else None


def _rest_of_century(heard: Heard, at: int) -> _Read | None:
    if heard.key(at) == "hundred":
        return 0, at + 1
    return small_number(heard, at) if _two_digits(heard, at) else None


def _two_digits(heard: Heard, at: int) -> bool:
    key = heard.key(at)
    if key in TEENS or key in TENS:
        return True
    if key in ("oh", "o", "zero"):
        return heard.key(at + 1) in UNITS
    piece = piece_at(heard, at)
    return piece is not None and len(piece.digits) == 2 and not piece.guess


def _full_year(year: int, digits: int, today: date) -> tuple[int, str]:
    if digits > 2:
        return year, ""
    recent = 2000 + year
    return (1900 + year, "") if recent > today.year else (recent, f"or {1900 + year}: the century was not said")


def _skip(heard: Heard, at: int) -> int:
    while heard.key(at) in _FILLERS:
        at += 1
    return at
