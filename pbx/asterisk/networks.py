"""The practice's own networks, from which nobody is ever banned."""

from __future__ import annotations

import ipaddress
import socket

import psutil

from pbx.config.settings import Network, Trunk


def own_networks(network: Network, trunk: Trunk | None) -> tuple[str, ...]:
    """Those in the file, the private ones of this machine's interfaces, the public address, and the carrier's.

    A server that listens on loopback has none but those of the file: everybody comes from there.
    """
    found = [*network.local_networks, *(trunk.addresses if trunk else ())]
    if network.public_address:
        found.append(network.public_address)
    if not ipaddress.ip_address(network.bind).is_loopback:
        found += ["127.0.0.0/8", "::1/128", *_of_interfaces()]
    return tuple(one for one in found if _is_network(one))


def _of_interfaces() -> list[str]:
    found = []
    for addresses in psutil.net_if_addrs().values():
        for one in addresses:
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.netmask:
                interface = ipaddress.ip_interface(f"{one.address.partition('%')[0]}/{_length(one.netmask)}")
                if interface.is_private and not interface.is_loopback:
                    found.append(str(interface.network))
    return found


def _length(netmask: str) -> int:
    return int(ipaddress.ip_address(netmask)).bit_count()


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
