"""The SIP edge as Asterisk's files need it: what listens, who is told apart how, and what no contact may point to."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from pbx.config.settings import Network, Settings, Trunk

CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""Of TLS 1.2: with forward secrecy and authenticated encryption, for both kinds of keys (RFC 9325 section 4.2)."""

_LOOPBACK = ("127.0.0.0/8", "::1/128")
_NOWHERE = ("0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8")


@dataclass(frozen=True, slots=True)
class Edge:
    """`only_tls`: no phone may speak without encryption.

    `transport_parameter` stands in the carrier's URI; `carriers_authorities` is the file with those whose certificates
    the carrier's is checked by.
    """

    only_tls: bool
    transport_parameter: str
    carriers_authorities: Path | None
    forbidden_contacts: tuple[str, ...]

    @staticmethod
    def of(settings: Settings) -> Edge:
        trunk = settings.trunk
        return Edge(
            only_tls=not settings.phone_security.any_plain,
            transport_parameter=trunk.uri_parameter if trunk else "",
            carriers_authorities=_authorities() if trunk is not None and trunk.encrypted else None,
            forbidden_contacts=_forbidden_contacts(settings.network, trunk),
        )


def _forbidden_contacts(network: Network, trunk: Trunk | None) -> tuple[str, ...]:
    """A phone is never at the carrier's, and on this machine only where nothing but this machine can reach its SIP.

    A carrier's host name is not among them: the list is of addresses. What comes from elsewhere is taken for the
    address that it came from anyway (`rewrite_contact`).
    """
    loopback = () if ip_address(network.bind).is_loopback else _LOOPBACK
    carrier = [str(ip_network(address)) for address in (trunk.addresses if trunk else ()) if _is_network(address)]
    return (*_NOWHERE, *loopback, *carrier)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _authorities() -> Path | None:
    """The machine's own list, as Python's ssl finds it (SSL_CERT_FILE goes first)."""
    found = ssl.get_default_verify_paths().cafile
    return Path(found) if found else None
