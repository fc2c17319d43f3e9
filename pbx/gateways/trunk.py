"""Texts over the carrier's SIP line itself, as MESSAGE (RFC 3428), for carriers that take them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pbx.ami.errors import ActionRefused, AmiError
from pbx.services.text_carriers import Heard, Outgoing, Posted, PostFate, Request, Senseless


class TrunkTexts(Protocol):
    """What is needed of Asterisk (`pbx.ami.texts`)."""

    @property
    def ready(self) -> bool: ...

    async def send_out(self, line: str, patient: str, body: str) -> None:
        """Send a text to a patient over the carrier's line. Raises AmiError."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """Texts that patients send come through the spool, and nobody tells what became of ours."""

    asterisk: TrunkTexts
    name: str = "trunk"
    thanks: str = ""

    async def send(self, text: Outgoing) -> Posted:
        """Have Asterisk send it; it does not tell whether the carrier took it."""
        if not self.asterisk.ready:
            return Posted(PostFate.TEMPORARY, "The telephone system cannot be asked now.")
        try:
            await self.asterisk.send_out(text.line, text.patient, text.body)
        except ActionRefused:
            return Posted(PostFate.TEMPORARY, "The telephone system could not send it.")
        except AmiError:
            return Posted(PostFate.UNSURE, "The telephone system did not say whether it sent the text.")
        return Posted(PostFate.SENT)

    def hears(self, request: Request, about: UUID | None = None) -> Sequence[Heard]:
        """This carrier asks no web address."""
        raise Senseless
