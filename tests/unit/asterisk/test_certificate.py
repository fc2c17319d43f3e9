"""The certificate for phones: made, kept, renewed in time, and good for the practice's names only."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from pbx.asterisk.authority import Authority
from pbx.asterisk.certificate import refresh, shown, wanted_names
from pbx.asterisk.layout import Layout
from pbx.certificates import expiry_warning
from pbx.config.certificate import Expiry, Facts
from pbx.config.settings import Network, PhoneSecurity

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
NETWORK = Network("192.168.1.10", public_address="203.0.113.7")
SECURITY = PhoneSecurity(names=("PBX.example",))


def test_it_holds_what_phones_call_the_machine(layout: Layout) -> None:
    assert refresh(layout, NETWORK, SECURITY, NOW) is True
    found = shown(layout, SECURITY, NOW)
    assert found is not None
    assert set(found.facts.names) == {"pbx.example", "203.0.113.7", "192.168.1.10"}
    assert layout.tls_server.stat().st_mode & 0o777 == 0o600
    assert layout.tls_authority.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in layout.tls_authority_certificate.read_text()


def test_a_machine_that_listens_everywhere_names_its_addresses_and_no_loopback() -> None:
    names = wanted_names(Network(), PhoneSecurity())
    assert not any(name.startswith(("127.", "::1", "fe80", "localhost")) for name in names)


def test_it_stays_while_it_lasts_and_the_authority_stays_longer(layout: Layout) -> None:
    refresh(layout, NETWORK, SECURITY, NOW)
    trusted = layout.tls_authority_certificate.read_text()
    assert refresh(layout, NETWORK, SECURITY, NOW + timedelta(days=300)) is False
    assert refresh(layout, NETWORK, SECURITY, NOW + timedelta(days=370)) is True
    assert layout.tls_authority_certificate.read_text() == trusted
    found = shown(layout, SECURITY, NOW)
    assert found is not None
    assert found.facts.expires_at > NOW + timedelta(days=700)


def test_an_address_of_another_private_network_needs_no_new_trust(layout: Layout) -> None:
    refresh(layout, NETWORK, SECURITY, NOW)
    trusted = layout.tls_authority_certificate.read_text()
    assert refresh(layout, Network("10.1.2.3"), SECURITY, NOW) is True
    assert layout.tls_authority_certificate.read_text() == trusted


def test_a_new_name_needs_new_trust(layout: Layout) -> None:
    refresh(layout, NETWORK, SECURITY, NOW)
    trusted = layout.tls_authority_certificate.read_text()
    assert refresh(layout, NETWORK, PhoneSecurity(names=("sip.example",)), NOW) is True
    assert layout.tls_authority_certificate.read_text() != trusted


@pytest.mark.parametrize("damage", ["", "-----BEGIN CERTIFICATE-----\n", "garbage"])
def test_damaged_files_are_made_anew(damage: str, layout: Layout) -> None:
    refresh(layout, NETWORK, SECURITY, NOW)
    for file in (layout.tls_server, layout.tls_authority):
        file.write_text(damage)
    assert refresh(layout, NETWORK, SECURITY, NOW) is True
    assert shown(layout, SECURITY, NOW) is not None


def verifies(authority: Authority, names: tuple[str, ...]) -> bool:
    """Whether a verifier that trusts `authority` takes its certificate for `names` (checks constraints: RFC 5280)."""
    leaf = x509.load_pem_x509_certificates(authority.issue(names, NOW).encode())[0]
    store = Store([authority.certificate])
    verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName(names[0]))
    try:
        verifier.verify(leaf, [])
    except VerificationError:
        return False
    return True


def test_the_authority_vouches_for_the_practices_names_only() -> None:
    authority = Authority.make(("pbx.example", "203.0.113.7"), NOW)
    assert authority.may_name(("pbx.example", "203.0.113.7", "192.168.7.7"))
    assert not authority.may_name(("bank.example",))
    assert not authority.may_name(("198.51.100.1",))
    assert not verifies(authority, ("bank.example",))


def test_pythons_own_tls_takes_the_file(layout: Layout) -> None:
    refresh(layout, NETWORK, SECURITY, datetime.now(UTC))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(layout.tls_server)
    ssl.create_default_context(cafile=str(layout.tls_authority_certificate))


def own(folder: Path, then: datetime) -> PhoneSecurity:
    made = Authority.make(("own.example",), then).issue(("own.example",), then)
    certificate, mark, key = made.partition("-----BEGIN PRIVATE")
    (folder / "own.pem").write_text(certificate)
    (folder / "own.key").write_text(mark + key)
    return PhoneSecurity(certificate=folder / "own.pem", key=folder / "own.key")


def test_an_own_one_is_taken_and_taken_again_when_it_was_renewed(layout: Layout, tmp_path: Path) -> None:
    security = own(tmp_path, NOW)
    assert refresh(layout, NETWORK, security, NOW) is True
    assert refresh(layout, NETWORK, security, NOW) is False
    own(tmp_path, NOW + timedelta(days=300))
    found = shown(layout, security, NOW + timedelta(days=300))
    assert found is not None
    assert found.problem == "a new one is there: run secondline reload"
    assert refresh(layout, NETWORK, security, NOW + timedelta(days=300)) is True
    assert not layout.tls_authority.exists()


def test_an_own_one_that_is_broken_never_replaces_one_that_works(layout: Layout, tmp_path: Path) -> None:
    security = own(tmp_path, NOW)
    refresh(layout, NETWORK, security, NOW)
    before = layout.tls_server.read_text()
    (tmp_path / "own.pem").write_text("half a cert")
    assert refresh(layout, NETWORK, security, NOW) is False
    assert layout.tls_server.read_text() == before
    found = shown(layout, security, NOW)
    assert "is not in use: there is no certificate in the file" in (expiry_warning(found, NOW) or "")


def test_in_place_of_a_broken_one_one_is_made_so_that_the_server_starts(layout: Layout, tmp_path: Path) -> None:
    security = own(tmp_path, NOW)
    good = security.key.read_text() if security.key else ""
    (tmp_path / "own.key").write_text("")
    assert refresh(layout, NETWORK, security, NOW) is True
    found = shown(layout, security, NOW)
    assert found is not None
    assert (found.made, "name the key that belongs to it" in (found.problem or "")) == (True, True)
    (tmp_path / "own.key").write_text(good)
    assert refresh(layout, NETWORK, security, NOW) is True
    found = shown(layout, security, NOW)
    assert (found and found.made, found and found.problem) == (False, None)


@pytest.mark.parametrize(
    ("days", "expiry"),
    [
        (31, Expiry.FINE),
        (30, Expiry.SOON),
        (7, Expiry.URGENT),
        (1, Expiry.LAST_DAY),
        (0, Expiry.OVER),
        (-5, Expiry.OVER),
    ],
)
def test_its_end_is_told_30_7_and_1_days_before(days: int, expiry: Expiry) -> None:
    assert Facts(("a",), NOW, NOW + timedelta(days=days), "ab").expiry(NOW) is expiry


def test_a_wildcard_is_one_label() -> None:
    facts = Facts(("*.example.org", "192.0.2.1"), NOW, NOW, "ab")
    assert facts.lacks(("pbx.example.org", "192.0.2.1")) == ()
    assert facts.lacks(("a.b.example.org", "example.org")) == ("a.b.example.org", "example.org")
