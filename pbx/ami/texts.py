"""Send texts to the practice's own phones, over the manager link."""

from __future__ import annotations

import asyncio
import re
import time

from pbx.ami.client import AmiClient

_NAME = re.compile(r"[a-z0-9-]{1,120}")
_FROM = '"Secondline" <sip:secondline@127.0.0.1>'

QUALIFY_SECONDS = 3.3
"""A phone has `qualify_timeout` (pjsip.conf), 3 s, to answer."""

_LOOK_SECONDS = 0.3


class AmiTexts:
    """Texts to phones, by the name of their endpoint."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    async def is_there(self, phone: str) -> bool:
        """Whether a phone answers right now.

        One that lost its power stays registered for minutes, so Asterisk is made to ask it, and has to believe in it
        for as long as the phone may take to answer. Raises AmiError.
        """
        if not await self._registered(phone):
            return False
        await self._ami.action("PJSIPQualify", Endpoint=_named(phone))
        deadline = time.monotonic() + QUALIFY_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            if not await self._registered(phone):
                return False
        return True

    async def send(self, phone: str, text: str) -> None:
        """Send a text of one line. Raises AmiError; nobody tells whether it arrived."""
        await self._ami.action("MessageSend", Destination=f"pjsip:{_named(phone)}", From=_FROM, Body=text)

    async def _registered(self, phone: str) -> bool:
        return (await self._ami.registered_phones([phone]))[phone]


def _named(phone: str) -> str:
    if not _NAME.fullmatch(phone):
        raise ValueError("a phone has a name that Asterisk cannot take")
    return phone
