"""The ports: free or ours, and nothing beyond this machine that is not meant to be."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence

from pbx.asterisk.ports import is_free
from pbx.doctor.finding import Finding, ok, problem
from pbx.doctor.place import Place
from pbx.inventory.sockets import Listener, Seen, holder_of, open_sockets, unexpected, wanted

SUBJECT = "ports"


async def look(place: Place) -> list[Finding]:
    if place.practice is None:
        return []
    listeners = wanted(place.practice.settings, place.layout)
    seen = open_sockets(place.layout)
    single = [one for one in listeners if one.first == one.last]
    return [*(_judge(one, seen) for one in single), judge_beyond(listeners, seen)]


def judge_port(listener: Listener, ours: bool, free: bool, holder: str) -> Finding:
    name = f"{listener.first} ({listener.protocol}) {listener.what}"
    if ours:
        return ok(SUBJECT, name, "ours")
    if free:
        return ok(SUBJECT, name, "free")
    who = holder or "another program"
    remedy = "Stop that program, or choose another port in the practice's file."
    return problem(SUBJECT, name, f"held by {who}", remedy)


def judge_beyond(listeners: Iterable[Listener], seen: Sequence[Seen]) -> Finding:
    """What the server's own processes open to other machines has to be among what is meant to be open."""
    if odd := unexpected(listeners, [one for one in seen if one.beyond]):
        text = ", ".join(f"{one.program} {one.protocol} {one.address}:{one.port}" for one in odd)
        remedy = "Close them in your firewall and report them: nothing of Secondline should listen there."
        return problem(SUBJECT, "beyond this machine", text, remedy)
    count = sum(one.beyond for one in seen)
    return ok(SUBJECT, "beyond this machine", f"{count} sockets, all meant to be there" if count else "nothing")


def _judge(listener: Listener, seen: Sequence[Seen]) -> Finding:
    ours = any(listener.covers(one) for one in seen)
    kind = socket.SOCK_DGRAM if listener.protocol == "udp" else socket.SOCK_STREAM
    free = ours or is_free(listener.first, listener.address, kind)
    return judge_port(listener, ours, free, "" if free else holder_of(listener))
