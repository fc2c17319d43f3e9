"""What the file says about the machine and the carrier: `Settings`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pbx.config.carriers import Carrier, load_carriers
from pbx.config.keeping import build_keeping
from pbx.config.phone_security import build_phone_security
from pbx.config.problems import KeyPath, did_you_mean
from pbx.config.report import Report
from pbx.config.schema.audit import AuditSection
from pbx.config.schema.file import PracticeFile
from pbx.config.schema.site import DatabaseSection, KeysSection, ServerSection, TrunkSection, VoicemailSection
from pbx.config.settings import Audit, Engine, KeySource, Network, Recognizer, Settings, Transport, Trunk, Web
from pbx.config.values import parse_ports

_SIP_PORT = 5060
_SIP_TLS_PORT = 5061
_NO_DEFAULTS = Carrier(name="the carrier", registers=False, transport="udp", port=_SIP_PORT, source="", known="")


def build_settings(file: PracticeFile, report: Report) -> Settings:
    """Everything about the machine; problems and warnings go to the report."""
    trunk, security = _trunk(file.trunk, report), build_phone_security(file, report)
    plain = security.any_plain or (trunk is not None and not trunk.encrypted)
    return Settings(
        file=report.document.main,
        trunk=trunk,
        network=replace(_network(file.server, report), plain=plain),
        web=Web(file.server.web_address, file.server.web_port),
        recognizer=_recognizer(file.voicemail, report),
        database_url=_database(file.database, report),
        database_owner_url=_database_owner(file.database, report),
        audit=_audit(file.audit, report),
        drain_seconds=file.server.drain_seconds,
        keeping=build_keeping(file, report),
        keys=_keys(file.keys, report),
        phone_security=security,
    )


def _network(server: ServerSection, report: Report) -> Network:
    first, last = parse_ports(server.rtp_ports)
    if first <= server.sip_port <= last:
        remedy = f"choose a range without {server.sip_port}"
        report.problem(("server", "rtp_ports"), "holds the SIP port", remedy)
    if server.web_port == server.sip_port:
        report.problem(("server", "web_port"), "is the SIP port too", "give each its own port")
    if server.sip_tls_port in (server.sip_port, server.web_port):
        what = f"is the {'SIP' if server.sip_tls_port == server.sip_port else 'web'} port too"
        report.problem(("server", "sip_tls_port"), what, "give each its own port")
    return Network(
        bind=server.sip_address,
        port=server.sip_port,
        public_address=server.public_address,
        local_networks=tuple(server.local_networks),
        rtp_first=first,
        rtp_last=last,
        tls_port=server.sip_tls_port,
    )


def _recognizer(voicemail: VoicemailSection, report: Report) -> Recognizer:
    engine = Engine(voicemail.engine)
    return Recognizer(
        engine,
        _model(Engine.VOSK, engine, voicemail.vosk_model, report),
        voicemail.memory_mb,
        _model(Engine.WHISPER, engine, voicemail.whisper_model, report),
        voicemail.live,
    )


def _model(owner: Engine, engine: Engine, name: str | None, report: Report) -> Path | None:
    """The folder of the model of `owner`; told as a problem if `engine` is that one and it is not there."""
    key = f"{owner}_model"
    path: KeyPath = ("voicemail", key)
    folder = report.document.beside(path, name) if name else None
    if engine is owner:
        if folder is None:
            remedy = f'unpack a model and name its folder: {key} = "..."'
            report.problem(("voicemail", "engine"), f"{owner} needs the folder of a model", remedy)
        elif not folder.is_dir():
            remedy = "check the name, or put the model there (`secondline model list`)"
            report.problem(path, f"there is no folder {folder}", remedy)
    elif folder is not None:
        report.warning(path, "is not used", f'set engine = "{owner}", or take it out', "unused")
    return folder


def _database(database: DatabaseSection, report: Report) -> str | None:
    return _address("url", database.url, database.url_file, report)


def _database_owner(database: DatabaseSection, report: Report) -> str | None:
    url = _address("owner_url", database.owner_url, database.owner_url_file, report)
    if url and not (database.url or database.url_file):
        remedy = "add url, for the role that the program uses, or take it out"
        report.problem(("database", "owner_url" if database.owner_url else "owner_url_file"), "stands alone", remedy)
    return url


def _address(key: str, url: str | None, url_file: str | None, report: Report) -> str | None:
    path: KeyPath = ("database", key)
    if url and url_file:
        report.problem(path, f"stands beside {key}_file", "keep one of the two")
    if url and urlsplit(url).password:
        remedy = f"write the whole address into a file of its own and name that with {key}_file"
        report.problem(path, "holds a password", remedy)
    if url_file:
        path = ("database", f"{key}_file")
        url = read_secret(report, path, url_file)
    if url and urlsplit(url).scheme not in ("postgresql", "postgres"):
        report.problem(path, "is not the address of a PostgreSQL database", "write postgresql://host/name")
    return url


def _audit(audit: AuditSection, report: Report) -> Audit:
    copy = (
        report.document.beside(("audit", "checkpoint_copy"), audit.checkpoint_copy) if audit.checkpoint_copy else None
    )
    key = report.document.beside(("audit", "key_file"), audit.key_file) if audit.key_file else None
    return Audit(copy, key, audit.keep_years)


def _keys(keys: KeysSection, report: Report) -> KeySource:
    folder = report.document.beside(("keys", "folder"), keys.folder) if keys.folder else None
    return KeySource(folder, keys.credential, keys.retired_days, keys.rotate_days)


def _trunk(trunk: TrunkSection | None, report: Report) -> Trunk | None:
    if trunk is None:
        remedy = "add [trunk] with your carrier"
        report.warning(("trunk",), "is missing: no call comes from outside", remedy, "no-trunk")
        return None
    carrier = _carrier(trunk, report)
    secret = _account(trunk, carrier, report)
    host = trunk.host or carrier.host or ""
    transport = Transport(trunk.transport or carrier.transport)
    if trunk.srtp and transport is not Transport.TLS:
        what = "would send the voice's keys without encryption"
        report.problem(("trunk", "srtp"), what, 'add transport = "tls", if the carrier has it')
    if not host and ("trunk",) not in report.incomplete:
        _ask_for_host(carrier, report)
    if trunk.addresses is None and carrier.ask_addresses:
        remedy = 'ask the carrier where its calls come from and add addresses = ["..."]'
        report.problem(
            ("trunk", "addresses"), f"is missing: {carrier.name} has other addresses for each account", remedy
        )
    return Trunk(
        host=host,
        port=trunk.port or _port(carrier, transport),
        transport=transport,
        srtp=trunk.srtp if trunk.srtp is not None else transport is Transport.TLS,
        addresses=tuple(trunk.addresses or carrier.addresses or [host]),
        register=trunk.username is not None and (carrier is _NO_DEFAULTS or carrier.registers),
        username=trunk.username,
        secret=secret,
    )


def _port(carrier: Carrier, transport: Transport) -> int:
    return (
        _SIP_TLS_PORT
        if transport is Transport.TLS and Transport(carrier.transport) is not Transport.TLS
        else carrier.port
    )


def _carrier(trunk: TrunkSection, report: Report) -> Carrier:
    if trunk.carrier is None:
        return _NO_DEFAULTS
    carriers = load_carriers()
    if trunk.carrier not in carriers:
        remedy = f"{did_you_mean(trunk.carrier.lower(), list(carriers))} For any other carrier give its host"
        report.problem(("trunk", "carrier"), f"{trunk.carrier!r} is not a carrier that is known here", remedy)
        report.incomplete.add(("trunk",))
    return carriers.get(trunk.carrier, _NO_DEFAULTS)


def _ask_for_host(carrier: Carrier, report: Report) -> None:
    if carrier is _NO_DEFAULTS:
        report.problem(("trunk",), "names no carrier", 'add host = "..." or a known carrier = "..."')
        return
    path: KeyPath = ("trunk", "host")
    report.problem(path, f"is missing: each customer of {carrier.name} has his own", f"add {carrier.host_hint}")


def _account(trunk: TrunkSection, carrier: Carrier, report: Report) -> str | None:
    if trunk.username and not trunk.password_file:
        remedy = 'write the password into a file and add password_file = "..."'
        report.problem(("trunk", "password_file"), "is missing: there is a username", remedy)
    if trunk.password_file and not trunk.username:
        report.problem(("trunk", "username"), "is missing: there is a password_file", "add the account's username")
    if carrier.registers and not trunk.username and not trunk.password_file and trunk.addresses is None:
        remedy = "add username and password_file; if it sends calls to your address instead, add its addresses"
        report.problem(("trunk", "username"), f"is missing: {carrier.name} asks for a registration", remedy)
    if trunk.password_file is None:
        return None
    return read_secret(report, ("trunk", "password_file"), trunk.password_file)


@dataclass(frozen=True, slots=True)
class _Unusable(Exception):
    what: str
    remedy: str


def read_secret(report: Report, path: KeyPath, name: str) -> str | None:
    """The one line of a file. What it says never gets into a message."""
    file = report.document.beside(path, name)
    try:
        text = _one_line(file)
    except _Unusable as error:
        report.problem(path, error.what, error.remedy)
        return None
    if file.stat().st_mode & 0o007:
        remedy = f"run: chmod 600 {file}"
        report.warning(path, f"{file} can be read by everybody on this machine", remedy, "readable-secret")
    return text


def _one_line(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise _Unusable(f"{file} does not exist", "make it, with the secret as its only line") from None
    except UnicodeDecodeError:
        raise _Unusable(f"{file} is not text", "write the secret into it as its only line") from None
    except OSError as error:
        raise _Unusable(f"{file} cannot be read: {error.strerror}", "check its name and permissions") from None
    if not text or not text.isprintable():
        raise _Unusable(f"{file} does not hold exactly one line", "write the secret into it as its only line")
    return text
