"""Whether the SIP port is free, and who has it if not: Asterisk would start without it and say little."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import psutil

from pbx.asterisk.ports import is_free
from pbx.config.settings import Network


def whose_sip_port(network: Network) -> str | None:
    """A sentence that says who has one of the SIP ports and what to do, or None when they are free."""
    for protocol, port, kind in _ports(network):
        if not is_free(port, network.bind, kind):
            return (
                f"SIP port {port} ({protocol}) at {network.bind} is taken{_by(port, kind)}: "
                "stop that program, or choose another port in [server] of the practice's file."
            )
    return None


def are_all_taken(network: Network) -> bool:
    """Whether somebody listens at every one of the SIP ports."""
    return not any(is_free(port, network.bind, kind) for _, port, kind in _ports(network))


def _ports(network: Network) -> Iterator[tuple[str, int, socket.SocketKind]]:
    if network.plain:
        yield "UDP", network.port, socket.SOCK_DGRAM
        yield "TCP", network.port, socket.SOCK_STREAM
    yield "TLS", network.tls_port, socket.SOCK_STREAM


def _by(port: int, kind: socket.SocketKind) -> str:
    # Another user's processes may be hidden from us; then the sentence does without.
    with contextlib.suppress(psutil.Error):
        for found in psutil.net_connections("inet"):
            if found.laddr and found.laddr.port == port and found.type == kind and found.pid:
                return f" by {psutil.Process(found.pid).name()} (process {found.pid})"
    return ""
