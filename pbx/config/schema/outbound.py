"""Calls to numbers outside, and to the emergency services."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from pbx.config.schema.section import Section
from pbx.config.values import About, Country, Key, Keys, Line, SomeKeys, Text, as_list, wrong

_CODE = re.compile(r"\*[0-9]{2}")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,9}")


def _check_code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise wrong(f"{value!r} is no code", 'write a star and two digits, such as "*81"')
    return value


def _check_prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise wrong(f"{value!r} is no beginning of a number", 'write it with the country\'s code, such as "+1212"')
    return value


Code = Annotated[str, AfterValidator(_check_code)]
Prefixes = Annotated[list[Annotated[str, AfterValidator(_check_prefix)]], BeforeValidator(as_list)]
Countries = Annotated[list[Country], BeforeValidator(as_list), Field(min_length=1)]
Calls = Annotated[int, Field(ge=1, le=1000)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
AtOnce = Annotated[int, Field(ge=1, le=50)]


class CallerOutSection(Section):
    """What is otherwise for one person than for the rest."""

    show: Annotated[Line | None, About("As above, for this person.", '"(717) 555-0101"')] = None
    countries: Annotated[Countries | None, About("As above, for this person.", '["US", "MX"]')] = None
    calls_a_day: Annotated[Calls | None, About("As above, for this person.", "200")] = None
    minutes_a_day: Annotated[Minutes | None, About("As above, for this person.", "600", unit="minutes")] = None
    at_once: Annotated[AtOnce | None, About("As above, for this person.", "3")] = None


class OutboundSection(Section):
    """Calls that the practice's people make to numbers outside. Left out: nobody calls outside, and no phone calls 911.

    Patients see a number of the practice, never that of a phone or a cell.
    """

    inbound_only: Annotated[
        bool, About("true: phones call nobody outside, not even 911, and say so when somebody tries.", "false")
    ] = False
    people: Annotated[
        Keys | None, About("People and teams who may call. Left out: everybody.", '["rictor"]', shown=True)
    ] = None
    countries: Annotated[
        Countries | None, About("Countries that may be called. Left out: the practice's own.", '["US", "CA"]')
    ] = None
    refuse: Annotated[
        Prefixes,
        About("Beginnings of numbers that nobody calls. Premium-rate numbers are never called.", '["+1710"]'),
    ] = []
    show: Annotated[
        Line | None,
        About(
            "The practice number that patients see, unless they know another. Left out: the first of each person.",
            '"(717) 555-0100"',
        ),
    ] = None
    codes: Annotated[
        dict[Code, Line],
        About("Dialled before a number, for one call that shows another number.", '{ "*81" = "(717) 555-0101" }'),
    ] = {}
    calls_a_day: Annotated[Calls, About("The most calls of one person on one day.", "100")] = 100
    minutes_a_day: Annotated[Minutes, About("The most that one person talks on one day.", "240", unit="minutes")] = 240
    at_once: Annotated[AtOnce, About("The most calls of one person at once.", "2")] = 2
    lines: Annotated[AtOnce, About("The most calls of the whole practice at once.", "8")] = 8
    longest_minutes: Annotated[Minutes, About("A call is ended after so long.", "120", unit="minutes")] = 120
    person: Annotated[
        dict[Key, CallerOutSection],
        About("What is otherwise for one person, by the key.", '{ rictor = { show = "(717) 555-0101" } }'),
    ] = {}


class EmergencySection(Section):
    """Where phones stand, for calls to 911. Each phone of a practice that calls outside is in one of these."""

    phones: Annotated[SomeKeys, About("The phones (SIP accounts) that stand there.", '["rictor-desk"]')]
    address: Annotated[
        Text,
        About(
            "Street, suite, floor and room: what the carrier has on record for call_back.",
            '"12 Main Street, Suite 200, Scotland, PA 17254"',
        ),
    ]
    call_back: Annotated[
        Line,
        About("The practice number that 911 sees and calls back. The carrier knows its address.", '"(717) 555-0100"'),
    ]
    tell: Annotated[SomeKeys, About("People and teams who hear of each call, as it is made.", '["rictor"]')]
    by: Annotated[
        Keys, About("Channels, by their keys in [notify]. Left out: a text on their phones.", '["mail"]')
    ] = []
