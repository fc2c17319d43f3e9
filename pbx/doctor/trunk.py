"""The carrier's line: its name, whether it answers, whether we are registered there."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from ipaddress import ip_address

from pbx.asterisk.console import Console
from pbx.config.settings import Transport, Trunk
from pbx.doctor.finding import Finding, ok, problem, warning
from pbx.doctor.place import Place

SUBJECT = "trunk"
ANSWER_SECONDS = 3.0
_STATE = re.compile(r"\b(Registered|Unregistered|Rejected|Stopped)\b")
_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ")


async def look(place: Place) -> list[Finding]:
    trunk = place.practice.settings.trunk if place.practice else None
    if trunk is None:
        detail, remedy = "no line", "Add [trunk] with your carrier: without it no call comes from outside."
        return [warning(SUBJECT, "carrier", detail, remedy)] if place.practice else []
    address = await asyncio.to_thread(resolve, trunk.host, trunk.port)
    found = [judge_name(trunk.host, address)]
    if trunk.register:
        found.append(judge_registration(await _registration(place)))
    if address:
        found.append(judge_answer(await asyncio.to_thread(ask_options, trunk, address)))
    return found


def judge_name(host: str, address: str | None) -> Finding:
    if address is None:
        return problem(SUBJECT, "name", f"{host} is not known", "Check the name in [trunk], and this machine's DNS.")
    return ok(SUBJECT, "name", host if host == address else f"{host} is {address}")


def judge_registration(state: str | None) -> Finding:
    """`state` as Asterisk has it; None where Asterisk does not run."""
    if state is None:
        return ok(SUBJECT, "registration", "not known: Asterisk does not run")
    if state != "Registered":
        remedy = "Check username and password_file in [trunk] with the carrier; Asterisk's log says more."
        return problem(SUBJECT, "registration", state.lower(), remedy)
    return ok(SUBJECT, "registration", "registered")


def judge_answer(seconds: float | None) -> Finding:
    """`seconds` until an answer to OPTIONS; None: none came. Many carriers answer only to whom they know."""
    if seconds is None:
        remedy = "Call one of your numbers; if nothing comes, check the firewall and ask the carrier."
        return warning(SUBJECT, "answer", "none to OPTIONS", remedy)
    return ok(SUBJECT, "answer", f"{seconds * 1000:.0f} ms")


def resolve(host: str, port: int) -> str | None:
    """The first address of `host`. IPv4 first, as Asterisk's transport has it."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return None
    return str(sorted(found, key=lambda one: one[0] != socket.AF_INET)[0][4][0])


def ask_options(trunk: Trunk, address: str, within: float = ANSWER_SECONDS) -> float | None:
    """Ask the carrier's host whether it is there (OPTIONS, RFC 3261 section 11); seconds until any answer.

    Over TLS only the connection is tried: what is behind it is Asterisk's to prove.
    """
    began = time.monotonic()
    kind = socket.SOCK_DGRAM if trunk.transport is Transport.UDP else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, kind) as line:
            line.settimeout(within)
            line.connect((address, trunk.port))
            if trunk.transport in (Transport.UDP, Transport.TCP):
                line.send(_options(trunk, line.getsockname()))
                if not _STATUS.match(line.recv(4096)):
                    return None
    except OSError:
        return None
    return time.monotonic() - began


def _options(trunk: Trunk, own: tuple[str, int]) -> bytes:
    branch, here = f"z9hG4bK{secrets.token_hex(8)}", f"{own[0]}:{own[1]}"
    lines = (
        f"OPTIONS sip:{trunk.host}:{trunk.port} SIP/2.0",
        f"Via: SIP/2.0/{trunk.transport.upper()} {here};rport;branch={branch}",
        "Max-Forwards: 70",
        f"From: <sip:doctor@{own[0]}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{trunk.host}:{trunk.port}>",
        f"Call-ID: {secrets.token_hex(8)}@{own[0]}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:doctor@{here}>",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _registration(place: Place) -> str | None:
    if place.asterisk is None or not place.layout.control_socket.exists():
        return None
    said = await Console(place.asterisk, place.layout).run("pjsip show registrations")
    found = _STATE.search(said or "")
    return found[1] if found else ("Unregistered" if said else None)
