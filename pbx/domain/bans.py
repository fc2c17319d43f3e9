"""Who guessed too often, and how long nobody is let in from there: pure, with the time given."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

FAILURES = 5
WITHIN = timedelta(minutes=10)
FIRST = timedelta(minutes=1)
LONGEST = timedelta(days=1)
"""A ban lasts a minute the first time, which a phone with a mistyped password survives, and doubles each time."""

FORGOTTEN_AFTER = timedelta(days=2)
MOST = 2000
"""Addresses that are remembered: whoever has more gets the oldest forgotten, not our memory."""

_V6_HOME = 64  # one line has as many addresses of these as it likes


@dataclass(slots=True)
class Guesser:
    """What is known of one address (of IPv6: one network of 64 bits)."""

    failures: deque[datetime] = field(default_factory=lambda: deque(maxlen=FAILURES))
    bans: int = 0
    until: datetime | None = None
    last: datetime | None = None

    def is_banned(self, at: datetime) -> bool:
        """No ban has much longer to go than it was to last: then the clock was set back, and nobody waits for that.

        A time server's small corrections lift none.
        """
        return self.until is not None and timedelta() < self.until - at <= _length(self.bans) + WITHIN


class BanList:
    """Addresses from which secrets were guessed."""

    def __init__(self) -> None:
        self._known: dict[str, Guesser] = {}

    def failed(self, address: str, at: datetime) -> datetime | None:
        """Somebody at `address` failed to prove a secret. The end of the ban that this brings, if it does."""
        place = place_of(address)
        one = self._known.pop(place, None) or Guesser()
        self._known[place] = one  # the newest last
        if len(self._known) > MOST:
            self._known.pop(next(iter(self._known)))
        one.last = at
        one.failures.append(at)
        if one.is_banned(at) or len(one.failures) < FAILURES or at - one.failures[0] > WITHIN:
            return None
        one.bans += 1
        one.until = at + _length(one.bans)
        one.failures.clear()
        return one.until

    def lift(self, address: str) -> bool:
        """Let everybody in from `address` again, and forget what happened. False if nothing was known."""
        return self._known.pop(place_of(address), None) is not None

    def in_force(self, at: datetime) -> dict[str, datetime]:
        """Which places are banned at `at`, and until when."""
        return {place: one.until for place, one in self._known.items() if one.until and one.is_banned(at)}

    def forget(self, at: datetime) -> None:
        """Drop what is long over."""
        old = [p for p, one in self._known.items() if not one.is_banned(at) and _quiet_since(one, at) > FORGOTTEN_AFTER]
        for place in old:
            del self._known[place]

    def to_json(self) -> dict[str, Any]:
        """Of those who were banned once; counts of single mistakes do not outlive the server."""
        return {
            place: {"bans": one.bans, "until": one.until.isoformat()} for place, one in self._known.items() if one.until
        }

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> BanList:
        """What `to_json` gave. Raises ValueError, KeyError or TypeError for anything else."""
        found = BanList()
        for place, one in kept.items():
            until = datetime.fromisoformat(one["until"])
            if until.tzinfo is None:
                raise ValueError("a time without its zone")
            found._known[str(ip_network(place))] = Guesser(bans=int(one["bans"]), until=until, last=until)
        return found


def _length(bans: int) -> timedelta:
    """How long the ban with that number lasts; the first is 1."""
    return min(FIRST * 2.0 ** min(max(bans - 1, 0), 20), LONGEST)


def place_of(address: str) -> str:
    """The network that stands for one guesser. Raises ValueError for what is no address."""
    found = ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    found = mapped or found
    return str(ip_network(f"{found}/{_V6_HOME if isinstance(found, IPv6Address) else 32}", strict=False))


def _quiet_since(one: Guesser, at: datetime) -> timedelta:
    return at - max(one.last or at, one.until or one.last or at)
