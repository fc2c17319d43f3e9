"""What texts need of a carrier: to take them, and to tell what came and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pbx.domain.texting import Arrived, State


class PostFate(StrEnum):
    """What became of handing a text to a carrier.

    UNSURE: it went out, and no answer said whether it was taken. Whoever sends it again may send it twice.
    """

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Posted:
    """A fate, `why` in one sentence without patient data, and what the carrier calls the text.

    `opted_out`: the carrier refuses because the patient told it STOP.
    """

    fate: PostFate
    why: str = ""
    ref: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text for the carrier. `report_to` is where it may tell what became of it (None: nowhere)."""

    id: UUID
    line: str
    patient: str = field(repr=False)
    body: str = field(repr=False)
    report_to: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier says became of a text: of the one that it calls `ref`, or that we named `id`."""

    ref: str
    state: State
    id: UUID | None = None
    why: str = ""
    opted_out: bool = False


Heard = Arrived | Report


@dataclass(frozen=True, slots=True)
class Request:
    """What came to one of our addresses. `url` is the address as the carrier has it; header names in small letters."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime


class Forged(Exception):
    """A request that its carrier did not sign, or that is too old; nothing of it is believed."""


class Senseless(Exception):
    """A request that is signed and says nothing that is known here."""


class Carrier(Protocol):
    """A way to patients' phones."""

    @property
    def name(self) -> str: ...

    @property
    def thanks(self) -> str:
        """What it wants to read where its request was understood: XML, or nothing."""

    async def send(self, text: Outgoing) -> Posted:
        """Hand one text over, once, for a bounded time. Raises nothing that is known to happen."""

    def hears(self, request: Request, about: UUID | None = None) -> Sequence[Heard]:
        """What a request tells; `about` is the text in whose own address it came. Raises Forged or Senseless."""
