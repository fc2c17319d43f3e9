"""Whether the SIP port is free, and who has it if not: Asterisk would start without it and say little."""

from __future__ import annotations

import contextlib
import socket

import psutil

from pbx.asterisk.ports import is_free
from pbx.config.settings import Network

_KINDS = {"UDP": socket.SOCK_DGRAM, "TCP": socket.SOCK_STREAM}


def whose_sip_port(network: Network) -> str | None:
    """A sentence that says who has the SIP port and what to do, or None when it is free."""
    for protocol, kind in _KINDS.items():
        if not is_free(network.port, network.bind, kind):
            return (
                f"SIP port {network.port} ({protocol}) at {network.bind} is taken{_by(network.port, kind)}: "
                "stop that program, or choose another port in [network] of the practice's file."
            )
    return None


def _by(port: int, kind: socket.SocketKind) -> str:
    # Another user's processes may be hidden from us; then the sentence does without.
    with contextlib.suppress(psutil.Error):
        for found in psutil.net_connections("inet"):
            if found.laddr and found.laddr.port == port and found.type == kind and found.pid:
                return f" by {psutil.Process(found.pid).name()} (process {found.pid})"
    return ""
