"""From where phones are registered, and whether that is new: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 20
"""Places of one phone: a cell's goes around, and comes back to most of them."""

LONGEST_AGENT = 80


@dataclass(frozen=True, slots=True)
class Registration:
    """A phone as it is registered: from which address, by which program, and whether over TLS."""

    phone: str
    address: str
    agent: str
    secure: bool

    @property
    def place(self) -> tuple[str, str]:
        return self.address, self.agent


@dataclass(frozen=True, slots=True)
class Moved:
    """A phone that was known came from a new address, or with another program. `before` is where it was last."""

    now: Registration
    before: tuple[str, str]


@dataclass(slots=True)
class RegistrationBook:
    """The places of each phone, the last one last."""

    places: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def seen(self, found: Iterable[Registration]) -> list[Moved]:
        """Take what is registered now; those that came from somewhere new. A phone's first place is not news."""
        return [moved for one in found if (moved := self._take(one))]

    def _take(self, one: Registration) -> Moved | None:
        places = self.places.setdefault(one.phone, [])
        if places and places[-1] == one.place:
            return None
        before = places[-1] if places else None
        known = one.place in places
        if known:
            places.remove(one.place)
        places.append(one.place)
        del places[:-REMEMBERED]
        return Moved(one, before) if before and not known else None

    def to_json(self) -> dict[str, Any]:
        return {phone: [list(place) for place in places] for phone, places in self.places.items()}

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> RegistrationBook:
        """What `to_json` gave. Raises ValueError or TypeError for anything else."""
        return RegistrationBook(
            {str(phone): [(str(address), str(agent)) for address, agent in places] for phone, places in kept.items()}
        )


def plain_agent(text: str) -> str:
    """A phone's own words about itself, as they may be printed and kept."""
    return "".join(c if c.isprintable() else "?" for c in text)[:LONGEST_AGENT]
