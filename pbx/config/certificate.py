"""What a certificate for phones says, and whether it can be used: read from PEM, nothing made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SOON, URGENT, LAST_DAY = timedelta(days=30), timedelta(days=7), timedelta(days=1)
"""How long before the end of a certificate it is warned, more and more urgently."""

_SMALLEST_RSA = 2048


class UnusableCertificate(Exception):
    """A certificate cannot be used: `what` is wrong with it, and the `remedy`."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} ({remedy})")
        self.what = what
        self.remedy = remedy


class Expiry(StrEnum):
    """How near the end of a certificate is."""

    FINE = "fine"
    SOON = "soon"
    URGENT = "urgent"
    LAST_DAY = "last-day"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Facts:
    """A certificate: the names and addresses that it holds, its dates (UTC), and its SHA-256 fingerprint in hex."""

    names: tuple[str, ...]
    begins_at: datetime
    expires_at: datetime
    fingerprint: str

    def expiry(self, now: datetime) -> Expiry:
        """How near the end is at `now`."""
        left = self.expires_at - now
        if left <= timedelta():
            return Expiry.OVER
        steps = ((LAST_DAY, Expiry.LAST_DAY), (URGENT, Expiry.URGENT), (SOON, Expiry.SOON))
        return next((name for within, name in steps if left <= within), Expiry.FINE)

    def lacks(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Which of the names `wanted` it does not hold."""
        return tuple(name for name in wanted if not any(_covers(held, name) for held in self.names))


def facts_of(pem: bytes) -> Facts:
    """What the first certificate in `pem` says. Raises UnusableCertificate."""
    return _facts(_chain(pem)[0])


def usable_pair(certificate: bytes, key: bytes, now: datetime) -> bytes:
    """The certificate with its chain and its key as one PEM text, if a phone can be served with them at `now`.

    Raises UnusableCertificate.
    """
    chain, private = _chain(certificate), _private(key)
    if private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != chain[
        0
    ].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise UnusableCertificate(
            "the key is not that of the certificate", "name the two files that were made together"
        )
    facts = _facts(chain[0])
    if facts.expiry(now) is Expiry.OVER:
        raise UnusableCertificate(f"the certificate ended on {facts.expires_at:%Y-%m-%d}", "renew it")
    if now < facts.begins_at:
        raise UnusableCertificate(f"the certificate begins on {facts.begins_at:%Y-%m-%d}", "check the machine's clock")
    if not facts.names:
        raise UnusableCertificate("the certificate names no host", "have one made with a subject alternative name")
    return b"".join(
        [*(one.public_bytes(Encoding.PEM) for one in chain),
         private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())]
    )  # fmt: skip


def _chain(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        remedy = "name a file in PEM, which begins with -----BEGIN CERTIFICATE-----"
        raise UnusableCertificate("there is no certificate in the file", remedy) from None


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except TypeError:
        raise UnusableCertificate(
            "the key has a password", "write it without one, readable by this account alone"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableCertificate(
            "there is no private key in the file", "name the key that belongs to it, in PEM"
        ) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    raise UnusableCertificate(
        "phones do not take a key of that kind", "make one of RSA with 2048 bits, or of ECDSA P-256"
    )


def _facts(certificate: x509.Certificate) -> Facts:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        alternatives = x509.SubjectAlternativeName([])
    names = [name.lower() for name in alternatives.get_values_for_type(x509.DNSName)]
    addresses = [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]
    return Facts(
        names=(*names, *addresses),
        begins_at=certificate.not_valid_before_utc.astimezone(UTC),
        expires_at=certificate.not_valid_after_utc.astimezone(UTC),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _covers(held: str, wanted: str) -> bool:
    """Whether a name in a certificate stands for `wanted` (RFC 6125 section 6.4.3: `*` is one label, the first)."""
    wanted = normal_name(wanted)
    if held.startswith("*."):
        return held[1:] == wanted[wanted.find(".") :] and "." in wanted
    return held == wanted


def normal_name(name: str) -> str:
    """A name or address as certificates are compared by."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name.lower().rstrip(".")
