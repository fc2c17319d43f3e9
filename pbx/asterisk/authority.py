"""The practice's own certificate authority: good for the practice's names and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LASTS = timedelta(days=3650)
CERTIFICATE_LASTS = timedelta(days=397)
"""Longer ones are refused by some systems, whoever signed them."""

_EARLIER = timedelta(days=1)  # a phone's clock may be behind
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")
_NO_NAME = "secondline.invalid"

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Authority:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @staticmethod
    def load(file: Path, now: datetime) -> Authority | None:
        """The authority in `file`; None where there is none that can sign a certificate for its whole time."""
        try:
            pem = file.read_bytes()
            certificate = x509.load_pem_x509_certificate(pem)
            key = serialization.load_pem_private_key(pem, None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            return None
        lasts = certificate.not_valid_after_utc - now > CERTIFICATE_LASTS
        return Authority(key, certificate) if lasts and isinstance(key, ec.EllipticCurvePrivateKey) else None

    @staticmethod
    def make(names: Sequence[str], now: datetime) -> Authority:
        """A new one that may vouch for `names` and for private addresses.

        A phone that trusts it trusts it for all that the phone does. So it says itself what it is good for: not for a
        bank's name, whoever gets hold of its key. The statement is not critical, against RFC 5280 section 4.2.1.10,
        because libraries in phones refuse what they do not know.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Secondline phones")])
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + AUTHORITY_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.NameConstraints(list(_permitted(names)), None), critical=False)
            .sign(key, hashes.SHA256())
        )
        return Authority(key, certificate)

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii")

    @property
    def pem(self) -> str:
        """Certificate and key, for the data folder."""
        return self.certificate_pem + _text(self.key)

    def may_name(self, names: Sequence[str]) -> bool:
        """Whether it may vouch for all of `names`."""
        found = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        networks = [ip_network(one.value) for one in found or () if isinstance(one, x509.IPAddress)]
        hosts = [one.value for one in found or () if isinstance(one, x509.DNSName)]
        return all(_is_in(name, networks) if _network_of(name) else name in hosts for name in names)

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether it signed `certificate`."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def issue(self, names: Sequence[str], now: datetime) -> str:
        """A certificate for `names`, the authority's own, and a new key, as one PEM text."""
        key = ec.generate_private_key(ec.SECP256R1())
        # No host's name: OpenSSL would hold one that stands here against the authority's constraints too.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Secondline PBX")])
        certificate = (
            x509.CertificateBuilder(self.certificate.subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + CERTIFICATE_LASTS - _EARLIER)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(Encoding.PEM).decode("ascii") + self.certificate_pem + _text(key)


def _permitted(names: Sequence[str]) -> Iterator[x509.GeneralName]:
    """A kind of name that is not mentioned is not constrained: so both kinds are."""
    networks = [found for name in names if (found := _network_of(name))]
    private: list[Network] = [ip_network(text) for text in _PRIVATE]
    for network in [*private, *(one for one in networks if not _is_in(str(one.network_address), private))]:
        yield x509.IPAddress(network)
    for name in dict.fromkeys([*(name for name in names if not _network_of(name)), _NO_NAME]):
        yield x509.DNSName(name)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if _network_of(name) else x509.DNSName(name)


def _network_of(name: str) -> Network | None:
    try:
        return ip_network(name)
    except ValueError:
        return None


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    return any(ip_address(address) in network for network in networks)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _text(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
