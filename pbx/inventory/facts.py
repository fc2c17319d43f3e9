"""What there is, as values. Nothing here holds a secret or anything of a patient: names, ids and places alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pbx.inventory.sockets import Listener


class Side(StrEnum):
    """Where a party of a flow is."""

    MACHINE = "this machine"
    PREMISES = "the practice's network"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who sends or receives: `key` is unique, `about` says what it is."""

    key: str
    name: str
    side: Side
    about: str = ""


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that is kept: where, what it holds, whether that may be about patients, and how it is protected."""

    name: str
    place: str
    holds: str
    about_patients: bool
    protection: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key or secret by its id: what it is for and where it lies, never what it is."""

    name: str
    id: str
    place: str
    use: str


@dataclass(frozen=True, slots=True)
class Device:
    """A SIP account of the practice."""

    name: str
    person: str
    transport: str
    voice: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes from one party (its key) to another. `leaves` tells that it goes to somebody outside."""

    source: str
    target: str
    what: str
    how: str
    encrypted: bool
    about_patients: bool
    leaves: bool


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it. `versions` by the part's name."""

    made_at: str
    practice: str
    versions: dict[str, str]
    sockets: tuple[Listener, ...]
    assets: tuple[Asset, ...]
    keys: tuple[Key, ...]
    devices: tuple[Device, ...]
    parties: tuple[Party, ...]
    flows: tuple[Flow, ...]

    def to_json(self) -> dict[str, Any]:
        sockets = [asdict(one) | {"beyond_this_machine": one.beyond} for one in self.sockets]
        return asdict(self) | {"sockets": sockets}
