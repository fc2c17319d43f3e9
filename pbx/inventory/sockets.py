"""What listens: what should, by the files in force, and what does, by the system."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil

from pbx.asterisk.conf import Section, read_conf
from pbx.asterisk.layout import Layout
from pbx.asterisk.ports import LOOPBACK
from pbx.asterisk.running import find_running
from pbx.config.settings import Settings

_ANY = {"0.0.0.0", "::", ""}


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that is meant to be there: TCP or UDP ports `first` to `last` at `address`; `what` it is for, and `who`
    is to reach it. Of `most` sockets there may be no more in that range (None: as many as it has ports).
    """

    protocol: str
    address: str
    first: int
    last: int
    what: str
    who: str
    encrypted: bool
    most: int | None = None

    @property
    def beyond(self) -> bool:
        """Whether other machines can reach it."""
        return self.address in _ANY or not ip_address(self.address).is_loopback

    def covers(self, other: Seen) -> bool:
        same = self.address in _ANY or self.address == other.address
        return self.protocol == other.protocol and same and self.first <= other.port <= self.last


@dataclass(frozen=True, slots=True)
class Seen:
    """A socket that is there, and the program that holds it."""

    protocol: str
    address: str
    port: int
    program: str
    pid: int

    @property
    def beyond(self) -> bool:
        return self.address in _ANY or not ip_address(self.address).is_loopback


def wanted(settings: Settings, layout: Layout) -> list[Listener]:
    """What should listen while the server runs. Before its first start only what the practice's file names is known."""
    found = list(_sip(settings, read_conf(layout.etc / "pjsip.conf")))
    network, web = settings.network, settings.web
    rtp = ("udp", network.bind, network.rtp_first, network.rtp_last, "voice (RTP), while calls last", "carrier, phones")
    found.append(Listener(*rtp, encrypted=False))
    found.append(Listener("tcp", web.host, web.port, web.port, "health, metrics, interface", "monitoring", False))
    if texts := settings.texts_web:
        what = "texts: the carrier's requests, and the page behind a link"
        found.append(Listener("tcp", texts.host, texts.port, texts.port, what, "your TLS proxy", False))
    # PJSIP asks name servers from two sockets of its own, one a family of addresses, whatever there is to ask
    # (Asterisk, res/res_pjsip/config_system.c, system_create_resolver_and_set_nameservers).
    what = "answers to Asterisk's name look-ups (DNS)"
    found.append(Listener("udp", "0.0.0.0", *_own_ports(), what, "name servers", False, 2))
    with suppress(OSError, ValueError, KeyError):
        ports = json.loads(layout.ports.read_text(encoding="utf-8"))
        for name, what in (("ami", "Asterisk's manager (AMI)"), ("agi", "questions of the dialplan (FastAGI)")):
            port = int(ports[name])
            found.append(Listener("tcp", LOOPBACK, port, port, what, "this machine", False))
    return found


def _sip(settings: Settings, sections: Iterable[Section]) -> Iterable[Listener]:
    transports = [section.values for section in sections if section.type == "transport"]
    if not transports:
        network = settings.network
        plain = [{"protocol": p, "bind": f"{network.bind}:{network.port}"} for p in ("udp", "tcp")]
        transports = [
            {"protocol": "tls", "bind": f"{network.bind}:{network.tls_port}"},
            *(plain if network.plain else ()),
        ]
    for values in transports:
        address, _, port = values["bind"].rpartition(":")
        protocol, address = values["protocol"], address.strip("[]")
        kind = "udp" if protocol == "udp" else "tcp"
        what = f"SIP over {protocol.upper()}"
        yield Listener(kind, address, int(port), int(port), what, "carrier, phones", protocol in ("tls", "wss"))


def unexpected(listeners: Iterable[Listener], seen: Iterable[Seen]) -> list[Seen]:
    """What is there and not among what is meant to be there."""
    left = {listener: listener.most for listener in listeners}
    return [one for one in seen if not _allowed(left, one)]


def _allowed(left: dict[Listener, int | None], one: Seen) -> bool:
    for listener, most in sorted(left.items(), key=lambda entry: entry[1] is not None):
        if listener.covers(one) and most != 0:
            left[listener] = None if most is None else most - 1
            return True
    return False


def _own_ports() -> tuple[int, int]:
    """The ports that the system gives to whoever asks for none (ip(7), ip_local_port_range)."""
    with suppress(OSError, ValueError):
        first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
        return int(first), int(last)
    return 32768, 60999


def open_sockets(layout: Layout) -> list[Seen]:
    """The sockets of the server on this data folder that can be reached by an address, with those of its Asterisk."""
    found = {
        Seen(_protocol(one.type), one.laddr.ip, one.laddr.port, process.name(), process.pid)
        for process in processes(layout)
        for one in _connections(process)
        if one.status == psutil.CONN_LISTEN or (one.type == socket.SOCK_DGRAM and not one.raddr)
    }
    return sorted(found, key=lambda seen: (seen.protocol, seen.port, seen.address))


def holder_of(listener: Listener) -> str:
    """Which program holds the port of `listener`; empty where nobody does or where the system does not tell."""
    with suppress(psutil.Error):
        for one in psutil.net_connections("inet"):
            seen = Seen(_protocol(one.type), one.laddr.ip, one.laddr.port, "", 0) if one.laddr else None
            if seen and one.pid and listener.covers(seen) and not one.raddr:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    return ""


def processes(layout: Layout) -> list[psutil.Process]:
    """The server's processes: itself, what it started, and its Asterisk, which outlives it."""
    roots = [pid for pid in (_pid(layout.lock), _asterisk(layout), _pid(layout.postgres / "postmaster.pid")) if pid]
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                found[one.pid] = one
    return list(found.values())


def _pid(file: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError, psutil.Error):
        pid = int(file.read_text(encoding="utf-8").split()[0])
        # A pid alone proves nothing: after a restart it may be anybody's.
        words = " ".join(psutil.Process(pid).cmdline())
        return pid if "secondline" in words or "pbx.cli" in words or "postgres" in words else None
    return None


def _asterisk(layout: Layout) -> int | None:
    running = find_running(layout)
    return running.pid if running else None


def _connections(process: psutil.Process) -> list[psutil._ntuples.pconn]:
    with suppress(psutil.Error):
        return list(process.net_connections("inet"))
    return []


def _protocol(kind: int) -> str:
    return "udp" if kind == socket.SOCK_DGRAM else "tcp"
