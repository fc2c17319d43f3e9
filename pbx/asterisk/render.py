"""Asterisk's files out of the practice's file and the templates in `sip-config` and `dialplan`."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from phonenumbers import PhoneNumberFormat

from pbx.asterisk.bans import acl_text, banned_now
from pbx.asterisk.edge import CIPHERS, Edge
from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import Ports
from pbx.asterisk.programs import Program
from pbx.asterisk.secrets import Secrets
from pbx.asterisk.state import write_private
from pbx.config.settings import Settings
from pbx.domain.codes import CODES, MAILBOX_CODE
from pbx.domain.emergency import emergency_numbers
from pbx.domain.far_numbers import calling_codes, closed_patterns
from pbx.domain.languages import translation_of
from pbx.domain.moving import movables
from pbx.domain.policy import Number, Policy

_ROOT = Path(__file__).resolve().parents[2]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
TEMPLATES = (_ROOT / "sip-config", _ROOT / "dialplan")


class UnusableValue(Exception):
    """A value cannot stand in a file of Asterisk; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A practice number as the dialplan has it: every way in which a carrier may write it."""

    e164: str
    spellings: tuple[str, ...]
    safe_greeting: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What the files need besides the practice's own: folders, secrets, ports, and Asterisk's own parts."""

    layout: Layout
    secrets: Secrets
    ports: Ports
    program: Program


def render(policy: Policy, settings: Settings, machine: Machine) -> bool:
    """Write every file of Asterisk into the layout's `etc`, each atomically. True when something changed.

    Files of earlier versions that no template makes any more are removed. Raises UnusableValue.
    """
    texts = rendered(policy, settings, machine)
    etc = machine.layout.etc
    stale = [path for path in etc.glob("*.conf") if path.name not in texts]
    for path in stale:
        path.unlink()
    changed = [write_private(etc / name, text) for name, text in texts.items()]
    return any(changed) or bool(stale)


def rendered(policy: Policy, settings: Settings, machine: Machine) -> dict[str, str]:
    """The text of every file by its name. Raises UnusableValue."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # this is not HTML; `_one_value` guards every value
        finalize=_one_value,
    )
    values = {
        "policy": policy,
        "numbers": lines(policy),
        "phones": policy.phones,
        "codes": CODES,
        "mailbox_code": MAILBOX_CODE,
        **_outbound(policy),
        "outside": policy.outside_numbers if settings.trunk else {},
        "movable": movables(policy, outside=settings.trunk is not None),
        "trunk": settings.trunk,
        "network": settings.network,
        "public_ip": _ip_or_nothing(settings.network.public_address),
        "edge": Edge.of(settings),
        "ciphers": CIPHERS,
        "security": settings.phone_security,
        **{field.name: getattr(machine, field.name) for field in dataclasses.fields(machine)},
    }
    names = [name for name in environment.list_templates() if name.endswith((".conf", ".conf.j2"))]
    texts = {name.removesuffix(".j2"): environment.get_template(name).render(values) for name in names}
    return texts | {"acl.conf": acl_text(banned_now(machine.layout))}


def _ip_or_nothing(address: str | None) -> str:
    try:
        return str(ip_address(address or ""))
    except ValueError:
        return ""  # a name, which only external_media_address follows


def _outbound(policy: Policy) -> dict[str, object]:
    """What calls to numbers outside need. A code before an emergency number changes nothing about it."""
    rules = policy.outbound
    known = emergency_numbers(policy.country)
    codes = list(rules.codes) if rules else []
    countries = {country for one in rules.people.values() for country in one.countries} if rules else set()
    return {
        "emergencies": dict(known)
        | {f"{code}{dialled}": number for code in codes for dialled, number in known.items()},
        "places": policy.places,
        "call_backs": {place.call_back for place in policy.places},
        "calling_codes": calling_codes(countries),
        "closed_patterns": closed_patterns(rules.refused if rules else ()),
    }


def lines(policy: Policy) -> tuple[Line, ...]:
    """The practice's numbers with their spellings; one that would fit two numbers is left out."""
    wanted = {number.e164: _spellings(number.e164, policy.country) for number in policy.numbers.values()}
    every = Counter(spelling for spellings in wanted.values() for spelling in spellings)
    return tuple(
        Line(number.e164, tuple(s for s in wanted[number.e164] if every[s] == 1), _safe_greeting(policy, number))
        for number in policy.numbers.values()
    )


def _spellings(e164: str, country: str) -> tuple[str, ...]:
    found = [e164, e164.removeprefix("+")]
    parsed = phonenumbers.parse(e164, None)
    if parsed.country_code == phonenumbers.country_code_for_region(country):
        found.append(phonenumbers.national_significant_number(parsed))
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        found.append("".join(c for c in national if c.isdigit()))
    return tuple(dict.fromkeys(found))


def _safe_greeting(policy: Policy, number: Number) -> str:
    greeting = number.fallback_voicemail.greeting
    translated = translation_of(greeting, number.language or policy.languages[0])
    return translated if translated in policy.translations else greeting


def _one_value(value: object) -> object:
    """Let `value` into a file only as the one value that it is meant to be."""
    text = str(value)
    if _CONTROL.search(text):
        raise UnusableValue("A value in the practice's file has a line break or a control character: remove it.")
    # `;` begins a comment in Asterisk's files (main/config.c), wherever it stands.
    return text.replace(";", "\\;")
