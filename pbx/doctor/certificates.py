"""TLS certificates: who may read their keys is another subject (`keys`); here it is until when they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509

from pbx.asterisk.conf import read_conf
from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "certificates"
SOON_DAYS = 30
VERY_SOON_DAYS = 7


async def look(place: Place) -> list[Finding]:
    return [_judge(path, place.now) for path in dict.fromkeys(certificate_files(place.layout.etc))]


def certificate_files(etc: Path) -> Iterator[Path]:
    """The certificates that Asterisk shows, by its files in force."""
    for section in read_conf(etc / "pjsip.conf"):
        if section.type == "transport" and (name := section.values.get("cert_file")):
            yield Path(name)


def judge_expiry(name: str, until: datetime, now: datetime) -> Finding:
    days = (until - now).total_seconds() / 86400
    remedy = f"Renew {name} and run `secondline reload`: phones refuse to connect afterwards."
    if days <= 0:
        return problem(SUBJECT, name, f"expired on {until:%Y-%m-%d}", remedy)
    if days <= VERY_SOON_DAYS:
        return problem(SUBJECT, name, f"expires in {days:.0f} days, on {until:%Y-%m-%d}", remedy)
    if days <= SOON_DAYS:
        return warning(SUBJECT, name, f"expires in {days:.0f} days, on {until:%Y-%m-%d}", remedy)
    return ok(SUBJECT, name, f"holds until {until:%Y-%m-%d}")


def _judge(path: Path, now: datetime) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return problem(SUBJECT, path.name, "cannot be read", f"Put the certificate {path} back, as PEM.")
    return judge_expiry(path.name, certificate.not_valid_after_utc, now)
