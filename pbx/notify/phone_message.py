"""Texts on the practice's own phones, as SIP MESSAGE. One for a phone that is off is kept until it is on again."""

from __future__ import annotations

from typing import Protocol

from pbx.ami.errors import AmiError
from pbx.services.ports import Fate, Parcel, Verdict

LONGEST_BYTES = 900
"""Asterisk's manager takes lines of so many bytes; a phone's screen shows less."""


class Phones(Protocol):
    """What is needed of Asterisk (`pbx.ami.texts`)."""

    async def is_there(self, phone: str) -> bool:
        """Whether a phone answers right now. Raises AmiError."""

    async def send(self, phone: str, text: str) -> None:
        """Send a text. Raises AmiError."""


class PhoneMessage:
    """Sends a parcel to the phone (endpoint name) in its `to`."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones

    async def send(self, parcel: Parcel) -> Verdict:
        """Send one text. Asterisk never says whether a text arrived, so the phone is asked first whether it is on."""
        try:
            if not await self._phones.is_there(parcel.to):
                return Verdict(Fate.HELD, "The phone is off; the text is kept for it.")
            await self._phones.send(parcel.to, _in_one_line(parcel.text))
        except AmiError:
            return Verdict(Fate.HELD, "Asterisk cannot be asked now; the text is kept.")
        return Verdict(Fate.SENT)


class PhoneMessageAtOnce:
    """The same for what cannot wait: sent first, and then looked whether the phone was there. It may come twice."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones

    async def send(self, parcel: Parcel) -> Verdict:
        """Send one text; held, and so sent again, where the phone did not answer afterwards."""
        try:
            await self._phones.send(parcel.to, _in_one_line(parcel.text))
            if await self._phones.is_there(parcel.to):
                return Verdict(Fate.SENT)
        except AmiError:
            return Verdict(Fate.HELD, "Asterisk cannot be asked now; the text is kept.")
        return Verdict(Fate.HELD, "The phone is off; the text is kept for it.")


def _in_one_line(text: str) -> str:
    line = " ".join(text.split())
    return line.encode()[:LONGEST_BYTES].decode(errors="ignore")
