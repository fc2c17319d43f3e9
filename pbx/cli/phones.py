"""`secondline phones`: what to type into a softphone, or a code for it to scan."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from xml.sax.saxutils import escape

import segno

from pbx.asterisk.layout import Layout
from pbx.asterisk.secrets import Secrets
from pbx.cli.errors import BadOption
from pbx.config.load import Practice, load
from pbx.config.settings import Network
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
    accounts = [_account(phone, practice.settings.network, secrets.phone(phone.name)) for phone in wanted]
    if options.json:
        print_json(accounts)
        return 0
    for account in accounts:
        _tell(account)
        if options.qr:
            _show_code(account)
    _tell_codes()
    return 0


def _wanted(practice: Practice, name: str | None) -> list[Phone]:
    everyone = practice.policy.phones
    found = [phone for phone in everyone if name in (None, phone.name)]
    if name is not None and not found:
        known = ", ".join(phone.name for phone in everyone) or "none"
        raise BadOption(f"there is no phone {name!r} in the practice's file (there are: {known})")
    return found


def _account(phone: Phone, network: Network, secret: str) -> dict[str, str]:
    bound = SERVER_TO_FILL_IN if network.bind in ANY_ADDRESS else network.bind
    host = network.public_address or bound
    return {
        "phone": phone.name,
        "person": phone.display,
        "server": host if network.port == 5060 else f"{host}:{network.port}",
        "user": phone.name,
        "password": secret,
        "transport": "UDP",
    }


def _tell(account: dict[str, str]) -> None:
    print(f"{account['phone']} ({account['person']})")
    for label, key in (("Server/Domain", "server"), ("User name", "user"), ("Password", "password")):
        print(f"  {label + ':':15} {account[key]}")
    print(f"  {'Transport:':15} {account['transport']}   (any SIP softphone: Linphone, Zoiper, Groundwire, MicroSIP)")


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


def wave_account(account: dict[str, str]) -> str:
    """The XML that Grandstream Wave reads from a code."""
    fields = {
        "RegisterServer": account["server"],
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
