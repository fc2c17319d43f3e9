"""How phones are let in, out of the practice's file: `PhoneSecurity`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.file import PracticeFile
from pbx.config.settings import Allowance, PhoneException, PhoneSecurity

_CERTIFICATE: KeyPath = ("server", "certificate")
_KEY: KeyPath = ("server", "certificate_key")


def build_phone_security(file: PracticeFile, report: Report) -> PhoneSecurity:
    """Problems and warnings go to the report."""
    server = file.server
    certificate = report.document.beside(_CERTIFICATE, server.certificate) if server.certificate else None
    key = report.document.beside(_KEY, server.certificate_key) if server.certificate_key else None
    if certificate and key:
        _look_at(certificate, key, report)
    elif certificate or key:
        path, lacks = (_CERTIFICATE, "certificate_key") if certificate else (_KEY, "certificate")
        report.problem(path, f"stands without {lacks}", f'add {lacks} = "..."')
    return PhoneSecurity(_exceptions(file, report), tuple(server.sip_names), certificate, key)


def _exceptions(file: PracticeFile, report: Report) -> tuple[PhoneException, ...]:
    phones = [phone for person in file.people.values() for phone in person.phones]
    for position, section in enumerate(file.phone_exceptions):
        for place, phone in enumerate(section.on):
            if phone not in phones and not any(path[0] == "people" for path in report.incomplete):
                path: KeyPath = ("phone_exceptions", position, "on", place)
                report.problem(path, f"nobody has a phone {phone!r}", did_you_mean(phone, phones))
    return tuple(PhoneException(Allowance(one.allow), tuple(one.on), one.because) for one in file.phone_exceptions)


def _warn(report: Report, path: KeyPath, what: str, remedy: str) -> None:
    """No problem, for which the file would be refused: a renewal that went wrong must not keep the server from
    starting, and patients from being served."""
    report.warning(path, f"{what}, so phones are shown another certificate", remedy, "certificate-unusable")


def _look_at(certificate: Path, key: Path, report: Report) -> None:
    # Here and not above: it takes a tenth of a second, and few practices have a certificate of their own.
    from pbx.config.certificate import SOON, UnusableCertificate, facts_of, usable_pair

    now = datetime.now(UTC)
    try:
        pem = usable_pair(certificate.read_bytes(), key.read_bytes(), now)
    except OSError as error:
        path = _KEY if error.filename == str(key) else _CERTIFICATE
        _warn(report, path, f"{error.filename} cannot be read: {error.strerror}", "check its name and permissions")
        return
    except UnusableCertificate as error:
        _warn(report, _CERTIFICATE, error.what, error.remedy)
        return
    if key.stat().st_mode & 0o007:
        what = f"{key} can be read by everybody on this machine"
        report.warning(_KEY, what, f"run: chmod 600 {key}", "readable-secret")
    ends = facts_of(pem).expires_at
    if ends - now <= SOON:
        what = f"ends on {ends:%Y-%m-%d}: phones do not connect from then on"
        report.warning(_CERTIFICATE, what, "renew it, and run secondline reload", "certificate-ends")
