"""What the file says of phones: encrypted unless there is a reason; a certificate that can be used, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx.asterisk.authority import Authority
from pbx.config.check import in_plain_words
from pbx.config.settings import Transport
from tests.unit.config.conftest import Load, Problems

OWN = '[server]\ncertificate = "certificate.pem"\ncertificate_key = "key.pem"\n'
Own = Callable[..., None]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Puts a certificate of somebody's beside the file, made `days_ago`."""

    def put(days_ago: int = 0, key_of: int = 0) -> None:
        then = datetime.now(UTC) - timedelta(days=days_ago)
        made = [Authority.make(("pbx.example",), then).issue(("pbx.example",), then) for _ in range(2)]
        certificate, key = (
            made[0].partition("-----BEGIN PRIVATE")[0],
            "".join(made[key_of].partition("-----BEGIN PRIVATE")[1:]),
        )
        (tmp_path / "certificate.pem").write_text(certificate)
        (tmp_path / "key.pem").write_text(key)
        (tmp_path / "key.pem").chmod(0o600)

    return put


def exception(allow: str, on: str = "", because: str = "The adapter knows no TLS.") -> str:
    return f'[[phone_exceptions]]\nallow = "{allow}"\n{on}\nbecause = "{because}"\n'


def test_phones_are_encrypted_and_prove_their_secret_by_sha_256(loaded: Load) -> None:
    practice = loaded()
    security = practice.settings.phone_security
    assert {security.transport(phone.name) for phone in practice.policy.phones} == {Transport.TLS}
    assert security.digests == ("SHA-256",)
    assert practice.settings.network.tls_port == 5061


def test_a_phone_without_encryption_has_a_reason_that_check_repeats(loaded: Load) -> None:
    practice = loaded(more=exception("udp", 'on = "front-1"'))
    security = practice.settings.phone_security
    assert (security.transport("front-1"), security.transport("rictor-desk")) == (Transport.UDP, Transport.TLS)
    assert any(
        "WITHOUT encryption" in line and "The adapter knows no TLS." in line for line in in_plain_words(practice)
    )


@pytest.mark.parametrize("because", ["", 'because = ""', 'because = "no TLS"'])
def test_without_a_reason_the_file_is_refused(because: str, problems: Problems) -> None:
    [problem] = problems(more=f'[[phone_exceptions]]\nallow = "udp"\n{because}\n')
    assert "phone_exceptions[1].because" in problem


def test_an_exception_for_a_phone_that_nobody_has_is_refused(problems: Problems) -> None:
    [problem] = problems(more=exception("udp", 'on = "front-2"'))
    assert "nobody has a phone 'front-2' (did you mean 'front-1'?)" in problem


def test_for_all_phones(loaded: Load) -> None:
    assert loaded(more=exception("tcp")).settings.phone_security.transport("rictor-desk") is Transport.TCP


@pytest.mark.parametrize(
    ("allowed", "digests"),
    [(["md5"], ("SHA-256", "MD5")), (["md5-only"], ("MD5",)), (["md5", "md5-only"], ("MD5",)), (["udp"], ("SHA-256",))],
)
def test_all_phones_are_challenged_alike(allowed: list[str], digests: tuple[str, ...], loaded: Load) -> None:
    more = "".join(exception(allow, 'on = "front-1"') for allow in allowed)
    assert loaded(more=more).settings.phone_security.digests == digests


def test_an_own_certificate(own: Own, loaded: Load, tmp_path: Path) -> None:
    own()
    practice = loaded(more=OWN)
    assert practice.settings.phone_security.certificate == tmp_path / "certificate.pem"
    assert not [warning for warning in practice.warnings if warning.name == "certificate-ends"]


def test_one_that_ends_soon_is_warned_of(own: Own, loaded: Load) -> None:
    own(days_ago=380)
    assert [w.name for w in loaded(more=OWN).warnings if "certificate" in w.key] == ["certificate-ends"]


def unusable(loaded: Load) -> list[str]:
    """What is warned of: a renewal that went wrong does not keep the server from starting."""
    return [str(warning) for warning in loaded(more=OWN).warnings if warning.name == "certificate-unusable"]


def test_one_that_ended_is_warned_of(own: Own, loaded: Load) -> None:
    own(days_ago=500)
    assert "the certificate ended on" in unusable(loaded)[0]


def test_a_key_of_another_is_warned_of(own: Own, loaded: Load) -> None:
    own(key_of=1)
    assert "the key is not that of the certificate" in unusable(loaded)[0]


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_warned_of(content: str | None, own: Own, loaded: Load, tmp_path: Path) -> None:
    own()
    (tmp_path / "certificate.pem").unlink() if content is None else (tmp_path / "certificate.pem").write_text(content)
    assert "server.certificate:" in unusable(loaded)[0]


def test_a_certificate_without_its_key_is_refused(problems: Problems) -> None:
    assert "stands without certificate_key" in problems(more='[server]\ncertificate = "certificate.pem"\n')[0]


def test_a_key_that_all_can_read_is_warned_of(own: Own, loaded: Load, tmp_path: Path) -> None:
    own()
    (tmp_path / "key.pem").chmod(0o644)
    assert "readable-secret" in {warning.name for warning in loaded(more=OWN).warnings}


def test_the_carrier_is_spoken_to_as_the_file_says(loaded: Load, problems: Problems) -> None:
    host = 'host = "sip.carrier.example"'
    trunk = loaded((host, f'{host}\ntransport = "tls"')).settings.trunk
    assert trunk is not None
    assert (trunk.transport, trunk.port, trunk.srtp) == (Transport.TLS, 5061, True)
    assert loaded((host, f'{host}\ntransport = "tls"')).settings.network.plain is False
    assert "without encryption" in problems((host, f"{host}\nsrtp = true"))[0]


def test_ports_that_meet_are_refused(problems: Problems) -> None:
    assert "is the SIP port too" in problems(more="[server]\nsip_tls_port = 5060\n")[0]
