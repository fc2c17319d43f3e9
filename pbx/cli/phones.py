"""`secondline phones`: what to type into a softphone, or a code for it to scan."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import segno

from pbx.asterisk.certificate import refresh, shown
from pbx.asterisk.layout import Layout
from pbx.asterisk.secrets import Secrets
from pbx.cli.errors import BadOption
from pbx.config.load import Practice, load
from pbx.config.settings import Settings, Transport
from pbx.domain.codes import CODES
from pbx.domain.policy import Phone
from pbx.output import print_json

SERVER_TO_FILL_IN = "ADDRESS-OF-THIS-SERVER"
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})


def phones(options: Namespace) -> int:
    """Print each phone's account. Secrets are made the first time and kept."""
    practice = load(Path(options.config))
    wanted = _wanted(practice, options.phone)
    layout = Layout(Path(options.data))
    layout.make()
    secrets = Secrets.load_or_create(layout, [phone.name for phone in practice.policy.phones])
    settings = practice.settings
    refresh(layout, settings.network, settings.phone_security, datetime.now(UTC))
    accounts = [_account(phone, settings, secrets.phone(phone.name)) for phone in wanted]
    if options.json:
        trust = _trust(layout, settings)
        print_json([account | trust if account["transport"] == "TLS" else account for account in accounts])
        return 0
    for account in accounts:
        _tell(account)
        if options.qr:
            _show_code(account)
    if any(account["transport"] == "TLS" for account in accounts):
        _tell_trust(layout, settings)
    _tell_codes()
    return 0


def _wanted(practice: Practice, name: str | None) -> list[Phone]:
    everyone = practice.policy.phones
    found = [phone for phone in everyone if name in (None, phone.name)]
    if name is not None and not found:
        known = ", ".join(phone.name for phone in everyone) or "none"
        raise BadOption(f"there is no phone {name!r} in the practice's file (there are: {known})")
    return found


def _account(phone: Phone, settings: Settings, secret: str) -> dict[str, str]:
    network, security = settings.network, settings.phone_security
    bound = SERVER_TO_FILL_IN if network.bind in ANY_ADDRESS else network.bind
    host = next(iter(security.names), network.public_address or bound)
    transport = security.transport(phone.name)
    port, usual = (network.tls_port, 5061) if transport is Transport.TLS else (network.port, 5060)
    return {
        "phone": phone.name,
        "person": phone.display,
        "server": host if port == usual else f"{host}:{port}",
        "user": phone.name,
        "password": secret,
        "transport": transport.upper(),
        "voice": "SRTP (SDES), required" if transport is Transport.TLS else "not encrypted",
        "digest": " or ".join(security.digests),
    }


def _trust(layout: Layout, settings: Settings) -> dict[str, str]:
    """How a phone knows this machine: by an authority to trust where we made one, and by a fingerprint."""
    found = shown(layout, settings.phone_security, datetime.now(UTC))
    if found is None:
        return {}
    trust = {"fingerprint": found.facts.fingerprint, "certificate_expires_at": found.facts.expires_at.isoformat()}
    return trust | ({"trust": str(layout.tls_authority_certificate)} if found.made else {})


def _tell(account: dict[str, str]) -> None:
    print(f"{account['phone']} ({account['person']})")
    for label, key in (("Server/Domain", "server"), ("User name", "user"), ("Password", "password")):
        print(f"  {label + ':':15} {account[key]}")
    print(f"  {'Transport:':15} {account['transport']}   (any SIP softphone: Linphone, Zoiper, Groundwire, MicroSIP)")
    print(f"  {'Media:':15} {account['voice']}")


def _tell_trust(layout: Layout, settings: Settings) -> None:
    trust = _trust(layout, settings)
    print("The phones connect over TLS and check that this machine is who it says:")
    if "trust" in trust:
        print(
            f"  {'Install once:':15} {trust['trust']}   (on each phone, as a trusted certificate; it holds no secret)"
        )
    else:
        print(f"  {'Certificate:':15} the practice's own; phones that trust its issuer need nothing")
    if "fingerprint" in trust:
        print(f"  {'Or compare:':15} SHA-256 {_in_pairs(trust['fingerprint'])}")
        print(f"  {'':15} (where a phone asks whether to trust; after a renewal, which comes yearly, it asks again)")
    print(f"  {'Proof:':15} digest {' or '.join(settings.phone_security.digests)}; phones without it: docs/people.md")


def _in_pairs(text: str) -> str:
    return ":".join(text[place : place + 2] for place in range(0, len(text), 2)).upper()


def _tell_codes() -> None:
    print("Dial on any of them (the owner's PIN is asked for: secondline pin set PERSON):")
    for code in CODES:
        print(f"  {code.dial + ':':15} {code.doc}")
    print(f"  {'*43:':15} hear yourself")


def _show_code(account: dict[str, str]) -> None:
    """The account as Grandstream Wave's QR code, the one common format that carries a whole account by itself."""
    if account["server"].startswith(SERVER_TO_FILL_IN):
        raise BadOption("a code needs this server's address: set public_address in the practice's file first")
    print("  Scan with Grandstream Wave (Account settings, +, UCM account (scan QR code)):")
    segno.make(wave_account(account), error="l").terminal(compact=True)
    if account["transport"] == "TLS":
        print("  The code cannot say these two, so set them in the account: SIP transport TLS; SRTP mode: forced.")


def wave_account(account: dict[str, str]) -> str:
    """The XML that Grandstream Wave reads from a code."""
    tls = account["transport"] == "TLS"
    fields = {
        "RegisterServer": f"{account['server']}:5061" if tls and ":" not in account["server"] else account["server"],
        "UserID": account["user"],
        "AuthID": account["user"],
        "AuthPass": account["password"],
        "AccountName": account["person"],
        "DisplayName": account["person"],
    }
    inner = "".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in fields.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><AccountConfig version="1"><Account>{inner}</Account></AccountConfig>'
    )
