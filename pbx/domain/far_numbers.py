"""Numbers that the practice's people call: whole, in which country, and whether calling them costs more than a call."""

from __future__ import annotations

from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumberType

from pbx.domain.numbers import to_e164

_COSTLY = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)

_PERSONAL_CODES = frozenset({"500", "521", "522", "523", "524", "525", "526", "527", "528", "529", "533", "544", "566",
                             "577", "588"})  # fmt: skip
"""Area codes of personal numbers: whoever has one says where it leads, and the caller pays for it."""


class NotFull(ValueError):
    """What was typed is no number that somebody can have. The text goes on after "This"."""


def full_number(typed: str, country: str) -> str:
    """The number (E.164) that somebody of `country` (ISO 3166-1) typed. Raises NotFull."""
    try:
        number = to_e164(typed, country)
    except ValueError as error:
        raise NotFull(str(error)) from None
    if is_costly(number) or phonenumbers.is_valid_number(phonenumbers.parse(number)):
        return number
    raise NotFull("is a number that nobody can have")


def region_of(e164: str) -> str | None:
    """The country (ISO 3166-1) of a number; None for one of no country, such as a satellite's."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164))


def is_costly(e164: str) -> bool:
    """Whether a call to it costs more than a call: the caller pays for a service, or nobody knows where it leads."""
    parsed = phonenumbers.parse(e164)
    if parsed.country_code == 1 and _costly_in_north_america(str(parsed.national_number)):
        return True
    return phonenumbers.number_type(parsed) in _COSTLY


def _costly_in_north_america(national: str) -> bool:
    """What phonenumbers takes for ordinary or for nobody's: 976 in every area, carriers' own services (700), personal
    numbers, and the directory of an area (555-1212)."""
    area, exchange, line = national[:3], national[3:6], national[6:]
    by_area = area in ("900", "976", "700") or area in _PERSONAL_CODES
    return by_area or exchange == "976" or (exchange, line) == ("555", "1212")


def calling_codes(countries: Collection[str]) -> tuple[int, ...]:
    """The codes by which `countries` (ISO 3166-1) are dialled."""
    return tuple(sorted({phonenumbers.country_code_for_region(country) for country in countries}))


def closed_patterns(prefixes: Collection[str] = ()) -> tuple[str, ...]:
    """Numbers that are never called, as far as Asterisk's patterns can say it; `prefixes` are further beginnings."""
    areas = sorted({"900", "976", "700", *_PERSONAL_CODES})
    return (*(f"+1{area}." for area in areas), "+1XXX976.", "+1XXX5551212", *(f"{prefix}." for prefix in prefixes))
