"""The certificate that phones are shown: made here, by an authority of the practice's own, or the practice's.

The authority's certificate (`ca.pem`) is what a phone is told to trust, once. Asterisk reads `server.pem` alone, which
holds certificate, chain and key: one file is replaced in one step, and no reload finds halves of two.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

import psutil
from cryptography import x509

from pbx.asterisk.authority import Authority
from pbx.asterisk.layout import Layout
from pbx.asterisk.state import write_private
from pbx.config.certificate import SOON, Facts, UnusableCertificate, facts_of, normal_name, usable_pair
from pbx.config.settings import Network, PhoneSecurity

ANYWHERE = frozenset({"0.0.0.0", "::"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate in use. `made` here, and so renewed by itself; `problem` says what keeps a better one away."""

    facts: Facts
    made: bool
    problem: str | None = None


def wanted_names(network: Network, security: PhoneSecurity) -> tuple[str, ...]:
    """By what phones may know this machine: what the file says, and its own name and addresses."""
    found = [*security.names, *([network.public_address] if network.public_address else [])]
    if network.bind not in ANYWHERE:
        found.append(network.bind)
    else:
        found += [socket.gethostname(), *_own_addresses()]
    return tuple(dict.fromkeys(normal_name(name) for name in found if _can_be_named(name)))


def refresh(layout: Layout, network: Network, security: PhoneSecurity, now: datetime) -> bool:
    """Bring what Asterisk shows to phones up to date. True when it changed, and a reload is due.

    An own certificate that cannot be used never replaces what is there; where nothing is, one is made meanwhile,
    because patients are to be served whatever became of it.
    """
    layout.tls.mkdir(mode=0o700, exist_ok=True)
    if security.certificate and security.key:
        try:
            return _take_own(layout, security, now)
        except UnusableCertificate as error:
            _log.error("the practice's own certificate is not taken: %s", error)
            if layout.tls_server.exists():
                return False
    return _make(layout, wanted_names(network, security), now)


def shown(layout: Layout, security: PhoneSecurity, now: datetime) -> Shown | None:
    """The certificate in use, for `status` and `doctor`; None while there is none."""
    try:
        pem = layout.tls_server.read_bytes()
        facts = facts_of(pem)
    except (OSError, UnusableCertificate):
        return None
    return Shown(facts, made=_is_made_here(layout, pem), problem=_waiting(layout, security, now))


def _is_made_here(layout: Layout, pem: bytes) -> bool:
    try:
        return layout.tls_authority_certificate.read_bytes() in pem
    except OSError:
        return False


def _waiting(layout: Layout, security: PhoneSecurity, now: datetime) -> str | None:
    if not security.certificate or not security.key:
        return None
    try:
        pem = _own(security, now)
    except UnusableCertificate as error:
        return str(error)
    return None if pem == layout.tls_server.read_bytes() else "a new one is there: run secondline reload"


def _own(security: PhoneSecurity, now: datetime) -> bytes:
    assert security.certificate is not None
    assert security.key is not None
    try:
        return usable_pair(security.certificate.read_bytes(), security.key.read_bytes(), now)
    except OSError as error:
        raise UnusableCertificate(
            f"{error.filename} cannot be read: {error.strerror}", "check its permissions"
        ) from error


def _take_own(layout: Layout, security: PhoneSecurity, now: datetime) -> bool:
    return write_private(layout.tls_server, _own(security, now).decode("ascii"))


def _make(layout: Layout, names: Sequence[str], now: datetime) -> bool:
    authority = Authority.load(layout.tls_authority, now)
    if authority is None or not authority.may_name(names):
        if layout.tls_authority_certificate.exists():
            _log.warning("phones have to be told to trust a new authority: %s", layout.tls_authority_certificate)
        authority = Authority.make(names, now)
        write_private(layout.tls_authority, authority.pem)
        write_private(layout.tls_authority_certificate, authority.certificate_pem)
    elif _serves(layout, authority, names, now):
        return False
    return write_private(layout.tls_server, authority.issue(names, now))


def _serves(layout: Layout, authority: Authority, names: Sequence[str], now: datetime) -> bool:
    """Whether the certificate that is there holds the names, is of this authority, and lasts."""
    try:
        pem = layout.tls_server.read_bytes()
        facts = facts_of(pem)
    except (OSError, UnusableCertificate):
        return False
    lasts = facts.begins_at <= now and facts.expires_at - now > SOON
    return lasts and not facts.lacks(names) and authority.issued(x509.load_pem_x509_certificate(pem))


def _own_addresses() -> list[str]:
    """Of every interface, but those that mean something on this machine or link only."""
    texts = [one.address for family in psutil.net_if_addrs().values() for one in family
             if one.family in (socket.AF_INET, socket.AF_INET6)]  # fmt: skip
    addresses = (ip_address(text.partition("%")[0]) for text in texts)
    return sorted(str(one) for one in addresses if not (one.is_loopback or one.is_link_local))


def _can_be_named(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return "_" not in name and not name.startswith("localhost")
    return True
