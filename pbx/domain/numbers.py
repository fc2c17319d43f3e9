"""Telephone numbers as they arrive and as they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

WITHHELD_NAMES = frozenset({"", "anonymous", "restricted", "unavailable", "private", "unknown", "asterisk", "0"})
"""User parts that carriers send for a caller who hides the number (RFC 3323 section 4.1.1.3 and common practice)."""

_DIALLED = re.compile(r"\+?[0-9]{1,20}")
_SHORTEST_FULL_NUMBER = 7


class NumberKind(StrEnum):
    """What is known of a caller's number."""

    E164 = "e164"
    SHORT = "short"
    WITHHELD = "withheld"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller's number: `number` is E.164, a short code, or digits that are no whole number, kept as they came.

    It is None where the caller withholds it, or where what came holds no digits to keep.
    """

    kind: NumberKind
    number: str | None = None


def parse_caller(raw: str, country: str) -> Caller:
    """Make a `Caller` of what the trunk sent; `country` (ISO 3166-1) completes national numbers. Never raises."""
    text = raw.strip()
    if text.lower() in WITHHELD_NAMES:
        return Caller(NumberKind.WITHHELD)
    if not _DIALLED.fullmatch(text):
        return Caller(NumberKind.UNUSABLE)
    full = _e164(text, country)
    if full is not None:
        return Caller(NumberKind.E164, full)
    if not text.startswith("+") and len(text) < _SHORTEST_FULL_NUMBER:
        return Caller(NumberKind.SHORT, text)
    return Caller(NumberKind.UNUSABLE, text)


@lru_cache(maxsize=4096)
def _parsed(text: str, country: str) -> PhoneNumber:
    return phonenumbers.parse(text, country)


@lru_cache(maxsize=4096)
def to_e164(text: str, country: str) -> str:
    """Normalise a number that a person typed, such as `(717) 555-0100`. Raises ValueError with a remedy."""
    try:
        parsed = _parsed(text, country)
    except NumberParseException as error:
        raise ValueError("is not a telephone number (write it as +17175550100)") from error
    if not _is_full(parsed):
        raise ValueError("has the wrong number of digits (write it as +17175550100)")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def for_people(e164: str, country: str) -> str:
    """Write a number as people of `country` read it: national at home, international otherwise."""
    try:
        parsed = _parsed(e164, country)
    except NumberParseException:
        return e164
    at_home = parsed.country_code == phonenumbers.country_code_for_region(country)
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def _e164(text: str, country: str) -> str | None:
    # Carriers send full numbers with and without the plus; the country's own reading comes first, because
    # a ten-digit US number is also some other country's with its code.
    for candidate in (text, f"+{text.lstrip('+')}"):
        try:
            parsed = phonenumbers.parse(candidate, country)
        except NumberParseException:
            continue
        if _is_full(parsed):
            return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return None


def _is_full(number: PhoneNumber) -> bool:
    # is_possible_number() also takes a local number without its area code, such as 555-0100.
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
