"""The loopback ports between Asterisk and the controller: chosen once, kept, chosen anew when somebody took them."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import asdict, dataclass

from pbx.asterisk.layout import Layout
from pbx.asterisk.state import write_private

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on 127.0.0.1: `ami` is opened by Asterisk, `agi` (FastAGI) by the controller."""

    ami: int
    agi: int

    @staticmethod
    def load_or_choose(layout: Layout, asterisk_runs: bool = False) -> Ports:
        """The ports of the last run where they are still free, else new ones.

        `asterisk_runs`: this data folder's Asterisk is running and holds the AMI port itself.
        """
        kept = _read(layout)
        ami = kept.ami if kept and (asterisk_runs or is_free(kept.ami)) else free_port()
        agi = kept.agi if kept and is_free(kept.agi) else free_port()
        chosen = Ports(ami, agi)
        write_private(layout.ports, json.dumps(asdict(chosen)) + "\n")
        return chosen


def is_free(port: int, address: str = LOOPBACK, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether `port` can be listened on at `address` now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # Connections that are over but not forgotten (TIME_WAIT) are no obstacle to a server.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_port(address: str = LOOPBACK, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that is free at `address`."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def free_for_both(address: str = LOOPBACK) -> int:
    """A port that is free at `address` for UDP and for TCP, as SIP takes both."""
    while not is_free(port := free_port(address, socket.SOCK_DGRAM), address):
        pass
    return port


def _read(layout: Layout) -> Ports | None:
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(layout.ports.read_text(encoding="utf-8"))
        return Ports(int(kept["ami"]), int(kept["agi"]))
    return None
