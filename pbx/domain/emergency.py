"""Calls to the emergency services: which numbers mean them, and where each phone of the practice stands.

They are placed by a dialplan that asks nobody. What is here tells it the numbers, and people what was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import phonenumbers
from phonenumbers import shortnumberinfo

from pbx.domain.numbers import for_people

NORTH_AMERICA = 1
"""Country code of the countries whose emergency number is 911."""

_911 = {"911": "911", "9911": "911", "112": "911", "933": "933"}
"""What is dialled, and what the carrier is asked for. 9911 is what somebody dials who was used to a 9 for a line; 933
is the test line of carriers, which reads back the number and the address that 911 would see."""

TEST_NUMBERS = frozenset({"933"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where phones stand, for the emergency services.

    `phones` (endpoint names) are what stands there. `call_back` is the practice number (E.164) that the emergency
    services see, which the carrier has on record with `address`, and at which they can call back. `people` (keys) are
    told of each call, over `channels` (keys); without a channel by a text on their phones.
    """

    key: str
    phones: tuple[str, ...]
    address: str
    call_back: str
    people: tuple[str, ...]
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmergencyCall:
    """A call to `number` (as the carrier was asked) from `phone` that began at `at` (UTC)."""

    at: datetime
    phone: str
    number: str

    @property
    def is_test(self) -> bool:
        return self.number in TEST_NUMBERS


@lru_cache(maxsize=8)
def emergency_numbers(country: str) -> Mapping[str, str]:
    """What means the emergency services in `country` (ISO 3166-1): as dialled, and as the carrier is asked for it."""
    if phonenumbers.country_code_for_region(country) == NORTH_AMERICA:
        return _911
    dialled = [f"{number:03d}" for number in range(1000)] + [f"{number:02d}" for number in range(100)]
    known = [number for number in dialled if shortnumberinfo.is_emergency_number(number, country)]
    return {number: number for number in known} | {f"9{n}": n for n in known if f"9{n}" not in known}


def notice_of(call: EmergencyCall, place: Place, name: str, when: str, country: str) -> str:
    """What people are told. `name` is whose phone it is, `when` the time as people read it.

    It holds what 47 CFR 9.16(b)(2) asks a notification for: that the call was made, a number to call back, and the
    location that goes with it.
    """
    what = "tested the emergency line (933)" if call.is_test else f"called {call.number}"
    return (
        f"{name} {what} at {when} from the phone {call.phone}. Location: {place.address}. "
        f"The emergency services call back at {for_people(place.call_back, country)}."
    )
