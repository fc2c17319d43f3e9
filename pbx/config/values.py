"""Types of single values in the practice's file, each with a check that says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pbx.config.problems import did_you_mean

MIN_RTP_PORTS = 20
"""Ten call legs: one call that rings a few phones takes that many."""

LONGEST_SPAN = timedelta(days=14)

WRONG = "wrong"
"""The type of our own validation errors; their context holds `what` and `remedy`."""

_KEY = re.compile(r"[a-z0-9][a-z0-9-]*")
_MENU_KEY = re.compile(r"[0-9*#]")
_PHRASE = re.compile(r".*\w.*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_USERNAME = re.compile(r"[A-Za-z0-9._+@-]{1,80}")
_PORTS = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})")
_SPAN = re.compile(r"(\d{1,4})\s*(m|min|h)")
_COMMON_ZONES = {
    "eastern": "America/New_York",
    "est": "America/New_York",
    "edt": "America/New_York",
    "et": "America/New_York",
    "est5edt": "America/New_York",
    "central": "America/Chicago",
    "cst": "America/Chicago",
    "cst6cdt": "America/Chicago",
    "mountain": "America/Denver",
    "mst": "America/Denver",
    "mst7mdt": "America/Denver",
    "pacific": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
    "pst8pdt": "America/Los_Angeles",
    "hst": "Pacific/Honolulu",
}


@dataclass(frozen=True, slots=True)
class About:
    """What `describe` says of a key: its meaning, an example as TOML, its unit, and whether its value is a secret.

    `shown` keys stand in the printed example even though they may be left out.
    """

    text: str
    example: str
    unit: str = ""
    secret: bool = False
    shown: bool = False


def wrong(what: str, remedy: str) -> PydanticCustomError:
    """A validation error in our own words."""
    return PydanticCustomError(WRONG, "{what}", {"what": what, "remedy": remedy})


def as_list(value: Any) -> Any:
    """One text may stand for a list of one."""
    return [value] if isinstance(value, str) else value


def _matching(pattern: re.Pattern[str], what: str, remedy: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise wrong(what, remedy)
        return value

    return check


def check_line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise wrong("is not a line of plain text", "write it in one line, without tabs and control characters")
    return value


def check_timezone(value: str) -> str:
    """An IANA zone of a place. `EST` and the like are refused: they never change to summer time."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(f"{value!r} is not a time zone", _zone_advice(value)) from None
    if "/" not in value and value != "UTC":
        raise wrong(f"{value!r} is not the time zone of a place", _zone_advice(value))
    return value


def _zone_advice(value: str) -> str:
    usual = _COMMON_ZONES.get(value.lower().split(" ")[0].removeprefix("us/"))
    if usual:
        return f"write {usual!r}"
    zones = {zone.lower(): zone for zone in available_timezones()}
    wanted = value.lower().replace(" ", "_")
    by_city = [zone for low, zone in zones.items() if low.endswith(f"/{wanted}")]
    if wanted in zones or by_city:
        return f"write {zones.get(wanted, next(iter(by_city), ''))!r}"
    advice = did_you_mean(value, sorted(zones.values()))
    return advice if advice.startswith("did") else "write it as continent and city, such as 'America/New_York'"


def check_country(value: str) -> str:
    """An ISO 3166-1 code that telephone numbers are known for."""
    if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise wrong(f"{value!r} is not a country code", "write the two letters of the country, such as 'US'")
    return value.upper()


def check_address(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise wrong(f"{value!r} is not an IP address", "write it as 192.168.1.10") from None
    return value


def check_host(value: str) -> str:
    """An IP address or a host name."""
    try:
        ip_address(value)
    except ValueError:
        if not _HOST.fullmatch(value) or re.fullmatch(r"[\d.]+", value):
            remedy = "write the name or address alone, such as sip.example.com, without sip: and without a port"
            raise wrong(f"{value!r} is not a host name or IP address", remedy) from None
    return value


def check_network(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise wrong(f"{value!r} is not a network", "write it as 192.168.1.0/24") from None


def check_source(value: str) -> str:
    """Where calls may come from: an IP address, a network or a host name."""
    return check_network(value) if "/" in value else check_host(value)


def parse_ports(value: str) -> tuple[int, int]:
    """First and last port of `10000-10999`. RTP takes an even port and RTCP the next one (RFC 3550 section 11)."""
    found = _PORTS.fullmatch(value.strip())
    if not found:
        raise wrong(f"{value!r} is not a range of ports", "write it as 10000-10999")
    first, last = int(found[1]), int(found[2])
    if not 1024 <= first <= last <= 65535:
        raise wrong(f"{value} is not a usable range of ports", "choose a range within 1024-65535, lowest first")
    if first % 2 or last % 2 == 0:
        raise wrong(f"{value} does not hold whole pairs", "start at an even port and end at an odd one: 10000-10999")
    if last - first + 1 < MIN_RTP_PORTS:
        remedy = f"give at least {MIN_RTP_PORTS} ports, two for each leg of a call: 10000-10999"
        raise wrong(f"{value} is too small", remedy)
    return first, last


def parse_span(value: str) -> timedelta:
    """A length of time such as `90m` or `4h`, of a minute to two weeks."""
    found = _SPAN.fullmatch(value.strip())
    if not found:
        raise wrong(f"{value!r} is not a length of time", "write it in minutes or hours, such as 90m or 4h")
    span = timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(minutes=int(found[1]))
    if not timedelta(minutes=1) <= span <= LONGEST_SPAN:
        raise wrong(f"{value!r} is too {'long' if span else 'short'}", "choose between 1m and 336h, which is two weeks")
    return span


def _check_span(value: str) -> str:
    parse_span(value)
    return value


def _check_ports(value: str) -> str:
    parse_ports(value)
    return value


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(check_line)]
Key = Annotated[
    str,
    AfterValidator(
        _matching(_KEY, "is not a usable name", "use small letters a-z, digits and hyphens, such as front-desk")
    ),
]
MenuKey = Annotated[
    str, AfterValidator(_matching(_MENU_KEY, "is no key of a telephone", 'use one of 0-9, "*" and "#"'))
]
Language = Annotated[
    str, AfterValidator(_matching(re.compile(r"[a-z]{2}"), "is no language", "use its two letters, such as en or es"))
]
Phrase = Annotated[Line, AfterValidator(_matching(_PHRASE, "holds no word", "write a word, or take it out"))]
Phrases = Annotated[list[Phrase], BeforeValidator(as_list), Field(max_length=1000)]
Keys = Annotated[list[Key], BeforeValidator(as_list)]
SomeKeys = Annotated[list[Key], BeforeValidator(as_list), Field(min_length=1)]
SomeKinds = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]
Username = Annotated[
    str,
    AfterValidator(
        _matching(_USERNAME, "holds characters that a SIP user name cannot have", "copy it from the carrier")
    ),
]
TimeZone = Annotated[str, AfterValidator(check_timezone)]
Country = Annotated[str, AfterValidator(check_country)]
Address = Annotated[str, AfterValidator(check_address)]
Host = Annotated[str, AfterValidator(check_host)]
Hosts = Annotated[list[Host], BeforeValidator(as_list), Field(max_length=50)]
Networks = Annotated[list[Annotated[str, AfterValidator(check_network)]], BeforeValidator(as_list)]
Sources = Annotated[list[Annotated[str, AfterValidator(check_source)]], BeforeValidator(as_list), Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Span = Annotated[str, AfterValidator(_check_span)]
PortRange = Annotated[str, AfterValidator(_check_ports)]
