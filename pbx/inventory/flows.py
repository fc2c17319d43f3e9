"""Who talks to whom: out of the practice's file, the settings in force, and what the program does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from pbx.config.load import Practice
from pbx.config.senders import Hook, MailServer
from pbx.config.settings import Transport, Trunk
from pbx.domain.templates import TrustedChannel
from pbx.inventory.facts import Device, Flow, Party, Side

ASTERISK = Party("asterisk", "Asterisk", Side.MACHINE, "SIP and voice")
CONTROLLER = Party("controller", "Controller", Side.MACHINE, "decides, keeps, tells")
RECOGNISER = Party("recogniser", "Recogniser", Side.MACHINE, "words of messages, without a network")
FILES = Party("files", "Data folder", Side.MACHINE, "audio, spool, state")
DATABASE = Party("database", "PostgreSQL", Side.MACHINE, "calls, messages, audit")
PHONES = Party("phones", "Phones", Side.PREMISES, "softphones of the practice's people")
CARRIER = Party("carrier", "Carrier", Side.OUTSIDE, "callers, and calls out")
STAFF = Party("operator", "Operator", Side.MACHINE, "the command, over a private socket")
BACKUPS = Party("backups", "Backups", Side.OUTSIDE, "encrypted files, wherever they are copied")

_RECORDS = "calls, messages, audit; numbers, names and words are sealed"


def parties_and_flows(practice: Practice, devices: tuple[Device, ...]) -> tuple[tuple[Party, ...], tuple[Flow, ...]]:
    """Everybody who takes part, and every flow."""
    parties = [ASTERISK, CONTROLLER, RECOGNISER, FILES, _database(practice), STAFF, BACKUPS]
    flows = [*_inside(practice), *_phones(devices)]
    if devices:
        parties.append(PHONES)
    if practice.settings.trunk:
        parties.append(CARRIER)
        flows += _carrier(practice, practice.settings.trunk)
    for party, flow in (*_notices(practice), *_texts(practice), *_programs(practice), *_calendars(practice)):
        if party is not None and party not in parties:
            parties.append(party)
        flows.append(flow)
    return tuple(parties), tuple(flows)


def side_of(host: str) -> Side:
    """Where a host is, as far as its address tells; a name counts as outside, because it may lead there."""
    try:
        address = ip_address(host)
    except ValueError:
        return Side.MACHINE if host == "localhost" else Side.OUTSIDE
    if address.is_loopback:
        return Side.MACHINE
    return Side.PREMISES if address.is_private else Side.OUTSIDE


def _database(practice: Practice) -> Party:
    host = urlsplit(practice.settings.database_url or "").hostname
    if host is None or host.startswith("/"):
        return DATABASE
    return Party(DATABASE.key, f"{DATABASE.name} at {host}", side_of(host), DATABASE.about)


def _inside(practice: Practice) -> Iterator[Flow]:
    database = _database(practice)
    leaves = database.side is Side.OUTSIDE
    yield _local(ASTERISK, CONTROLLER, "questions of the dialplan, events (FastAGI, AMI)", "loopback TCP")
    yield _local(ASTERISK, FILES, "recordings and facts of calls, for seconds (spool)", "files")
    yield _local(CONTROLLER, FILES, "sealed audio, and state", "files")
    yield _local(CONTROLLER, RECOGNISER, "audio, and its words back", "pipes")
    if database.side is Side.MACHINE:
        yield _local(CONTROLLER, DATABASE, _RECORDS, "unix socket or loopback")
    else:
        secure = "sslmode=verify" in (practice.settings.database_url or "")
        how = "PostgreSQL over TLS" if secure else "PostgreSQL; TLS is not demanded (sslmode=verify-full)"
        yield Flow(CONTROLLER.key, DATABASE.key, _RECORDS, how, secure, True, leaves)
    yield _local(STAFF, CONTROLLER, "commands", "unix socket, this account alone")
    yield Flow(FILES.key, BACKUPS.key, "everything, when `backup` is run", "a file, age (X25519)", True, True, True)


def _local(source: Party, target: Party, what: str, how: str) -> Flow:
    return Flow(source.key, target.key, what, how, False, True, False)


def _phones(devices: tuple[Device, ...]) -> Iterator[Flow]:
    for transport, voice in sorted({(device.transport, device.voice) for device in devices}):
        encrypted = transport in ("tls", "wss") and voice != "plain"
        how = f"SIP over {transport.upper()}, voice {voice}"
        yield Flow(PHONES.key, ASTERISK.key, "calls, voice, codes, messages by phone", how, encrypted, True, False)


def _carrier(practice: Practice, trunk: Trunk) -> Iterator[Flow]:
    secure = trunk.encrypted and trunk.srtp
    voice = "SRTP" if trunk.srtp else "plain"
    how = f"SIP over {trunk.transport.upper()}, voice {voice}, {trunk.host}:{trunk.port}"
    yield Flow(CARRIER.key, ASTERISK.key, "patients' calls: numbers and voice", how, secure, True, True)
    if practice.policy.outside_numbers:
        what = "calls to the practice's own cells; they show the practice's number"
        yield Flow(ASTERISK.key, CARRIER.key, what, how, secure, True, True)
    if practice.policy.calls_out:
        what = "calls of the practice's people to patients, and 911"
        yield Flow(ASTERISK.key, CARRIER.key, what, how, secure, True, True)


def _texts(practice: Practice) -> Iterator[tuple[Party | None, Flow]]:
    """Texts with patients: they are plain from the carrier on, whatever leads there."""
    settings, what = practice.settings, "texts with patients: numbers and words"
    if settings.texts and settings.texts.kind == "trunk" and settings.trunk:
        how = f"SIP MESSAGE over {settings.trunk.transport.upper()}, {settings.trunk.host}"
        yield None, Flow(ASTERISK.key, CARRIER.key, what, how, settings.trunk.encrypted, True, True)
    elif settings.texts:
        host = urlsplit(settings.texts.api or "").hostname or settings.texts.kind
        party = Party("texts", f"Text carrier {host}", Side.OUTSIDE, "SMS to patients, and from them")
        yield party, Flow(CONTROLLER.key, party.key, what, "HTTPS", True, True, True)
    if settings.texts_web:
        party = Party("internet", "The internet", Side.OUTSIDE, "the text carrier's requests, patients with a link")
        what = "texts that come in, and a page that a code opens"
        how = f"HTTPS to your own proxy, from there to port {settings.texts_web.port}"
        yield party, Flow(party.key, CONTROLLER.key, what, how, True, True, True)


def _notices(practice: Practice) -> Iterator[tuple[Party | None, Flow]]:
    for key, sender in practice.settings.senders.items():
        trusted = isinstance(practice.policy.channels[key], TrustedChannel)
        what = "notices, with what patients said" if trusted else "notices, with nothing of a patient"
        match sender:
            case MailServer(host=host, port=port):
                party = Party(f"notify-{key}", f"Mail server {host}", side_of(host), f"channel {key}")
                how, secure = f"SMTP with TLS, port {port}", True
            case Hook(url=url):
                host = urlsplit(url).hostname or ""
                party = Party(f"notify-{key}", f"Program at {host}", side_of(host), f"channel {key}")
                how, secure = "HTTPS, signed", url.startswith("https:")
            case _:
                how = "SIP MESSAGE to the practice's own phones"
                secure = all(
                    practice.settings.phone_security.transport(phone.name) is Transport.TLS
                    for phone in practice.policy.phones
                )
                yield None, Flow(ASTERISK.key, PHONES.key, f"{what} (channel {key})", how, secure, trusted, False)
                continue
        yield party, Flow(CONTROLLER.key, party.key, what, how, secure, trusted, party.side is Side.OUTSIDE)


def _programs(practice: Practice) -> Iterator[tuple[Party | None, Flow]]:
    """Programs that ask with a token, and those that are told of events."""
    web = practice.settings.web
    party = Party("programs", "Programs with a token", side_of(web.host), "the interface for programs")
    what = "what their tokens allow: calls, messages, texts"
    how = f"HTTP, port {web.port}; beyond this machine through a proxy of yours with TLS"
    yield party, Flow(party.key, CONTROLLER.key, what, how, False, True, party.side is Side.OUTSIDE)
    for key, one in practice.settings.webhooks.items():
        host, trusted = urlsplit(one.hook.url).hostname or "", one.subscription.trusted
        party = Party(f"webhook-{key}", f"Program at {host}", side_of(host), f"webhook {key}")
        what = "events, with what patients said" if trusted else "events, with nothing of a patient"
        secure, leaves = one.hook.url.startswith("https:"), party.side is Side.OUTSIDE
        yield party, Flow(CONTROLLER.key, party.key, what, "HTTPS, signed", secure, trusted, leaves)


def _calendars(practice: Practice) -> Iterator[tuple[Party, Flow]]:
    for source in practice.calendars:
        if source.address is None:
            continue
        host = urlsplit(source.address).hostname or ""
        party = Party(f"calendar-{host}", f"Calendars at {host}", side_of(host), "hours of schedules")
        what = f"hours of {source.schedule}; nothing is sent there"
        yield party, Flow(party.key, CONTROLLER.key, what, "HTTPS", True, False, False)
