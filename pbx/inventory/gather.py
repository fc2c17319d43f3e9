"""Put the inventory together from the live files."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from pbx import __version__
from pbx.asterisk.conf import read_conf
from pbx.asterisk.layout import Layout
from pbx.auditing.key import KeyProblem as AuditKeyProblem
from pbx.auditing.key import SigningKey
from pbx.backup.key import KeyProblem, MachineKey
from pbx.config.load import Practice
from pbx.config.settings import Transport
from pbx.doctor.certificates import certificate_files
from pbx.inventory.facts import Asset, Device, Inventory, Key
from pbx.inventory.flows import parties_and_flows
from pbx.inventory.sockets import wanted
from pbx.key_ring import ring_of
from pbx.sealing.keys import KeysMissing
from pbx.store.embedded import VERSION as POSTGRES


def gather(practice: Practice, layout: Layout, asterisk: str | None, now: datetime) -> Inventory:
    """All that there is; `asterisk` is the version of the program that is there."""
    devices = tuple(_devices(practice, layout))
    parties, flows = parties_and_flows(practice, devices)
    return Inventory(
        made_at=now.isoformat(timespec="seconds"),
        practice=practice.policy.practice,
        versions=_versions(practice, asterisk),
        sockets=tuple(wanted(practice.settings, layout)),
        assets=tuple(_assets(practice, layout)),
        keys=tuple(_keys(practice, layout)),
        devices=devices,
        parties=parties,
        flows=flows,
    )


def _versions(practice: Practice, asterisk: str | None) -> dict[str, str]:
    postgres = "the practice's own server" if practice.settings.database_url else f"{POSTGRES}, in the data folder"
    return {
        "secondline": __version__,
        "asterisk": asterisk or "not there",
        "postgresql": postgres,
        "python": platform.python_version(),
        "recogniser": practice.settings.recognizer.engine.value,
        "system": f"{platform.system()} {platform.release()}",
        "file": practice.policy.version[:12],
    }


def _assets(practice: Practice, layout: Layout) -> Iterator[Asset]:
    private = "readable by the server's account alone"
    sealed = f"sealed (AES-256-GCM, a key a message); {private}"
    yield Asset("messages", str(layout.messages), "kept recordings", True, sealed)
    what = "recordings and facts of calls, for the seconds until they are taken in"
    yield Asset("spool", str(layout.spool), what, True, f"not sealed; {private}")
    yield Asset(
        "spare", str(layout.spare), "the same, when the spool cannot be written", True, f"not sealed; {private}"
    )
    place = "the practice's own server" if practice.settings.database_url else str(layout.postgres)
    what = "calls, messages and their words, audit"
    yield Asset("database", place, what, True, f"numbers, words and notes sealed; {private}")
    yield Asset("audit", str(layout.audit), "checkpoints of the audit", False, f"signed (Ed25519); {private}")
    yield Asset("greetings", str(layout.own_sounds), "greetings recorded by phone", False, private)
    yield Asset("secrets", str(layout.secrets), "SIP and AMI secrets", False, private)
    what = "secrets with which events for programs are signed"
    yield Asset("webhook secrets", str(layout.hook_secrets), what, False, private)
    yield Asset("PINs", str(layout.pins), "hashes of PINs, wrong tries", False, f"Argon2; {private}")
    yield Asset(
        "practice's file", str(practice.settings.file), "rules, people, numbers, contacts", True, "as you keep it"
    )


def _master_keys(practice: Practice, layout: Layout) -> tuple[str, ...]:
    try:
        return ring_of(practice.settings, layout).ids()
    except KeysMissing:
        return ()


def _keys(practice: Practice, layout: Layout) -> Iterator[Key]:
    if layout.secrets.exists():
        yield Key("SIP secrets", "one a phone", str(layout.secrets), "phones prove who they are")
        yield Key("AMI secret", "one", str(layout.secrets), "the controller signs in at Asterisk")
    if layout.hook_secrets.exists():
        yield Key("webhook secrets", "one a webhook", str(layout.hook_secrets), "programs know events by them")
    source = practice.settings.keys
    where = f"credential {source.credential}" if source.credential else str(source.folder or layout.keys)
    for id_ in _master_keys(practice, layout):
        yield Key("master key", id_, where, "wraps the key of each call and message")
    with suppress(AuditKeyProblem):
        path = practice.settings.audit.key or layout.audit_key
        yield Key("audit key", SigningKey.load(path).public, str(path), "signs the audit's checkpoints")
    for path in dict.fromkeys(certificate_files(layout.etc)):
        yield Key("TLS certificate", _fingerprint(path), str(path), "phones know this machine by it")
    try:
        backup = MachineKey.read(layout.backup_key)
    except KeyProblem:
        return
    yield Key("backup key", backup.recipient, "away from this machine", "reads backups")
    yield Key("backup signature", backup.signer, str(layout.backup_key), "tells whose a backup is")


def _fingerprint(path: Path) -> str:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(SHA256()).hex()
    except (OSError, ValueError):
        return "cannot be read"


def _devices(practice: Practice, layout: Layout) -> Iterator[Device]:
    """As Asterisk has them; those that it does not have yet as the practice's file says."""
    sections = read_conf(layout.etc / "pjsip.conf")
    endpoints = {one.name: one.values for one in sections if one.type == "endpoint"}
    transports = {one.name: one.values.get("protocol", "udp") for one in sections if one.type == "transport"}
    for phone in practice.policy.phones:
        wanted_transport = practice.settings.phone_security.transport(phone.name)
        usual = "sdes" if wanted_transport is Transport.TLS else "no"
        values = endpoints.get(phone.name, {"media_encryption": usual})
        transport = transports.get(values.get("transport", ""), wanted_transport.value)
        yield Device(phone.name, phone.owner, transport, _voice(values.get("media_encryption", "no")))


def _voice(encryption: str) -> str:
    return {"sdes": "SRTP", "dtls": "DTLS-SRTP"}.get(encryption, "plain")
